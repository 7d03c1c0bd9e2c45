package catalogue

import (
	"maps"
	"slices"
	"strings"

	"xinyi/models"
	"xinyi/models/form"
)

// A Row is what the cells of one line say. Attributes hold string (days and dictionary values too), int64 (amounts in fen) and bool.
type Row struct {
	Kind       models.SubjectKind
	Name       string
	Code       models.USCC     // of an organisation
	IDNumber   models.IDNumber // of a person
	Key        string
	DecidedOn  models.Day
	Ended      models.Day // of the conduct; "" unknown
	Severity   models.Severity
	Served     bool
	Attributes map[string]any
	Private    map[string]models.Secret

	Filled, Required int // required columns of this subject, and how many of them are filled
	Warnings         []models.Field
}

// reading is one row on its way.
type reading struct {
	f      *Form
	values map[string]string
	row    Row
	all    map[string]any // every value, as the schema sees it
	faults []models.Field
	keys   []string // parts of the key
	simple bool     // decided in the simple procedure
}

// Read turns cells, by column key, into a row. A cell that is blank or not there is not filled. Each fault points at its
// column; with a fault the row is not to be kept, but what could be read of it is there.
//
// Source: docs/sources.md#catalogue-read.
func (f *Form) Read(values map[string]string) (Row, []models.Field) {
	r := reading{
		f: f, values: values, all: make(map[string]any, len(values)),
		row: Row{Attributes: make(map[string]any, len(values)), Private: map[string]models.Secret{}},
	}
	r.strangers()
	r.kind()
	for i := range f.Columns {
		r.cell(&f.Columns[i])
	}
	r.row.Key = strings.Join(r.keys, "/")
	r.rules()
	if len(r.faults) == 0 {
		r.validate()
	}
	return r.row, r.faults
}

func (r *reading) fault(key, code string, args map[string]string) {
	r.faults = append(r.faults, models.Field{Pointer: form.Pointer(key), Code: code, Args: args})
}

// strangers refuses columns the item does not have, those first that nobody may have.
func (r *reading) strangers() {
	var unknown []string
	for key := range r.values {
		if r.f.Key(key) == nil {
			unknown = append(unknown, key)
		}
	}
	slices.Sort(unknown)
	for _, key := range unknown {
		if word, bad := Forbidden(key); bad {
			r.fault(key, "forbidden_column", map[string]string{"word": word})
			continue
		}
		r.fault(key, "unknown_column", nil)
	}
}

// kind finds whose row it is: what else is required hangs on it.
func (r *reading) kind() {
	if len(r.f.kinds) == 1 {
		r.row.Kind = r.f.kinds[0]
	}
	for i := range r.f.Columns {
		c := &r.f.Columns[i]
		if c.Role != roleKind {
			continue
		}
		value, ok := c.Choice(form.Narrow(r.values[c.Key]))
		if !ok {
			return // the cell says what is wrong
		}
		k := c.Kinds[value]
		if !slices.Contains(r.f.kinds, k) {
			r.fault(c.Key, "not_of_item", nil)
			return
		}
		r.row.Kind = k
	}
}

// cell reads one column.
func (r *reading) cell(c *Column) {
	needed := c.Required || c.ForOrg && r.row.Kind == models.Organisation || c.ForMan && r.row.Kind == models.PersonSubject
	if needed {
		r.row.Required++
	}
	text := form.Tidy(r.values[c.Key])
	if text == "" {
		if needed {
			r.fault(c.Key, "required", nil)
		}
		return
	}
	if needed {
		r.row.Filled++
	}
	value, code, args := c.Cell(text)
	if code != "" {
		r.fault(c.Key, code, args)
		return
	}
	r.take(c, value)
}

// take puts a value where its role says.
func (r *reading) take(c *Column, value any) {
	text, _ := value.(string) //nolint:errcheck // "" for what is no text
	switch c.Role {
	case roleName:
		r.row.Name, r.all[c.Key] = text, text
		return
	case roleCode:
		r.code(c, text)
		return
	case roleIDNumber:
		r.number(c, text)
		return
	case roleKey:
		r.keys = append(r.keys, text)
	case roleDecided:
		r.row.DecidedOn = models.Day(text)
	case roleEnded:
		r.row.Ended = models.Day(text)
	case roleSeverity:
		r.row.Severity = c.Severities[text]
	case roleServed:
		r.row.Served, _ = value.(bool) //nolint:errcheck // a served column is a boolean
	case roleProcedure:
		r.simple = text == c.Simple
	case roleIDKind:
		if r.row.Kind == models.PersonSubject && text != c.Resident {
			r.fault(c.Key, "id_kind", nil)
			return
		}
	}
	r.all[c.Key] = value
	if c.Private {
		r.row.Private[c.Key] = models.NewSecret(text)
		return
	}
	r.row.Attributes[c.Key] = value
}

// code takes an organisation's code.
func (r *reading) code(c *Column, text string) {
	if r.row.Kind == models.PersonSubject {
		r.fault(c.Key, "not_for_kind", nil)
		return
	}
	text = models.NormalUSCC(text)
	bad := false
	for _, fault := range models.USCCFaults(text) {
		if fault == models.USCCInner {
			r.row.Warnings = append(r.row.Warnings, models.Field{Pointer: form.Pointer(c.Key), Code: fault})
			continue
		}
		bad = true
		r.fault(c.Key, fault, nil)
	}
	if !bad {
		r.row.Code, r.all[c.Key] = models.USCC(text), text
	}
}

// number takes a person's number.
func (r *reading) number(c *Column, text string) {
	if r.row.Kind == models.Organisation {
		r.fault(c.Key, "not_for_kind", nil)
		return
	}
	n, err := models.ParseIDNumber(strings.ToUpper(form.Narrow(text)))
	if err != nil {
		r.fault(c.Key, "cnid", nil)
		return
	}
	r.row.IDNumber, r.all[c.Key] = n, n.Reveal()
}

// rules are what several columns say together.
func (r *reading) rules() {
	if r.row.Kind == models.PersonSubject {
		for i := range r.f.Columns {
			c := &r.f.Columns[i]
			switch {
			case c.Role == roleIDNumber && !r.row.IDNumber.Empty() && r.row.DecidedOn != "" &&
				!models.Adult(r.row.IDNumber.Birth(), r.row.DecidedOn):
				r.fault(c.Key, "minor", nil)
			case c.Role == roleProcedure && r.simple:
				r.fault(c.Key, "simple_procedure", nil)
			}
		}
	}
	if r.row.Ended != "" && r.row.DecidedOn != "" && r.row.Ended > r.row.DecidedOn {
		for i := range r.f.Columns {
			if c := &r.f.Columns[i]; c.Role == roleEnded {
				r.fault(c.Key, "ended_later", nil)
			}
		}
	}
}

// validate asks the schema itself.
func (r *reading) validate() { r.faults = append(r.faults, r.f.form.Check(r.all)...) }

// Check asks the schema of attributes and private values that were not read from cells: a correction by hand. Who the
// subject is stays as it was and is not asked.
func (f *Form) Check(attributes map[string]any, private map[string]models.Secret) []models.Field {
	r := reading{f: f, all: maps.Clone(attributes)}
	if r.all == nil {
		r.all = map[string]any{}
	}
	for key, secret := range private {
		r.all[key] = secret.Reveal()
	}
	for key := range r.all {
		if f.Key(key) == nil {
			r.fault(key, "unknown_column", nil)
			delete(r.all, key)
		}
	}
	r.validate()
	subject := func(field models.Field) bool {
		return slices.ContainsFunc(f.Columns, func(c Column) bool {
			return form.Pointer(c.Key) == field.Pointer && (c.Role == roleName || c.Role == roleCode || c.Role == roleIDNumber)
		})
	}
	return slices.DeleteFunc(r.faults, subject)
}
