package notifications_test

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/mod/modfile"
	"google.golang.org/api/option"
	"google.golang.org/api/transport"

	"xinyi/notifications"
)

// TestFCMSaysItsVersion compares what Firebase is told of the SDK with the version in go.mod.
func TestFCMSaysItsVersion(t *testing.T) {
	raw, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := "none"
	for _, r := range mod.Require {
		if r.Mod.Path == "firebase.google.com/go/v4" {
			want = "fire-admin-go/" + strings.TrimPrefix(r.Mod.Version, "v")
		}
	}
	var said atomic.Value
	f, _ := fcmLocal(t, notifications.FCMConfig{}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/messages:send") {
				said.Store(r.Header.Get("X-Firebase-Client"))
			}
			next.ServeHTTP(w, r)
		})
	})
	if _, err := f.Send(t.Context(), fcmParcel("ok#1")); err != nil {
		t.Fatal(err)
	}
	if got := said.Load(); got != want {
		t.Errorf("Firebase is told %v, go.mod says %s", got, want)
	}
}

// TestGoogleStandInRefuses asks the stand-in for what it does not do.
func TestGoogleStandInRefuses(t *testing.T) {
	for name, opts := range map[string][]option.ClientOption{
		"nothing":      nil,
		"address only": {option.WithEndpoint("https://fcm.example")},
		"no client":    {option.WithHTTPClient(nil)},
	} {
		c, _, err := transport.NewHTTPClient(t.Context(), opts...)
		if c != nil || !errors.Is(err, transport.ErrNoClient) || !strings.Contains(err.Error(), "third_party/google-api") {
			t.Errorf("%s: client %v, %v", name, c, err)
		}
	}
	own := &http.Client{}
	c, at, err := transport.NewHTTPClient(t.Context(), option.WithHTTPClient(own), option.WithEndpoint("https://fcm.example"))
	if c != own || at != "https://fcm.example" || err != nil {
		t.Errorf("client %v at %q, %v", c, at, err)
	}
}
