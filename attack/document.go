package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// An operation is one row of the OpenAPI document.
type operation struct {
	method, path string
	roles        []string // nil: everybody
	inside       bool     // of the operators' listener
	schema       m        // of its body; nil for none
	limited      bool     // a list with a bound
}

func (o operation) String() string { return o.method + " " + o.path }

// A document is what a server says of itself.
type document struct {
	operations []operation
	schemas    m
}

// read asks a server for its document.
func (s *program) read(ctx context.Context) (document, error) {
	doc, err := call{base: s.url, method: http.MethodGet, path: "/openapi.json"}.must(ctx)
	if err != nil {
		return document{}, err
	}
	paths := as[m](doc["paths"])
	components := as[m](doc["components"])
	d := document{}
	d.schemas = as[m](components["schemas"])
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		methods := as[m](paths[path])
		for _, method := range slices.Sorted(maps.Keys(methods)) {
			op := as[m](methods[method])
			o := operation{method: strings.ToUpper(method), path: path, inside: op["servers"] != nil}
			for _, r := range list(op["x-roles"]) {
				o.roles = append(o.roles, fmt.Sprint(r))
			}
			o.schema = as[m](dig(op, "requestBody", "content", "application/json", "schema"))
			for _, p := range list(op["parameters"]) {
				o.limited = o.limited || dig(p, "name") == "limit"
			}
			d.operations = append(d.operations, o)
		}
	}
	if len(d.operations) < 300 {
		return d, fmt.Errorf("only %d operations", len(d.operations))
	}
	return d, nil
}

// as is v as a T; the zero one when it is none.
func as[T any](v any) T {
	t, ok := v.(T)
	if !ok {
		var none T
		return none
	}
	return t
}

// list is v as a list; nil when it is none.
func list(v any) []any { return as[[]any](v) }

// dig goes down the names of objects.
func dig(v any, names ...string) any {
	for _, n := range names {
		o, ok := v.(m)
		if !ok {
			return nil
		}
		v = o[n]
	}
	return v
}

// resolved is a schema with its $ref followed and its first alternative taken.
func (d document) resolved(v any) m {
	for range 16 {
		s, ok := v.(m)
		if !ok {
			return nil
		}
		if ref, ok := s["$ref"].(string); ok {
			v = d.schemas[ref[strings.LastIndexByte(ref, '/')+1:]]
			continue
		}
		for _, of := range []string{"anyOf", "oneOf", "allOf"} {
			if l := list(s[of]); len(l) > 0 {
				v = l[0]
			}
		}
		if inner, ok := v.(m); ok && fmt.Sprint(inner) == fmt.Sprint(s) {
			return s
		}
	}
	return nil
}

// kind is what a schema is of: object, array, string, integer, number, boolean.
func kind(s m) string {
	for _, k := range append(list(s["type"]), s["type"]) {
		if k, ok := k.(string); ok && k != "null" {
			return k
		}
	}
	if s["properties"] != nil {
		return "object"
	}
	return ""
}

// body is a plausible value of a schema. each is handed every leaf with its name and may change it.
func (d document) body(schema any, name string, depth int, each func(name string, schema m, v any) any) any {
	s := d.resolved(schema)
	if s == nil || depth > 8 {
		return nil
	}
	switch kind(s) {
	case "object":
		out := m{}
		properties := as[m](s["properties"])
		for _, n := range slices.Sorted(maps.Keys(properties)) {
			out[n] = d.body(properties[n], n, depth+1, each)
		}
		return out
	case "array":
		n := as[float64](s["minItems"])
		items := []any{}
		for range max(1, int(n)) {
			items = append(items, d.body(s["items"], name, depth+1, each))
		}
		return items
	}
	return each(name, s, leaf(s))
}

// leaf is a plausible value of a schema without parts.
func leaf(s m) any {
	if l := list(s["enum"]); len(l) > 0 {
		return l[0]
	}
	least := as[float64](s["minimum"])
	switch kind(s) {
	case "integer", "number":
		return max(least, 1)
	case "boolean":
		return true
	}
	switch s["format"] {
	case "date":
		return "2026-12-01"
	case "date-time":
		return "2026-12-01T08:00:00Z"
	}
	n := as[float64](s["minLength"])
	return strings.Repeat("a", max(1, int(n)))
}

var holes = regexp.MustCompile(`\{([a-zA-Z]+)\}`)

// A pool is the ids that a server's own lists have shown: by the path they stand below and the name they go by there, with whom each was
// shown to.
type pool map[string]map[string]map[string]bool

// add looks for ids in what a list answered to somebody.
func (p pool) add(path, who string, v any) {
	switch x := v.(type) {
	case []any:
		for _, item := range x {
			p.add(path, who, item)
		}
	case m:
		for name, value := range x {
			if id, ok := value.(string); ok && id != "" && len(id) <= 64 && !strings.ContainsAny(id, " /?#%") {
				key := path + "/{" + name + "}"
				p.note(key, id, who)
				p.note("/{"+name+"}", id, who)
			} else if name == "items" || !ok {
				p.add(path, who, value)
			}
		}
	}
}

func (p pool) note(key, id, who string) {
	if p[key] == nil {
		p[key] = map[string]map[string]bool{}
	}
	if p[key][id] == nil {
		p[key][id] = map[string]bool{}
	}
	p[key][id][who] = true
}

// knows says whether an id was shown to somebody in any list.
func (p pool) knows(who, path, id string) bool { return p["/"+holes.FindString(path)][id][who] }

// near are the ids that may stand in the first hole of a path: those of the list above it, else of any list of the same noun.
func (p pool) near(path string) map[string]map[string]bool {
	end := strings.IndexByte(path, '}') + 1
	if end == 0 {
		return nil
	}
	if ids := p[path[:end]]; len(ids) > 0 {
		return ids
	}
	noun := path[:end]
	noun = noun[strings.LastIndexByte(noun[:strings.IndexByte(noun, '{')-1], '/'):]
	for _, key := range slices.Sorted(maps.Keys(p)) {
		if strings.HasSuffix(key, noun) {
			return p[key]
		}
	}
	return nil
}

// filled is a path with id in its first hole and something in the others.
func filled(path, id string, lot *rand.Rand) string {
	first := true
	return holes.ReplaceAllStringFunc(path, func(string) string {
		if first {
			first = false
			return id
		}
		return fmt.Sprint(1 + lot.IntN(3))
	})
}

// missing is an id of the same shape that nothing has.
func missing(id string) string {
	b := []byte(id)
	for i := max(0, len(b)-6); i < len(b); i++ {
		switch c := b[i]; {
		case c >= '0' && c <= '9':
			b[i] = '0' + (c-'0'+7)%10
		case c >= 'a' && c <= 'z':
			b[i] = 'a' + (c-'a'+11)%26
		case c >= 'A' && c <= 'Z':
			b[i] = 'A' + (c-'A'+11)%26
		}
	}
	return string(b)
}
