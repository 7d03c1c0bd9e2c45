package farmer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"xinyi/models"
	"xinyi/models/release"
)

// formPath is the way of a form into force.
var formPath = release.Path{release.Draft, release.InForce}

// A Form says what one section of a file holds, as a JSON Schema of the section, or of each of its rows. A published version
// never changes: files stay valid at theirs.
type Form struct {
	models.Meta     `bson:",inline"` // the id is FormID
	release.Release `bson:",inline"`

	Section string        `bson:"section"`
	Region  models.Region `bson:"region"` // where it holds; a narrower one goes before a wider
	No      int           `bson:"no"`
	Name    models.Words  `bson:"name"`
	Rows    int           `bson:"rows"`  // how many rows there may be, 0: the section is one
	Scope   string        `bson:"scope"` // the consent's word for the section
	Order   int           `bson:"order"`
	Schema  string        `bson:"schema"`
}

// Path is the way of a form into force.
func (f *Form) Path() release.Path { return formPath }

// FormID names a version of a section's form in a region.
func FormID(section string, r models.Region, no int) string {
	return section + "-" + string(r) + "-" + strconv.Itoa(no)
}

// A FormDraftOf is what a form is drafted from.
type FormDraftOf struct {
	Section string
	Region  models.Region
	Name    models.Words
	Rows    int
	Scope   string
	Order   int
	Schema  string
}

// Look says whether a name is of data that is never collected, or that needs the two consents.
type Look struct {
	Forbidden, Restricted func(name string) (word string, bad bool)
}

// NewForm drafts the next version. Errors: Invalid "farmer.form_invalid", a field for every fault.
func NewForm(no int, d FormDraftOf, look Look, by models.Actor, now time.Time) (*Form, error) {
	f := &Form{Section: d.Section, Region: d.Region, No: no, Name: d.Name, Rows: d.Rows, Scope: d.Scope, Order: d.Order, Schema: d.Schema}
	f.ID = FormID(d.Section, d.Region, no)
	release.Start(f, by, now)
	if !by.Region.Contains(d.Region) {
		return nil, models.E(models.Forbidden, "farmer.other_region")
	}
	faults := d.Name.Check("/title", models.MaxTitle)
	fault := func(bad bool, pointer, code string) {
		if bad {
			faults = append(faults, models.Field{Pointer: pointer, Code: code})
		}
	}
	fault(!plainKey(d.Section) || d.Region.Level() < models.Prefecture, "/section", "farmer_key")
	fault(d.Rows < 0 || d.Rows > maxRows, "/rows", "range")
	if len(faults) > 0 {
		return nil, &models.Error{Code: models.Invalid, Reason: "farmer.form_invalid", Fields: faults}
	}
	sheet, err := f.Read()
	if err != nil {
		return nil, err
	}
	if faults := sheet.scan(look); len(faults) > 0 {
		return nil, &models.Error{Code: models.Invalid, Reason: "farmer.form_invalid", Fields: faults}
	}
	return f, nil
}

// Publish puts the form in force. A second person does. Errors: as release.Approve; Forbidden "farmer.other_region".
func (f *Form) Publish(by models.Actor, now time.Time) error {
	if !by.Region.Contains(f.Region) {
		return models.E(models.Forbidden, "farmer.other_region")
	}
	return release.Approve(f, 0, by, now)
}

// Retire takes a form out of use; files keep it. Errors: Forbidden; InvalidTransition.
func (f *Form) Retire(by models.Actor, now time.Time) error {
	if !by.Region.Contains(f.Region) {
		return models.E(models.Forbidden, "farmer.other_region")
	}
	return release.Retire(f, "", by, now)
}

// The kinds of fields (x-kind).
const (
	KindText  = "text"
	KindWhole = "whole" // a whole number, x-unit says of what; money is fen
	KindYes   = "yes"
	KindDay   = "day"
)

// The bounds of forms.
const (
	maxRows   = 60
	maxFields = 60
	textMax   = 200
)

// A Column is one field of a section.
type Column struct {
	Key        string
	Title      models.Words
	Kind       string
	Unit       string // "mu", "fen", "year" …, "" none
	Required   bool
	Restricted bool // needs the two consents
	Personal   bool // a name, a number, an address: encrypted, masked for others
	Labels     map[string]models.Words
	Enum       []string
	Scope      string // the consent's word for it; "" is the section's
	Widget     string // how an app best asks: "text", "number", "money", "switch", "date", "choice", "phone"
	Order      int

	schema *jsonschema.Schema
}

// A Sheet is a form made ready.
type Sheet struct {
	Form    *Form
	Columns []Column
	whole   *jsonschema.Schema
	keys    map[string]int
}

type property struct {
	Type       string                  `json:"type"`
	Title      string                  `json:"title"`
	TitleEN    string                  `json:"x-title-en"`
	Kind       string                  `json:"x-kind"`
	Unit       string                  `json:"x-unit"`
	Order      int                     `json:"x-order"`
	Restricted bool                    `json:"x-restricted"`
	Personal   bool                    `json:"x-personal"`
	Widget     string                  `json:"x-widget"`
	Scope      string                  `json:"x-scope"`
	Enum       []string                `json:"enum"`
	Labels     map[string]models.Words `json:"x-labels"`
	MaxLength  int                     `json:"maxLength"`
	Minimum    *json.Number            `json:"minimum"`
	Maximum    *json.Number            `json:"maximum"`
}

var errFormless = errors.New("the schema makes no form")

// nowhere loads nothing: a schema stands by itself.
type nowhere struct{}

func (nowhere) Load(url string) (any, error) { return nil, fmt.Errorf("%s is not loaded", url) }

// Read makes the form ready. Errors: Invalid "farmer.form_invalid".
func (f *Form) Read() (*Sheet, error) {
	s, err := f.read()
	if err != nil {
		e := models.Bad("/schema", "schema", "farmer.form_invalid")
		e.Err = err
		return nil, e
	}
	return s, nil
}

func (f *Form) read() (*Sheet, error) {
	s := &Sheet{Form: f, keys: map[string]int{}}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(f.Schema))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(nowhere{})
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("urn:form", doc); err != nil {
		return nil, err
	}
	if s.whole, err = c.Compile("urn:form"); err != nil {
		return nil, err
	}
	var d struct {
		Type       string              `json:"type"`
		Additional *bool               `json:"additionalProperties"`
		Properties map[string]property `json:"properties"`
		Required   []string            `json:"required"`
	}
	if err := json.NewDecoder(bytes.NewBufferString(f.Schema)).Decode(&d); err != nil {
		return nil, err
	}
	if d.Type != "object" || d.Additional == nil || *d.Additional || len(d.Properties) == 0 || len(d.Properties) > maxFields {
		return nil, fmt.Errorf("%w: it is no closed object of a few fields", errFormless)
	}
	for key, p := range d.Properties {
		col, err := columnOf(key, p, slices.Contains(d.Required, key))
		if err == nil {
			col.schema, err = c.Compile("urn:form#/properties/" + key)
		}
		if err != nil {
			return nil, err
		}
		s.Columns = append(s.Columns, col)
	}
	slices.SortFunc(s.Columns, func(a, b Column) int { return cmp.Or(cmp.Compare(a.Order, b.Order), strings.Compare(a.Key, b.Key)) })
	for i, col := range s.Columns {
		s.keys[col.Key] = i
	}
	return s, nil
}

func columnOf(key string, p property, required bool) (Column, error) {
	c := Column{Key: key, Title: models.Words{ZH: p.Title, EN: p.TitleEN}, Kind: p.Kind, Unit: p.Unit, Required: required, Restricted: p.Restricted,
		Personal: p.Personal, Labels: p.Labels, Enum: p.Enum, Widget: p.Widget, Scope: p.Scope, Order: p.Order}
	want := map[string]string{KindText: "string", KindDay: "string", KindWhole: "integer", KindYes: "boolean"}[p.Kind]
	switch {
	case !plainKey(key) || p.Title == "" || p.TitleEN == "" || want == "" || p.Type != want:
		return c, fmt.Errorf("%w: field %q lacks a title in both languages, or its type and x-kind do not go together", errFormless, key)
	case p.Kind == KindText && len(p.Enum) == 0 && (p.MaxLength < 1 || p.MaxLength > textMax):
		return c, fmt.Errorf("%w: field %q has no bound", errFormless, key)
	case p.Kind == KindWhole && (p.Minimum == nil || p.Maximum == nil):
		return c, fmt.Errorf("%w: field %q has no bounds", errFormless, key)
	case p.Restricted && p.Personal:
		return c, fmt.Errorf("%w: field %q is restricted and personal", errFormless, key)
	case p.Personal && p.Kind != KindText:
		return c, fmt.Errorf("%w: field %q is personal and no text", errFormless, key)
	}
	if c.Widget == "" {
		c.Widget = map[string]string{KindText: "text", KindDay: "date", KindWhole: "number", KindYes: "switch"}[p.Kind]
		if len(p.Enum) > 0 {
			c.Widget = "choice"
		}
		if p.Unit == "fen" {
			c.Widget = "money"
		}
	}
	return c, nil
}

// scan looks for fields that name what is never collected, and for restricted ones that do not say so.
//
// Source: docs/sources.md#farmer-excluded.
func (s *Sheet) scan(look Look) (faults []models.Field) {
	for _, c := range s.Columns {
		names := []string{c.Key, c.Title.ZH, c.Title.EN}
		for v, l := range c.Labels {
			names = append(names, v, l.ZH, l.EN)
		}
		names = append(names, c.Enum...)
		for _, name := range names {
			if word, bad := look.Forbidden(name); bad {
				faults = append(faults, models.Field{Pointer: "/schema/properties/" + c.Key, Code: "forbidden_data", Args: map[string]string{"word": word}})
			}
			if word, bad := look.Restricted(name); bad && !c.Restricted && name == c.Title.ZH {
				faults = append(faults, models.Field{Pointer: "/schema/properties/" + c.Key, Code: "farmer_restricted", Args: map[string]string{"word": word}})
			}
		}
	}
	return faults
}

// Column is the field with a key, nil for none.
func (s *Sheet) Column(key string) *Column {
	if i, ok := s.keys[key]; ok {
		return &s.Columns[i]
	}
	return nil
}

// Value reads a value of the field: text, an int64, yes or no, a day. Errors: Invalid, its code says what is wrong.
func (c *Column) Value(v any) (any, error) {
	switch x := v.(type) {
	case string:
		v = strings.TrimSpace(x)
		if c.Kind == KindDay {
			if _, err := models.ParseDay(x); err != nil {
				return nil, models.Bad("", "day", "farmer.value")
			}
		}
	case int64, bool:
	case float64: // a number that is not whole
		return nil, models.Bad("", "farmer_whole", "farmer.value")
	default:
		return nil, models.Bad("", "wrong_type", "farmer.value")
	}
	check := v
	if n, is := v.(int64); is {
		check = json.Number(strconv.FormatInt(n, 10))
	}
	if c.schema.Validate(check) != nil {
		code := map[string]string{KindText: "farmer_text", KindWhole: "farmer_range", KindYes: "wrong_type", KindDay: "day"}[c.Kind]
		if len(c.Enum) > 0 {
			code = "farmer_choice"
		}
		return nil, models.Bad("", code, "farmer.value")
	}
	s, is := v.(string)
	switch {
	case is && s == "":
		return nil, models.Bad("", "farmer_text", "farmer.value")
	case is && c.Personal && strings.Contains(s, "*"): // what an export masked comes back
		return nil, models.Bad("", "farmer_masked", "farmer.value")
	}
	return v, nil
}

// whole says which required fields a section, or a row of it, lacks.
func (s *Sheet) missing(has func(key string) bool) (keys []string) {
	for _, c := range s.Columns {
		if c.Required && !has(c.Key) {
			keys = append(keys, c.Key)
		}
	}
	return keys
}

// plainKey says whether a key is letters and digits after a letter.
func plainKey(key string) bool {
	if key == "" || len(key) > 40 {
		return false
	}
	for i, r := range key {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return true
}

// Forms are the forms in force for a file, by section.
type Forms map[string]*Sheet

// Sections are their names in order.
func (fs Forms) Sections() []string {
	var names []string
	for n := range fs {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(fs[a].Form.Order, fs[b].Form.Order), strings.Compare(a, b))
	})
	return names
}

// ForPlace picks of published forms the one of each section that holds in a place: the narrowest region, then the latest.
func ForPlace(all []*Form, place models.Region) []*Form {
	best := map[string]*Form{}
	for _, f := range all {
		if f.State != release.InForce || !f.Region.Contains(place) {
			continue
		}
		if b := best[f.Section]; b == nil || f.Region.Level() > b.Region.Level() || f.Region.Level() == b.Region.Level() && f.No > b.No {
			best[f.Section] = f
		}
	}
	var picked []*Form
	for _, f := range best {
		picked = append(picked, f)
	}
	slices.SortFunc(picked, func(a, b *Form) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), strings.Compare(a.Section, b.Section))
	})
	return picked
}
