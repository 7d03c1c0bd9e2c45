// Package form reads a JSON Schema as a form: columns with labels in both languages, kinds and units, cells of spreadsheets read
// into values, and values checked with a pointer to each fault. Whoever uses it adds hints of its own to a property and reads
// them with Column.Hints.
package form

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"xinyi/models"
)

// The kinds of columns (x-kind).
const (
	Text  = "text"
	Whole = "whole" // a whole number, x-unit says of what; money is fen
	Yes   = "yes"
	Day   = "day"  // kept as 2006-01-02
	Wan   = "wan"  // written in 万元, kept as whole fen
	Yuan  = "yuan" // written in 元, kept as whole fen
)

// types are what JSON Schema calls the kinds.
var types = map[string]string{Text: "string", Day: "string", Whole: "integer", Wan: "integer", Yuan: "integer", Yes: "boolean"}

// TypeOf is what JSON Schema calls a kind, "" for none.
func TypeOf(kind string) string { return types[kind] }

// MaxText bounds a text whose schema names no bound, in runes.
const MaxText = 2000

// Err is what is wrong with a schema that makes no form.
var Err = errors.New("the schema makes no form")

// A Choice is one value of a dictionary and what it means.
type Choice struct {
	Value string
	Label models.Words
}

// A Column is one field of a form.
type Column struct {
	Key      string
	Title    models.Words // title and x-title-en
	Kind     string       // x-kind
	Unit     string       // x-unit: "mu", "fen", "year" …, "" none
	Required bool
	Private  bool     // x-private: kept as a secret
	Choices  []Choice // enum and x-labels; a value without a label is its own
	Max      int      // runes of a text
	Note     string   // description
	Widget   string   // x-widget, how an app best asks: "text", "number", "money", "switch", "date", "choice", "phone"
	Order    int      // x-order

	schema *jsonschema.Schema
	source json.RawMessage
}

// A Form is a schema made ready. It is safe for concurrent use.
type Form struct {
	Columns []Column // in the order of a file

	whole *jsonschema.Schema
	keys  map[string]int // by key
	heads map[string]int // by Chinese title
}

// property is what the schema says of a column.
type property struct {
	Type        string                  `json:"type"`
	Title       string                  `json:"title"`
	TitleEN     string                  `json:"x-title-en"`
	Description string                  `json:"description"`
	Kind        string                  `json:"x-kind"`
	Unit        string                  `json:"x-unit"`
	Order       int                     `json:"x-order"`
	Private     bool                    `json:"x-private"`
	Widget      string                  `json:"x-widget"`
	Enum        []string                `json:"enum"`
	Labels      map[string]models.Words `json:"x-labels"`
	MaxLength   int                     `json:"maxLength"`
}

// nowhere loads nothing: a schema stands by itself.
type nowhere struct{}

func (nowhere) Load(url string) (any, error) { return nil, fmt.Errorf("%s is not loaded", url) }

// Parse makes a schema ready, within its bounds. Errors: Err, a Fault where it is known what is wrong; what the syntax is.
func Parse(schema string) (*Form, error) {
	f := &Form{keys: map[string]int{}, heads: map[string]int{}}
	doc, err := bounded(schema)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(nowhere{})
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("urn:form", doc); err != nil {
		return nil, err
	}
	if f.whole, err = c.Compile("urn:form"); err != nil {
		return nil, err
	}
	var d struct {
		Type       string                     `json:"type"`
		Additional *bool                      `json:"additionalProperties"`
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
	}
	if err := json.NewDecoder(bytes.NewBufferString(schema)).Decode(&d); err != nil {
		return nil, err
	}
	if d.Type != "object" || d.Additional == nil || *d.Additional || len(d.Properties) == 0 {
		return nil, fmt.Errorf("%w: it is no closed object", Err)
	}
	for key, source := range d.Properties {
		col, err := columnOf(key, source, slices.Contains(d.Required, key))
		if err == nil {
			col.schema, err = c.Compile("urn:form#/properties/" + key)
		}
		if err != nil {
			return nil, err
		}
		f.Columns = append(f.Columns, col)
	}
	return f, f.order()
}

// order puts the columns into the order of a file and finds them by name.
func (f *Form) order() error {
	slices.SortFunc(f.Columns, func(a, b Column) int { return cmp.Or(cmp.Compare(a.Order, b.Order), strings.Compare(a.Key, b.Key)) })
	for i, c := range f.Columns {
		if _, twice := f.heads[c.Title.ZH]; twice {
			return fmt.Errorf("%w: two columns are %q", Err, c.Title.ZH)
		}
		f.keys[c.Key], f.heads[c.Title.ZH] = i, i
	}
	return nil
}

func columnOf(key string, source json.RawMessage, required bool) (Column, error) {
	var p property
	if err := json.Unmarshal(source, &p); err != nil {
		return Column{}, err
	}
	c := Column{
		Key: key, Title: models.Words{ZH: p.Title, EN: p.TitleEN}, Kind: p.Kind, Unit: p.Unit, Required: required, Private: p.Private,
		Max: p.MaxLength, Note: p.Description, Widget: p.Widget, Order: p.Order, source: source,
	}
	switch want := types[p.Kind]; {
	case !Plain(key) || want == "" || p.Type != want:
		return c, fmt.Errorf("%w: the type of %q and its x-kind do not go together", Err, key)
	case len(c.Title.Check("", models.MaxTitle)) > 0:
		return c, fmt.Errorf("%w: %q lacks a title in both languages", Err, key)
	case p.Private && p.Kind != Text:
		return c, fmt.Errorf("%w: %q is private and no plain text", Err, key)
	}
	if c.Max == 0 {
		c.Max = MaxText
	}
	for _, v := range p.Enum {
		label, ok := p.Labels[v]
		if !ok {
			label = models.Words{ZH: v, EN: v}
		}
		if len(label.Check("", models.MaxTitle)) > 0 {
			return c, fmt.Errorf("%w: value %q of %q lacks a label in both languages", Err, v, key)
		}
		c.Choices = append(c.Choices, Choice{v, label})
	}
	if c.Widget == "" {
		c.Widget = c.widget()
	}
	return c, nil
}

// widget is how an app best asks for a column that does not say.
func (c *Column) widget() string {
	switch {
	case len(c.Choices) > 0:
		return "choice"
	case c.Unit == "fen":
		return "money"
	}
	return map[string]string{Text: "text", Day: "date", Whole: "number", Wan: "money", Yuan: "money", Yes: "switch"}[c.Kind]
}

// Hints reads what else the schema says of the column.
func (c *Column) Hints(into any) error { return json.Unmarshal(c.source, into) }

// Label is what a value means, the value itself where there is no dictionary.
func (c *Column) Label(value string) models.Words {
	for _, x := range c.Choices {
		if x.Value == value {
			return x.Label
		}
	}
	return models.Words{ZH: value, EN: value}
}

// At is where a key stands among the columns, -1 for nowhere.
func (f *Form) At(key string) int {
	if i, ok := f.keys[key]; ok {
		return i
	}
	return -1
}

// Find is the column that a sheet's heading names, by its title or its key; nil for none.
func (f *Form) Find(heading string) *Column {
	heading = Tidy(heading)
	if i := f.At(heading); i >= 0 {
		return &f.Columns[i]
	}
	heading = strings.TrimSuffix(strings.TrimSuffix(heading, "*"), "＊")
	if i, ok := f.heads[strings.TrimSpace(heading)]; ok {
		return &f.Columns[i]
	}
	return nil
}

// Plain says whether a key is letters, digits and _ after a letter: it names a path of a document too.
func Plain(key string) bool {
	for i, r := range key {
		letter := r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		if !letter && (i == 0 || r != '_' && (r < '0' || r > '9')) {
			return false
		}
	}
	return key != "" && len(key) <= 40
}
