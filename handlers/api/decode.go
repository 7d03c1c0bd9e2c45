package api

import (
	"encoding"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"

	"xinyi/models"
)

// maxDepth bounds how deep arrays and objects of a body nest.
const maxDepth = 32

// strict is how bodies are read: no unknown members; duplicate names and bytes that are no UTF-8 are refused anyway.
var strict = json.RejectUnknownMembers(true)

// A plan says how a request becomes a struct. It is made once for a route.
type plan struct {
	params  []param
	queries []string // names of the query parameters the route knows
	body    reflect.Type
	raw     []int // index of the field that takes the body as it came, nil for none
	json    bool  // there are json fields
	sift    sift  // what makes the texts fit, nil for none
}

// A param is one field that comes from the path, the query or a header.
type param struct {
	in, name string
	index    []int
	set      func(reflect.Value, string) error
	list     bool // all values of a query parameter
}

var errType = errors.New("wrong type")

// PlanFor reads the fields of t. Each has exactly one of the tags path, query, header, json, or is `body:"raw"` ([]byte).
func PlanFor(t reflect.Type, path []string) (plan, error) {
	var p plan
	if t.Kind() != reflect.Struct {
		return p, fmt.Errorf("the request %s is no struct", t)
	}
	shadow, err := p.walk(t, nil)
	if err != nil {
		return p, err
	}
	p.body = shadow
	var have []string
	for _, f := range p.params {
		if f.in == "path" {
			have = append(have, f.name)
		}
		if f.in == "query" {
			p.queries = append(p.queries, f.name)
		}
	}
	slices.Sort(have)
	want := slices.Sorted(slices.Values(path))
	if !slices.Equal(have, want) {
		return p, fmt.Errorf("the path names %v, the request %v", want, have)
	}
	p.sift = siftOf(t, texts{}, nil)
	return p, rulesOf(t)
}

// walk collects the parameters of t and answers t's shadow: the same fields in the same places, of which a body reaches
// only those with a json tag.
func (p *plan) walk(t reflect.Type, at []int) (reflect.Type, error) {
	fields := make([]reflect.StructField, t.NumField())
	for i := range fields {
		f := t.Field(i)
		if !f.IsExported() && !f.Anonymous {
			return nil, fmt.Errorf("%s.%s: a request has no unexported fields", t, f.Name)
		}
		index := append(slices.Clone(at), i)
		shadow := reflect.StructField{Name: "F" + strconv.Itoa(i), Type: f.Type, Tag: `json:"-"`}
		if name, ok := f.Tag.Lookup("json"); ok && name != "-" {
			p.json = true
			shadow.Tag = reflect.StructTag(`json:` + strconv.Quote(name))
		} else if f.Anonymous {
			inner, err := p.walk(f.Type, index)
			if err != nil {
				return nil, err
			}
			shadow.Type, shadow.Tag = inner, `json:",embed"`
		} else if err := p.param(t, f, index); err != nil {
			return nil, err
		}
		fields[i] = shadow
	}
	return reflect.StructOf(fields), nil
}

func (p *plan) param(t reflect.Type, f reflect.StructField, index []int) error {
	if f.Tag.Get("body") == "raw" && f.Type == reflect.TypeFor[[]byte]() {
		p.raw = index
		return nil
	}
	for _, in := range []string{"path", "query", "header"} {
		name := f.Tag.Get(in)
		if name == "" {
			continue
		}
		ft, list := f.Type, false
		if in == "query" && ft.Kind() == reflect.Slice {
			ft, list = ft.Elem(), true
		}
		set, err := setter(ft)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", t, f.Name, err)
		}
		p.params = append(p.params, param{in, name, index, set, list})
		return nil
	}
	return fmt.Errorf("%s.%s comes from nowhere: it needs path, query, header or json", t, f.Name)
}

// setter is how a parameter's text becomes a value of t.
func setter(t reflect.Type) (func(reflect.Value, string) error, error) {
	switch {
	case t.Kind() == reflect.Pointer:
		inner, err := setter(t.Elem())
		return func(v reflect.Value, s string) error {
			v.Set(reflect.New(t.Elem()))
			return inner(v.Elem(), s)
		}, err
	case t == reflect.TypeFor[time.Time]():
		return func(v reflect.Value, s string) error {
			at, err := time.Parse(time.RFC3339, s)
			v.Set(reflect.ValueOf(at.UTC()))
			return err
		}, nil
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return func(v reflect.Value, s string) error {
			u, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
			if !ok {
				return errType
			}
			return u.UnmarshalText([]byte(s))
		}, nil
	}
	switch t.Kind() {
	case reflect.String:
		return func(v reflect.Value, s string) error { v.SetString(s); return nil }, nil
	case reflect.Bool:
		return func(v reflect.Value, s string) error {
			if s != "true" && s != "false" {
				return errType
			}
			v.SetBool(s == "true")
			return nil
		}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(v reflect.Value, s string) error {
			n, err := strconv.ParseInt(s, 10, t.Bits())
			v.SetInt(n)
			return err
		}, nil
	}
	return nil, fmt.Errorf("a parameter cannot be %s", t)
}

// Fill decodes what was asked into v and validates it. Errors: Invalid, with a pointer to every fault.
func (p *plan) Fill(v reflect.Value, a *asked) error {
	var faults []models.Field
	if err := p.fillBody(v, a); err != nil {
		return err
	}
	queries, err := p.query(a)
	if err != nil {
		return err
	}
	for _, f := range p.params {
		if f.in == "query" && len(queries[f.name]) == 0 {
			continue
		}
		if err := f.fill(v.FieldByIndex(f.index), a.c, queries); err != nil {
			faults = append(faults, models.Field{Pointer: "#" + f.in + "/" + f.name, Code: "wrong_type"})
		}
	}
	if faults == nil && p.sift != nil {
		p.sift(&a.sifting, v, "")
		faults = a.faults
	}
	if faults != nil {
		return &models.Error{Code: models.Invalid, Reason: "request.invalid", Fields: faults}
	}
	if a.advice != nil {
		a.c.Set(adviceKey, "illness; fields="+strings.Join(a.advice[:min(len(a.advice), 8)], ","))
	}
	return validated(v)
}

func (f *param) fill(v reflect.Value, c *fiber.Ctx, queries url.Values) error {
	switch f.in {
	case "path":
		s, err := url.PathUnescape(c.Params(f.name))
		if err != nil {
			return err
		}
		return f.set(v, strings.Clone(s))
	case "header":
		if s := c.Get(f.name); s != "" {
			return f.set(v, strings.Clone(s))
		}
		return nil
	}
	values := queries[f.name]
	if !f.list {
		if len(values) > 1 {
			return errType
		}
		return f.set(v, values[0])
	}
	list := reflect.MakeSlice(v.Type(), 0, len(values))
	for _, value := range values {
		for s := range strings.SplitSeq(value, ",") {
			item := reflect.New(v.Type().Elem()).Elem()
			if err := f.set(item, s); err != nil {
				return err
			}
			list = reflect.Append(list, item)
		}
	}
	v.Set(list)
	return nil
}

// query reads the query string and refuses names the route does not know.
func (p *plan) query(a *asked) (url.Values, error) {
	raw := a.c.Context().QueryArgs().QueryString()
	if len(raw) == 0 {
		return nil, nil
	}
	values, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, models.Bad("#query", "syntax", "request.invalid")
	}
	var faults []models.Field
	for name := range values {
		if !slices.Contains(p.queries, name) {
			faults = append(faults, models.Field{Pointer: "#query/" + escape(name), Code: "unknown_field"})
		}
	}
	if faults != nil {
		slices.SortFunc(faults, func(a, b models.Field) int { return strings.Compare(a.Pointer, b.Pointer) })
		return nil, &models.Error{Code: models.Invalid, Reason: "request.invalid", Fields: faults}
	}
	return values, nil
}

// fillBody reads the body into the json fields of v.
func (p *plan) fillBody(v reflect.Value, a *asked) error {
	if p.raw != nil {
		v.FieldByIndex(p.raw).SetBytes(slices.Clone(a.body))
		return nil
	}
	if len(a.body) == 0 {
		if p.json {
			return models.Bad("", "required", "request.no_body")
		}
		return nil
	}
	if kind, _, _ := strings.Cut(a.c.Get(fiber.HeaderContentType), ";"); kind != "" && !jsonKind(kind) ||
		a.c.Get(fiber.HeaderContentEncoding) != "" {
		return fiber.ErrUnsupportedMediaType
	}
	if depth(a.body) > maxDepth {
		return models.Bad("", "too_deep", "request.unreadable")
	}
	// The shadow lays its fields out exactly as v's type does: planFor made it so.
	shadow := reflect.NewAt(p.body, unsafe.Pointer(v.Addr().Pointer())) //nolint:gosec // same layout, see above
	if err := json.Unmarshal(a.body, shadow.Interface(), strict); err != nil {
		return unreadable(err)
	}
	return nil
}

// depth is how deep arrays and objects nest in a body, whether or not it is well-formed.
func depth(body []byte) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch b := body[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			now++
			deepest = max(deepest, now)
		case b == '}' || b == ']':
			now--
		}
	}
	return deepest
}

func jsonKind(kind string) bool {
	kind = strings.ToLower(strings.TrimSpace(kind))
	return kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")
}

// unreadable is the problem of a body that does not fit: where, and what is wrong there.
func unreadable(err error) error {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		code := "syntax"
		if errors.Is(err, jsontext.ErrDuplicateName) {
			code = "duplicate_field"
		}
		return models.Bad(string(syntax.JSONPointer), code, "request.unreadable")
	}
	var meaning *json.SemanticError
	if errors.As(err, &meaning) {
		code := "wrong_type"
		switch {
		case errors.Is(meaning.Err, json.ErrUnknownName):
			code = "unknown_field"
		case errors.Is(meaning.Err, strconv.ErrRange):
			code = "range"
		}
		return models.Bad(string(meaning.JSONPointer), code, "request.invalid")
	}
	return models.Bad("", "syntax", "request.unreadable")
}

// escape writes a name as one token of a pointer (RFC 6901).
func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }
