package farmer

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/models/form"
)

// An Origin says where a cell comes from.
type Origin string

// The origins.
const (
	Self       Origin = "SELF"
	Collector  Origin = "COLLECTOR"
	Department Origin = "DEPARTMENT"
	Bank       Origin = "BANK"
)

// OriginOf is the origin of what an actor writes, "" for one who writes nothing.
func OriginOf(a models.Actor) Origin {
	switch a.Role { //nolint:exhaustive // the others write nothing
	case models.Resident:
		return Self
	case models.VillageStaff, models.TownStaff:
		return Collector
	case models.Department:
		return Department
	case models.Bank:
		return Bank
	}
	return ""
}

// An Address names a cell: "land/area" of a section that is one, "members/m1/name" of one with rows.
type Address struct{ Section, Row, Key string }

// Number says whether the field is the ID number of somebody of the household.
func (a Address) Number() bool {
	return a.Key == FieldID && (a.Section == Head || a.Section == Members)
}

// gone marks a row that was taken out.
const gone = "~gone"

// ParseAddress reads an address. It says whether it is well-formed.
func ParseAddress(s string) (Address, bool) {
	parts := strings.Split(s, "/")
	for i, p := range parts {
		if i == 1 && len(parts) == 3 {
			if !plainRow(p) {
				return Address{}, false
			}
			continue
		}
		if p != gone && !form.Plain(p) {
			return Address{}, false
		}
	}
	switch len(parts) {
	case 2:
		return Address{Section: parts[0], Key: parts[1]}, parts[0] != gone && parts[1] != gone
	case 3:
		return Address{parts[0], parts[1], parts[2]}, parts[0] != gone
	}
	return Address{}, false
}

func plainRow(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	}) < 0
}

func (a Address) String() string {
	if a.Row == "" {
		return a.Section + "/" + a.Key
	}
	return a.Section + "/" + a.Row + "/" + a.Key
}

// A Cell is one field's value and where it comes from. Restricted and personal values are kept hidden.
type Cell struct {
	Plain  any           `bson:"v,omitempty"`
	Hidden models.Secret `bson:"h,omitempty"` // the value as JSON
	Origin Origin        `bson:"o"`
	By     string        `bson:"b"`           // person, or client
	At     time.Time     `bson:"t"`           // when it was written, by the writer's clock
	Again  time.Time     `bson:"a,omitempty"` // when somebody last said the same
	Record string        `bson:"r,omitempty"` // of a department's or a bank's
}

// Value is the cell's value: text, int64 or bool.
func (c Cell) Value() any {
	if c.Hidden.Empty() {
		if n, is := c.Plain.(int32); is {
			return int64(n)
		}
		return c.Plain
	}
	return open(c.Hidden)
}

// Text is the cell's value as text, "" for anything else.
func (c Cell) Text() string {
	s, is := c.Value().(string)
	if !is {
		return ""
	}
	return s
}

// last is when the cell was last said.
func (c Cell) last() time.Time {
	if c.Again.After(c.At) {
		return c.Again
	}
	return c.At
}

// open reads a hidden value.
func open(s models.Secret) any {
	d := json.NewDecoder(strings.NewReader(s.Reveal()))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	n, is := v.(json.Number)
	if !is {
		return v
	}
	if whole, err := n.Int64(); err == nil {
		return whole
	}
	half, err := n.Float64() // no field takes it, and it is not nothing
	if err != nil {
		return nil
	}
	return half
}

// hide keeps a value as JSON.
func hide(v any) models.Secret {
	raw, err := json.Marshal(v)
	if err != nil {
		return models.Secret{} // texts, whole numbers and truth values have a form
	}
	return models.NewSecret(string(raw))
}

// cell is a value as the column keeps it.
func (c *Column) cell(v any) Cell {
	if c.Restricted || c.Private {
		return Cell{Hidden: hide(v)}
	}
	return Cell{Plain: v}
}

func same(a, b Cell) bool { return a.Value() == b.Value() }

// A Row is one row of a section, or the section itself with the id "".
type Row struct {
	ID    string
	Cells map[string]Cell // by key
}

// Rows are the rows of a section that are not taken out, by their ids.
func (f *File) Rows(section string) []Row {
	byID := map[string]map[string]Cell{}
	out := map[string]bool{}
	for at, c := range f.Cells {
		a, ok := ParseAddress(at)
		if !ok || a.Section != section {
			continue
		}
		if a.Key == gone {
			out[a.Row] = c.Plain == true
			continue
		}
		if byID[a.Row] == nil {
			byID[a.Row] = map[string]Cell{}
		}
		byID[a.Row][a.Key] = c
	}
	var rows []Row
	for id, cells := range byID {
		if !out[id] {
			rows = append(rows, Row{id, cells})
		}
	}
	slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(a.ID, b.ID) })
	return rows
}

// text is a cell's value as text, "" for anything else.
func (r Row) text(key string) string { return r.Cells[key].Text() }
