package catalogue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"xinyi/models"
)

// The kinds of cells (x-type). "" is text.
const (
	asDay  = "day"     // kept as 2006-01-02
	asWan  = "wan"     // 万元, kept as whole fen
	asYuan = "yuan"    // 元, kept as whole fen
	asInt  = "integer" // kept as int64
	asBool = "boolean"
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

var (
	cellTypes = []string{"", asDay, asWan, asYuan, asInt, asBool}
	roles     = []string{"", roleName, roleCode, roleIDNumber, roleIDKind, roleKind, roleKey, roleDecided, roleEnded, roleSeverity, roleServed, roleProcedure, roleUntil}
)

// A Label is one value of a dictionary and what it means.
type Label struct{ Value, Label string }

// A Column is one attribute as a file carries it.
type Column struct {
	Key      string
	Heading  string // in Chinese, the file's own
	Type     string // "" text, day, wan, yuan, integer, boolean
	Required bool   // of every subject
	ForOrg   bool   // required of organisations
	ForMan   bool   // required of persons
	Private  bool   // kept as a secret
	Labels   []Label
	Max      int // runes of a text
	Note     string

	role       string
	kinds      map[string]models.SubjectKind
	severities map[string]models.Severity
	simple     string
	residents  string // value of idKind that is a resident's number
}

// A Form reads the cells of one item's rows. It is safe for concurrent use.
type Form struct {
	Columns []Column // in the order of a file

	schema *jsonschema.Schema
	keys   map[string]int // by key
	heads  map[string]int // by heading
	kinds  []models.SubjectKind
}

// property is what the schema says of an attribute.
type property struct {
	Type        string                        `json:"type"`
	Title       string                        `json:"title"`
	Description string                        `json:"description"`
	Enum        []string                      `json:"enum"`
	MaxLength   int                           `json:"maxLength"`
	Order       int                           `json:"x-order"`
	Role        string                        `json:"x-role"`
	Kind        string                        `json:"x-type"`
	Private     bool                          `json:"x-private"`
	Labels      map[string]string             `json:"x-labels"`
	Kinds       map[string]models.SubjectKind `json:"x-kinds"`
	Severities  map[string]models.Severity    `json:"x-severities"`
	Simple      string                        `json:"x-simple"`
	Resident    string                        `json:"x-resident"`
}

// document is the part of a schema that makes the form.
type document struct {
	Type       string              `json:"type"`
	Additional *bool               `json:"additionalProperties"`
	Properties map[string]property `json:"properties"`
	Required   []string            `json:"required"`
}

// textMax bounds a text whose schema names no bound, in runes.
const textMax = 2000

// errFormless is a schema that makes no form.
var errFormless = errors.New("the schema makes no form")

// nowhere loads nothing: a schema stands by itself.
type nowhere struct{}

func (nowhere) Load(url string) (any, error) { return nil, fmt.Errorf("%s is not loaded", url) }

// Form compiles the schema. Errors: Invalid "catalogue.schema_invalid".
func (it *Item) Form() (*Form, error) { return formOf(it.Schema, it.Kinds) }

func formOf(schema string, kinds []models.SubjectKind) (*Form, error) {
	bad := func(cause error) (*Form, error) {
		e := models.Bad("/schema", "schema", "catalogue.schema_invalid")
		e.Err = cause
		return nil, e
	}
	f := &Form{keys: map[string]int{}, heads: map[string]int{}, kinds: kinds}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		return bad(err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(nowhere{})
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("urn:item", doc); err != nil {
		return bad(err)
	}
	if f.schema, err = c.Compile("urn:item"); err != nil {
		return bad(err)
	}
	if err := f.read(schema); err != nil {
		return bad(err)
	}
	return f, nil
}

// read makes the columns.
func (f *Form) read(schema string) error {
	var d document
	if err := json.NewDecoder(bytes.NewBufferString(schema)).Decode(&d); err != nil {
		return err
	}
	if d.Type != "object" || d.Additional == nil || *d.Additional || len(d.Properties) == 0 {
		return fmt.Errorf("%w: it is no closed object", errFormless)
	}
	orders := map[string]int{}
	for key, p := range d.Properties {
		col, err := columnOf(key, p, slices.Contains(d.Required, key))
		if err != nil {
			return err
		}
		orders[key] = p.Order
		f.Columns = append(f.Columns, col)
	}
	slices.SortFunc(f.Columns, func(a, b Column) int {
		if n := orders[a.Key] - orders[b.Key]; n != 0 {
			return n
		}
		return strings.Compare(a.Key, b.Key)
	})
	for i, c := range f.Columns {
		if _, twice := f.heads[c.Heading]; twice {
			return fmt.Errorf("%w: two columns are %q", errFormless, c.Heading)
		}
		f.keys[c.Key], f.heads[c.Heading] = i, i
	}
	return f.whole()
}

func columnOf(key string, p property, required bool) (Column, error) {
	c := Column{
		Key: key, Heading: p.Title, Type: p.Kind, Required: required, Private: p.Private, Max: p.MaxLength, Note: p.Description,
		role: p.Role, kinds: p.Kinds, severities: p.Severities, simple: p.Simple, residents: p.Resident,
	}
	want := map[string]string{"": "string", asDay: "string", asWan: "integer", asYuan: "integer", asInt: "integer", asBool: "boolean"}[p.Kind]
	switch {
	case !plain(key) || p.Title == "" || !slices.Contains(cellTypes, p.Kind) || !slices.Contains(roles, p.Role):
		return c, fmt.Errorf("%w: property %q lacks a title, or has an unknown x-type or x-role", errFormless, key)
	case p.Type != want:
		return c, fmt.Errorf("%w: property %q is %q, want %q", errFormless, key, p.Type, want)
	case p.Private && (p.Kind != "" || p.Role == roleKey):
		return c, fmt.Errorf("%w: property %q is private and no plain text", errFormless, key)
	}
	if c.Max == 0 {
		c.Max = textMax
	}
	for _, v := range p.Enum {
		label := p.Labels[v]
		if label == "" {
			label = v
		}
		c.Labels = append(c.Labels, Label{v, label})
	}
	return c, nil
}

// plain says whether a key is letters, digits and _ after a letter: it names a path of the document too.
func plain(key string) bool {
	for i, r := range key {
		letter := r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		if !letter && (i == 0 || r != '_' && (r < '0' || r > '9')) {
			return false
		}
	}
	return key != ""
}

// whole makes sure that the roles a record needs are there, and says who must fill in what.
func (f *Form) whole() error {
	if len(f.kinds) == 0 {
		return fmt.Errorf("%w: it is about nobody", errFormless)
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
		have[c.role]++
		f.Columns[i].ForOrg, f.Columns[i].ForMan = c.role == roleCode, c.role == roleIDNumber
	}
	for _, role := range need {
		if have[role] == 0 {
			return fmt.Errorf("%w: no property is the %s", errFormless, role)
		}
	}
	for role, n := range have {
		if n > 1 && role != "" && role != roleKey {
			return fmt.Errorf("%w: %d properties are the %s", errFormless, n, role)
		}
	}
	return nil
}

// Column is the key of a heading, or of a key itself; false for a column the item does not have.
func (f *Form) Column(heading string) (key string, ok bool) {
	heading = tidy(heading)
	if _, ok := f.keys[heading]; ok {
		return heading, true
	}
	heading = strings.TrimSuffix(strings.TrimSuffix(heading, "*"), "＊")
	if i, ok := f.heads[strings.TrimSpace(heading)]; ok {
		return f.Columns[i].Key, true
	}
	return "", false
}
