package farmer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/models/form"
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

// Screening says whether a name is of data that is never collected, or that needs the two consents.
type Screening struct {
	Forbidden, Restricted func(name string) (word string, bad bool)
}

// NewForm drafts the next version. Errors: Invalid "farmer.form_invalid", a field for every fault.
func NewForm(no int, d FormDraftOf, screening Screening, by models.Actor, now time.Time) (*Form, error) {
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
	fault(!form.Plain(d.Section) || d.Region.Level() < models.Prefecture, "/section", "farmer_key")
	fault(d.Rows < 0 || d.Rows > maxRows, "/rows", "range")
	if len(faults) > 0 {
		return nil, &models.Error{Code: models.Invalid, Reason: "farmer.form_invalid", Fields: faults}
	}
	sheet, err := f.Read()
	if err != nil {
		return nil, err
	}
	if faults := sheet.scan(screening); len(faults) > 0 {
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

// The bounds of forms.
const (
	maxRows   = 60
	maxFields = 60
	textMax   = 200
)

// A Column is one field of a section.
type Column struct {
	form.Column
	hints
}

// hints are what a field means for a file.
type hints struct {
	Restricted bool         `json:"x-restricted"` // needs the two consents
	Scope      string       `json:"x-scope"`      // the consent's word for it; "" is the section's
	MaxLength  int          `json:"maxLength"`
	Minimum    *json.Number `json:"minimum"`
	Maximum    *json.Number `json:"maximum"`
}

// A Sheet is a form made ready.
type Sheet struct {
	Form    *Form
	Columns []Column

	form *form.Form
}

// Read makes the form ready. Errors: Invalid "farmer.form_invalid".
func (f *Form) Read() (*Sheet, error) {
	s := &Sheet{Form: f}
	var err error
	if s.form, err = form.Parse(f.Schema); err == nil {
		err = s.read()
	}
	if err != nil {
		return nil, &models.Error{Code: models.Invalid, Reason: "farmer.form_invalid", Fields: form.Fields("/schema", err), Err: err}
	}
	return s, nil
}

// read makes the fields. Each is bounded.
func (s *Sheet) read() error {
	if len(s.form.Columns) > maxFields {
		return fmt.Errorf("%w: too many fields", form.Err)
	}
	for _, c := range s.form.Columns {
		col := Column{Column: c}
		if err := c.Hints(&col.hints); err != nil {
			return err
		}
		switch {
		case c.Kind == form.Text && len(c.Choices) == 0 && (col.MaxLength < 1 || col.MaxLength > textMax):
			return fmt.Errorf("%w: field %q has no bound", form.Err, c.Key)
		case c.Kind == form.Whole && (col.Minimum == nil || col.Maximum == nil):
			return fmt.Errorf("%w: field %q has no bounds", form.Err, c.Key)
		case col.Restricted && c.Private:
			return fmt.Errorf("%w: field %q is restricted and personal", form.Err, c.Key)
		}
		s.Columns = append(s.Columns, col)
	}
	return nil
}

// scan looks for fields that name what is never collected, and for restricted ones that do not say so.
//
// Source: docs/sources.md#farmer-excluded.
func (s *Sheet) scan(screening Screening) (faults []models.Field) {
	for _, c := range s.Columns {
		names := []string{c.Key, c.Title.ZH, c.Title.EN}
		for _, x := range c.Choices {
			names = append(names, x.Value, x.Label.ZH, x.Label.EN)
		}
		for _, name := range names {
			if word, bad := screening.Forbidden(name); bad {
				faults = append(faults, models.Field{Pointer: "/schema/properties/" + c.Key, Code: "forbidden_data",
					Args: map[string]string{"word": word}})
			}
			if word, bad := screening.Restricted(name); bad && !c.Restricted && name == c.Title.ZH {
				faults = append(faults, models.Field{Pointer: "/schema/properties/" + c.Key, Code: "farmer_restricted",
					Args: map[string]string{"word": word}})
			}
		}
	}
	return faults
}

// Column is the field with a key, nil for none.
func (s *Sheet) Column(key string) *Column {
	if i := s.form.At(key); i >= 0 {
		return &s.Columns[i]
	}
	return nil
}

// Value reads a value of the field: text, an int64, yes or no, a day. Errors: Invalid, its code says what is wrong.
func (c *Column) Value(v any) (any, error) {
	switch v.(type) {
	case string, int64, bool:
	case float64: // a number that is not whole
		return nil, models.Bad("", "farmer_whole", "farmer.value")
	default:
		return nil, models.Bad("", "wrong_type", "farmer.value")
	}
	s, is := v.(string)
	if s = strings.TrimSpace(s); is {
		v = s
	}
	fault := c.Check(v)
	switch {
	case fault != nil:
		return nil, models.Bad("", fault.Code, "farmer.value")
	case is && s == "":
		return nil, models.Bad("", "required", "farmer.value")
	case is && c.Private && strings.Contains(s, "*"): // what an export masked comes back
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
