package xinyi

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// heavy is what Firebase's other products bring. Each entry is a prefix of a module's path.
var heavy = []string{"cloud.google.com/", "google.golang.org/grpc", "go.opentelemetry.io/", "github.com/envoyproxy/", "github.com/cncf/",
	"github.com/GoogleCloudPlatform/", "github.com/google/s2a-go"}

// firebase is all that may be imported of Firebase and of the module that third_party/google-api stands in for.
var firebase = map[string]bool{"firebase.google.com/go/v4/messaging": true, "google.golang.org/api/option": true}

// TestFirebaseComesAlone keeps Firebase's other products out of the download and the program: go.mod names every module that
// the build or a test needs (docs/decisions/0040-firebase-without-its-other-products.md).
func TestFirebaseComesAlone(t *testing.T) {
	raw, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		for _, h := range heavy {
			if strings.HasPrefix(r.Mod.Path, h) {
				t.Errorf("go.mod needs %s; `go mod why -m %s` says for what", r.Mod.Path, r.Mod.Path)
			}
		}
	}
	for _, s := range sources(t) {
		for _, spec := range s.file.Imports {
			name := strings.Trim(spec.Path.Value, `"`)
			if (strings.HasPrefix(name, "firebase.google.com/") || strings.HasPrefix(name, "google.golang.org/api/")) && !firebase[name] {
				t.Errorf("%s imports %s; only %v are open", s.path, name, firebase)
			}
		}
	}
}
