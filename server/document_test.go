package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheRealRoutesCanBeDescribed finds what only describing a route shows; a start does not describe them.
func TestTheRealRoutesCanBeDescribed(t *testing.T) {
	t.Parallel()
	a := begin(t)
	document, err := a.router.Document()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", len(document))
	if n := bytes.Count(document, []byte("application/problem+json")); n > 12 {
		t.Errorf("problems are written out %d times: they belong into the shared responses", n)
	}
}

// TestDocumentTextsAreOfMountedRoutes finds texts that no route has any more, routes that docs/routes does not know, and groups
// without a name.
func TestDocumentTextsAreOfMountedRoutes(t *testing.T) {
	t.Parallel()
	document, err := begin(t).router.Document()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Info struct {
			ZH struct{ Description string } `json:"x-zh"`
		}
		Paths map[string]map[string]struct {
			Summary string
			ZH      struct{ Summary string } `json:"x-zh"`
		}
		Tags []struct {
			Name string
			EN   string                   `json:"x-displayName"`
			ZH   struct{ Summary string } `json:"x-zh"`
		}
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Info.ZH.Description == "" {
		t.Error("the introduction is not there in Chinese")
	}
	for _, tag := range doc.Tags {
		if tag.EN == "" || tag.ZH.Summary == "" {
			t.Errorf("the group %q has no name in both languages", tag.Name)
		}
	}
	files, err := filepath.Glob("../handlers/api/docs/routes/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files of texts, %v", len(files), err)
	}
	for _, file := range files {
		var texts map[string]struct{ EN, ZH struct{ Summary string } }
		if err := json.Unmarshal([]byte(read(t, strings.TrimPrefix(file, "../"))), &texts); err != nil {
			t.Fatal(err)
		}
		for key, text := range texts {
			method, path, _ := strings.Cut(key, " ")
			op := doc.Paths["/v1"+path][strings.ToLower(method)]
			delete(doc.Paths["/v1"+path], strings.ToLower(method))
			if op.Summary == "" || op.Summary != text.EN.Summary || op.ZH.Summary != text.ZH.Summary {
				t.Errorf("%s: %q is said of it, the document has %q", file, key, op.Summary)
			}
		}
	}
	for path, others := range doc.Paths {
		for method := range others {
			t.Errorf("docs/routes does not say what %s %s does", method, path)
		}
	}
}

func TestCommandsThatServeNothingHaveNoRouter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg, err := ReadConfig([]string{"DATA_DIR=" + dir, "KEYS_PATH=" + filepath.Join(dir, "keys.json")})
	if err != nil {
		t.Fatal(err)
	}
	a, err := assemble(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer a.outside.close()
	if a.router != nil {
		t.Error("the router is made before anything is served")
	}
	if err := a.store.Engine.Close(); err != nil {
		t.Error(err)
	}
}

// TestEveryAmountThatIsAskedForHasABound walks what requests may name: an amount without a bound would add up to a negative one.
func TestEveryAmountThatIsAskedForHasABound(t *testing.T) {
	t.Parallel()
	document, err := begin(t).router.Document()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths      map[string]map[string]any
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		t.Fatal(err)
	}
	found, seen := 0, map[string]bool{}
	var walk func(at string, node any)
	walk = func(at string, node any) {
		switch node := node.(type) {
		case []any:
			for _, v := range node {
				walk(at, v)
			}
		case map[string]any:
			if ref, ok := node["$ref"].(string); ok {
				if name := ref[strings.LastIndexByte(ref, '/')+1:]; !seen[name] {
					seen[name] = true
					walk(at+" "+name, doc.Components.Schemas[name])
				}
				return
			}
			for name, v := range node {
				if p, ok := v.(map[string]any); ok && strings.HasSuffix(name, "Fen") {
					found++
					if most, ok := p["maximum"].(float64); !ok || most > 1e13 {
						t.Errorf("%s: %s has no bound: %v", at, name, p)
					}
				}
				walk(at, v)
			}
		}
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op, ok := op.(map[string]any); ok {
				walk(method+" "+path, op["requestBody"])
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d amounts were found", found)
	}
}
