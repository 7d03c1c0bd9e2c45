package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"xinyi/store"
	"xinyi/store/sqlite"
)

// crashFile tells the test binary, started again, to write to this file until it is killed.
const crashFile = "XINYI_TEST_CRASH_FILE"

// counters are documents that a goroutine each counts in; owner is indexed so that a save touches an index too.
var counters = store.Collection{Name: "counters", Indexes: []store.Index{{Paths: []string{"owner", "count"}}}}

func counter(id string, version int64) bson.Raw {
	raw, err := bson.Marshal(bson.D{{Key: "_id", Value: id}, {Key: "version", Value: version}, {Key: "owner", Value: "o"},
		{Key: "count", Value: version}, {Key: "pad", Value: strings.Repeat("信", 200)}})
	if err != nil {
		panic(err)
	}
	return raw
}

// TestCrashWriter is the process that is killed: 32 goroutines save, and each save is printed once it is acknowledged.
func TestCrashWriter(t *testing.T) {
	path := os.Getenv(crashFile)
	if path == "" {
		t.Skip("only as the process that TestKill kills")
	}
	e := openAt(t, path)
	if err := e.Ensure(t.Context(), counters); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for g := range 32 {
		wg.Go(func() {
			id := fmt.Sprintf("c%02d", g)
			for version := int64(1); ; version++ {
				if err := saveCounter(t.Context(), e, id, version); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				_, _ = fmt.Fprintf(os.Stdout, "ack %s %d\n", id, version)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func saveCounter(ctx context.Context, e *sqlite.Engine, id string, version int64) error {
	if version == 1 {
		return e.Insert(ctx, counters, counter(id, 1))
	}
	saved, err := e.Replace(ctx, counters, id, version-1, counter(id, version))
	if err == nil && !saved {
		return fmt.Errorf("%s: version %d was lost", id, version-1)
	}
	return err
}

// TestKill kills a writing process without warning: what it acknowledged is there, and the file is whole.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "xinyi.db")
	acked := writeAndKill(t, path)
	if len(acked) < 32 {
		t.Fatalf("only %d documents were acknowledged before the kill", len(acked))
	}
	checkIntegrity(t, path)
	e := openAt(t, path)
	if err := e.Ensure(t.Context(), counters); err != nil {
		t.Fatal(err)
	}
	for id, version := range acked {
		raw, err := e.Get(t.Context(), counters, id)
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		if got := raw.Lookup("version").Int64(); got < version || got > version+1 {
			t.Errorf("%s has version %d, acknowledged was %d", id, got, version)
		}
		if raw.Lookup("count").Int64() != raw.Lookup("version").Int64() {
			t.Errorf("%s is half written: %s", id, raw)
		}
	}
}

// writeAndKill answers the last acknowledged version of each document.
func writeAndKill(t *testing.T, path string) map[string]int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestCrashWriter$")
	cmd.Env = append(os.Environ(), crashFile+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acked, lines := map[string]int64{}, 0
	for scan := bufio.NewScanner(out); scan.Scan(); {
		var id string
		var version int64
		if n, err := fmt.Sscanf(scan.Text(), "ack %s %d", &id, &version); err != nil || n != 2 {
			continue
		}
		acked[id] = max(acked[id], version)
		if lines++; lines == 3000 {
			if err := cmd.Process.Kill(); err != nil { // SIGKILL; what is still in the pipe was acknowledged too
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the writer ended by itself")
	}
	if lines < 3000 {
		t.Fatalf("the writer ended after %d saves", lines)
	}
	return acked
}

func checkIntegrity(t *testing.T, path string) {
	t.Helper()
	c, err := zombiezen.OpenConn(path, zombiezen.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	found := ""
	err = sqlitex.ExecuteTransient(c, "PRAGMA integrity_check", &sqlitex.ExecOptions{ResultFunc: func(s *zombiezen.Stmt) error {
		found += s.ColumnText(0)
		return nil
	}})
	if err != nil || found != "ok" {
		t.Errorf("integrity_check: %s, %v", found, err)
	}
}
