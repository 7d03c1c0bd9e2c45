package catalogue

import (
	"fmt"
	"slices"

	"xinyi/models"
	"xinyi/models/form"
)

// The roles of columns (x-role). "" is none.
const (
	roleName      = "name"        // of the subject; kept outside the attributes
	roleCode      = "code"        // unified social credit code of an organisation; kept outside the attributes
	roleIDNumber  = "idNumber"    // of a person; kept outside the attributes
	roleIDKind    = "idKind"      // kind of that number: only a resident's is kept
	roleKind      = "subjectKind" // x-kinds says which value is whose
	roleKey       = "key"         // the source's own number; several are joined by "/"
	roleDecided   = "decidedOn"
	roleEnded     = "endedOn"    // last day of the conduct
	roleSeverity  = "severity"   // x-severities
	roleServed    = "served"     // the notice of repair went with the decision
	roleProcedure = "procedure"  // x-simple is the value of the simple procedure
	roleUntil     = "validUntil" // last day of a licence
)

var roles = []string{"", roleName, roleCode, roleIDNumber, roleIDKind, roleKind, roleKey, roleDecided, roleEnded, roleSeverity, roleServed,
	roleProcedure, roleUntil}

// A Column is one attribute as a file carries it.
type Column struct {
	form.Column
	ForOrg bool // required of organisations
	ForMan bool // required of persons

	hints
}

// hints are what an attribute means for a record.
type hints struct {
	Role       string                        `json:"x-role"`
	Kinds      map[string]models.SubjectKind `json:"x-kinds"`
	Severities map[string]models.Severity    `json:"x-severities"`
	Simple     string                        `json:"x-simple"`
	Resident   string                        `json:"x-resident"` // value of idKind that is a resident's number
}

// A Form reads the cells of one item's rows. It is safe for concurrent use.
type Form struct {
	Columns []Column // in the order of a file

	form  *form.Form
	kinds []models.SubjectKind
}

// Form makes the schema ready. Errors: Invalid "catalogue.schema_invalid".
func (it *Item) Form() (*Form, error) { return formOf(it.Schema, it.Kinds) }

func formOf(schema string, kinds []models.SubjectKind) (*Form, error) {
	f := &Form{kinds: kinds}
	var err error
	if f.form, err = form.Parse(schema); err == nil {
		err = f.read()
	}
	if err != nil {
		return nil, &models.Error{Code: models.Invalid, Reason: "catalogue.schema_invalid", Fields: form.Fields("/schema", err), Err: err}
	}
	return f, nil
}

// read makes the columns.
func (f *Form) read() error {
	for _, c := range f.form.Columns {
		col := Column{Column: c}
		if err := c.Hints(&col.hints); err != nil {
			return err
		}
		if !slices.Contains(roles, col.Role) || c.Private && col.Role == roleKey {
			return fmt.Errorf("%w: %q has an unknown x-role, or is private and a key", form.Err, c.Key)
		}
		f.Columns = append(f.Columns, col)
	}
	return f.whole()
}

// whole makes sure that the roles a record needs are there, and says who must fill in what.
func (f *Form) whole() error {
	if len(f.kinds) == 0 {
		return fmt.Errorf("%w: it is about nobody", form.Err)
	}
	need := []string{roleName, roleKey, roleDecided}
	if slices.Contains(f.kinds, models.Organisation) {
		need = append(need, roleCode)
	}
	if slices.Contains(f.kinds, models.PersonSubject) {
		need = append(need, roleIDNumber)
	}
	if len(f.kinds) > 1 {
		need = append(need, roleKind)
	}
	have := map[string]int{}
	for i, c := range f.Columns {
		have[c.Role]++
		f.Columns[i].ForOrg, f.Columns[i].ForMan = c.Role == roleCode, c.Role == roleIDNumber
	}
	for _, role := range need {
		if have[role] == 0 {
			return fmt.Errorf("%w: no property is the %s", form.Err, role)
		}
	}
	for role, n := range have {
		if n > 1 && role != "" && role != roleKey {
			return fmt.Errorf("%w: %d properties are the %s", form.Err, n, role)
		}
	}
	return nil
}

// Column is the key of a heading, or of a key itself; false for a column the item does not have.
func (f *Form) Column(heading string) (key string, ok bool) {
	if c := f.form.Find(heading); c != nil {
		return c.Key, true
	}
	return "", false
}

// Key is the column of a key, nil for none.
func (f *Form) Key(key string) *Column {
	if i := f.form.At(key); i >= 0 {
		return &f.Columns[i]
	}
	return nil
}
