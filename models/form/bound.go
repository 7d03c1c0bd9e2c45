package form

import (
	"errors"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"xinyi/models"
)

// The bounds of a schema: what it may cost to keep, to read and to ask. Our assumption, about ten times the largest of the standard items.
const (
	maxBytes       = 64 << 10
	maxDepth       = 12     // of arrays and objects
	maxNodes       = 5_000  // values of any kind
	maxCombinators = 64     // schemas under anyOf, oneOf, allOf, not, if and the like
	maxEnum        = 500    // values of one dictionary
	maxPattern     = 200    // bytes of one regular expression
	maxProgram     = 400    // instructions it is compiled to: a{1000} are a thousand
	maxWork        = 10_000 // schemas, dictionary values and instructions asked in the worst case, with each $ref as often as it is followed
)

// A Fault is what puts a schema out of its bounds, and where. It is an Err.
type Fault struct{ models.Field }

func (f *Fault) Error() string { return f.Pointer + ": " + f.Code }

// Unwrap implements errors.Is.
func (f *Fault) Unwrap() error { return Err }

// Fields says what is wrong with a schema that stands at a pointer.
func Fields(at string, err error) []models.Field {
	var f *Fault
	if errors.As(err, &f) {
		return []models.Field{{Pointer: at + f.Pointer, Code: f.Code, Args: f.Args}}
	}
	return []models.Field{{Pointer: at, Code: "schema"}}
}

// combinators are the keywords that ask further schemas of the same value.
var combinators = map[string]bool{
	"allOf": true, "anyOf": true, "oneOf": true, "not": true, "if": true, "then": true, "else": true,
	"dependentSchemas": true, "dependencies": true,
}

// each are the keywords that ask their schema of every member of a value.
var each = map[string]bool{
	"patternProperties": true, "additionalProperties": true, "unevaluatedProperties": true, "propertyNames": true,
	"items": true, "additionalItems": true, "prefixItems": true, "contains": true, "unevaluatedItems": true,
}

// elsewhere are the keywords that give a schema another name or another meaning: what they lead to could not be counted.
var elsewhere = []string{"$id", "id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$vocabulary"}

// bounded reads a schema within its bounds. Errors: a Fault; what the syntax is.
func bounded(schema string) (any, error) {
	if len(schema) > maxBytes {
		return nil, fault("", "schema_bytes", maxBytes)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		return nil, err
	}
	b := &bounds{doc: doc, known: map[string]int{}, members: 1}
	if err := b.shape(doc, "", 1); err != nil {
		return nil, err
	}
	if root, ok := doc.(map[string]any); ok {
		if columns, ok := root["properties"].(map[string]any); ok {
			b.members = max(1, len(columns))
		}
	}
	work, err := b.work("")
	if err == nil && work > maxWork {
		err = fault("", "schema_work", maxWork)
	}
	return doc, err
}

// bounds is one look at a schema.
type bounds struct {
	doc               any
	nodes, combinated int
	members           int            // of the values the schema is about
	known             map[string]int // work by pointer; -1 while it is being found out
}

func fault(at, code string, most int) error {
	return &Fault{models.Field{Pointer: at, Code: code, Args: map[string]string{"param": strconv.Itoa(most)}}}
}

// shape bounds what is written, whether or not it is ever asked.
func (b *bounds) shape(v any, at string, depth int) error {
	if b.nodes++; b.nodes > maxNodes {
		return fault("", "schema_nodes", maxNodes)
	}
	if depth > maxDepth {
		return fault(at, "schema_depth", maxDepth)
	}
	switch v := v.(type) {
	case []any:
		for i, x := range v {
			if err := b.shape(x, at+"/"+strconv.Itoa(i), depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		for key, x := range v {
			below := at + Pointer(key)
			if err := b.keyword(key, x, below); err != nil {
				return err
			}
			if err := b.shape(x, below, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// keyword bounds what one keyword says. What is no keyword but has the name of one is bounded as well.
func (b *bounds) keyword(key string, v any, at string) error {
	text, isText := v.(string)
	list, isList := v.([]any)
	under, isMap := v.(map[string]any)
	switch {
	case key == "enum" && len(list) > maxEnum:
		return fault(at, "schema_enum", maxEnum)
	case key == "pattern" && isText:
		return pattern(text, at)
	case key == "patternProperties" && isMap:
		for p := range under {
			if err := pattern(p, at+Pointer(p)); err != nil {
				return err
			}
		}
	case combinators[key]:
		n := 1
		if isList {
			n = len(list)
		} else if strings.HasPrefix(key, "dependen") {
			n = len(under)
		}
		if b.combinated += n; b.combinated > maxCombinators {
			return fault(at, "schema_combinators", maxCombinators)
		}
	case isText:
		for _, name := range elsewhere {
			if key == name {
				return fault(at, "schema_elsewhere", 0)
			}
		}
	}
	return nil
}

// pattern bounds a regular expression of the kind that never looks back (RE2).
func pattern(text, at string) error {
	if len(text) > maxPattern {
		return fault(at, "schema_pattern_long", maxPattern)
	}
	re, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return fault(at, "schema_pattern", 0)
	}
	if instructions(re) > maxProgram {
		return fault(at, "schema_pattern_repeats", maxProgram)
	}
	return nil
}

// instructions is how long a regular expression becomes.
func instructions(re *syntax.Regexp) int {
	program, err := syntax.Compile(re.Simplify())
	if err != nil {
		return maxProgram + 1
	}
	return len(program.Inst)
}

// work is how much the schema at a pointer asks in the worst case, at most a little over maxWork: more is not counted.
func (b *bounds) work(at string) (int, error) {
	if n, known := b.known[at]; known {
		if n < 0 {
			return 0, fault(at, "schema_recursion", 0)
		}
		return n, nil
	}
	v, ok := b.find(at)
	if !ok {
		return 0, fault(at, "schema_ref", 0)
	}
	b.known[at] = -1
	n, err := b.sum(v, at)
	b.known[at] = n
	return n, err
}

// sum adds up what a value and all below it ask. What is only described (x-…) and what waits to be referred to asks nothing.
func (b *bounds) sum(v any, at string) (int, error) {
	total := 1
	add := func(n int, err error) error {
		total = min(total+n, maxWork+1)
		return err
	}
	switch v := v.(type) {
	case []any:
		for i := range v {
			if err := add(b.work(at + "/" + strconv.Itoa(i))); err != nil {
				return 0, err
			}
		}
	case map[string]any:
		for key, x := range v {
			if err := add(b.asked(key, x, at+Pointer(key))); err != nil {
				return 0, err
			}
		}
	}
	return total, nil
}

// asked is what one keyword asks.
func (b *bounds) asked(key string, v any, at string) (int, error) {
	text, isText := v.(string)
	switch {
	case strings.HasPrefix(key, "x-"):
		return 0, nil
	case key == "$ref" && isText:
		if text != "#" && !strings.HasPrefix(text, "#/") || strings.Contains(text, "%") { // an escaped one could be read in two ways
			return 0, fault(at, "schema_ref", 0)
		}
		return b.work(strings.TrimPrefix(text, "#"))
	case key == "pattern" && isText:
		re, err := syntax.Parse(text, syntax.Perl)
		if err != nil {
			return 0, fault(at, "schema_pattern", 0)
		}
		return instructions(re), nil
	}
	n, err := b.work(at)
	if each[key] {
		n *= b.members
	}
	return n, err
}

// find is the value at a pointer.
func (b *bounds) find(at string) (any, bool) {
	v := b.doc
	if at == "" {
		return v, true
	}
	for token := range strings.SplitSeq(at[1:], "/") {
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		switch x := v.(type) {
		case map[string]any:
			below, ok := x[token]
			if !ok {
				return nil, false
			}
			v = below
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(x) || strconv.Itoa(i) != token {
				return nil, false
			}
			v = x[i]
		default:
			return nil, false
		}
	}
	return v, true
}
