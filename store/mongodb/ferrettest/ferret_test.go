// Package ferrettest runs the cases of the store over the real wire protocol, against FerretDB inside the test process. FerretDB
// is not MongoDB: its updates are not atomic, its explain knows no indexes and every access-up scans. What that excludes skips by name.
package ferrettest

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/FerretDB/FerretDB/ferretdb"

	"xinyi/models"
	"xinyi/store"
	"xinyi/store/mongodb"
	"xinyi/store/storetest"
)

// serve starts an empty server and answers its address.
func serve(t *testing.T) string {
	t.Helper()
	dir := url.URL{Scheme: "file", Opaque: t.TempDir() + "/"}
	f, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Logger:    slog.New(slog.DiscardHandler),
		Handler:   "sqlite",
		SQLiteURL: dir.String(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return f.MongoDBURI() + "xinyi?retryWrites=false"
}

func open(t *testing.T) *mongodb.Engine {
	t.Helper()
	e, err := mongodb.Open(t.Context(), serve(t), mongodb.SkipContest())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func TestEngine(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Engine { return open(t) },
		storetest.Options{NotAtomic: true, NoExplain: true, Slow: true})
}

// TestContest: FerretDB loses the contest, and Open refuses it with words that say so. A single contest may be won by luck.
func TestContest(t *testing.T) {
	e := open(t)
	for range 20 {
		err := e.Contest(t.Context())
		if err == nil {
			continue
		}
		if !errors.Is(err, mongodb.ErrNotAtomic) || !errors.Is(err, models.Unavailable) || !strings.Contains(err.Error(), "refuses to serve") {
			t.Fatalf("Contest = %v", err)
		}
		return
	}
	t.Error("a server whose updates are not atomic won 20 contests")
}
