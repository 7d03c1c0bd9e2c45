package catalogue

import (
	"xinyi/models"
	"xinyi/models/form"
)

// The made-up subject of samples: a code and a number that are nobody's.
const (
	sampleCode   = "91430100MAXX000152"
	sampleNumber = "430181199001010003"
)

// Sample is a made-up row of a kind of subject that Read takes, every column filled that such a row may fill: for templates and tests.
func (f *Form) Sample(k models.SubjectKind) map[string]string {
	cells := map[string]string{}
	for i := range f.Columns {
		c := &f.Columns[i]
		if c.Role == roleCode && k != models.Organisation || c.Role == roleIDNumber && k != models.PersonSubject {
			continue
		}
		cells[c.Key] = c.sample(k)
	}
	return cells
}

func (c *Column) sample(k models.SubjectKind) string {
	switch c.Role {
	case roleName:
		if k == models.PersonSubject {
			return "示例人"
		}
		return "示例有限公司"
	case roleCode:
		return sampleCode
	case roleIDNumber:
		return sampleNumber
	case roleIDKind:
		return c.Resident
	}
	for _, l := range c.Choices {
		if c.Role == roleKind && c.Kinds[l.Value] != k || c.Role == roleProcedure && l.Value == c.Simple {
			continue
		}
		return l.Value
	}
	switch c.Kind {
	case form.Day:
		return "2026-05-10"
	case form.Wan:
		return "1.5"
	case form.Yuan:
		return "128.50"
	case form.Whole:
		return "1"
	case form.Yes:
		return "是"
	}
	if c.Max < 6 {
		return "例"
	}
	return "示例"
}
