// Package openapitest checks answers against the OpenAPI document. Only tests import it.
package openapitest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A Checker knows one document. It is safe for concurrent use.
type Checker struct {
	doc      map[string]any
	mu       sync.Mutex // the compiler is for one at a time
	compiler *jsonschema.Compiler
}

const address = "mem:///openapi.json"

// checkers holds the checker of each document of this process: reading one and compiling its schemas costs more than most tests.
var checkers sync.Map // sha256 → func() (*Checker, error)

// New reads an OpenAPI 3.1 document, once in a process. err is that of making the document, and is answered as it is.
func New(document []byte, err error) (*Checker, error) {
	if err != nil {
		return nil, err
	}
	made, _ := checkers.LoadOrStore(sha256.Sum256(document), sync.OnceValues(func() (*Checker, error) { return read(document) }))
	return made.(func() (*Checker, error))() //nolint:errcheck,forcetypeassert // nothing else is stored
}

func read(document []byte) (*Checker, error) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return nil, err
	}
	doc, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the document is %T", value)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	return &Checker{doc: doc, compiler: c}, c.AddResource(address, doc)
}

// Check says whether the document foresees this answer: path as it was asked, without the query.
func (c *Checker) Check(method, path string, status int, kind string, body []byte) error {
	pattern, ok := c.Route(method, path)
	if !ok {
		return fmt.Errorf("%s %s is not in the document", method, path)
	}
	at := []string{"paths", pattern, strings.ToLower(method), "responses", strconv.Itoa(status)}
	answer, ok := c.at(at...)
	if !ok && status >= 400 {
		at[len(at)-1] = "default"
		answer, ok = c.at(at...)
	}
	if !ok {
		return fmt.Errorf("%s %s does not foresee %d", method, pattern, status)
	}
	if shared, ok := answer["$ref"].(string); ok {
		at = strings.Split(strings.TrimPrefix(shared, "#/"), "/")
		if answer, ok = c.at(at...); !ok {
			return fmt.Errorf("%s %s: %d: the document has no %s", method, pattern, status, shared)
		}
	}
	if _, some := answer["content"]; !some {
		if len(body) > 0 {
			return fmt.Errorf("%s %s answered %d with a body: %s", method, pattern, status, body)
		}
		return nil
	}
	kind, _, _ = strings.Cut(kind, ";")
	if _, any := c.at(append(at, "content", "*/*")...); any { // a file
		return nil
	}
	at = append(at, "content", kind, "schema")
	if _, ok := c.at(at...); !ok {
		return fmt.Errorf("%s %s does not foresee %d as %q", method, pattern, status, kind)
	}
	for i, token := range at {
		at[i] = strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(token)
	}
	c.mu.Lock()
	schema, err := c.compiler.Compile(address + "#/" + strings.Join(at, "/"))
	c.mu.Unlock()
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("%s %s: %d: %w\n%s", method, pattern, status, err, body)
	}
	return nil
}

// Route finds the path of the document that an asked path fits; one without parameters wins.
func (c *Checker) Route(method, path string) (string, bool) {
	paths, ok := c.doc["paths"].(map[string]any)
	if !ok {
		return "", false
	}
	best, found := "", false
	for pattern := range paths {
		if _, ok := c.at("paths", pattern, strings.ToLower(method)); !ok || !fits(pattern, path) {
			continue
		}
		if !found || strings.Count(pattern, "{") < strings.Count(best, "{") {
			best, found = pattern, true
		}
	}
	return best, found
}

func fits(pattern, path string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		if !strings.HasPrefix(want[i], "{") && want[i] != have[i] {
			return false
		}
	}
	return true
}

func (c *Checker) at(tokens ...string) (map[string]any, bool) {
	now := c.doc
	for _, t := range tokens {
		next, ok := now[t].(map[string]any)
		if !ok {
			return nil, false
		}
		now = next
	}
	return now, true
}
