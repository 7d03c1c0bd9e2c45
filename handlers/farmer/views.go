package farmer

import (
	"math"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/farmer"
	"xinyi/usecase"
)

type formView struct {
	ID      string        `json:"id"`
	Section string        `json:"section"`
	Version int           `json:"version"`
	Region  models.Region `json:"region"`
	Title   string        `json:"title"`
	Rows    int           `json:"rows" description:"How many rows there may be; 0: the section is one"`
	Scope   string        `json:"scope" description:"The consent's word for it"`
	Fields  []fieldView   `json:"fields"`
	Schema  string        `json:"schema" description:"JSON Schema 2020-12, as text"`
}

type fieldView struct {
	Key        string          `json:"key"`
	Title      string          `json:"title"`
	Kind       string          `json:"kind" enum:"text,whole,yes,day"`
	Unit       string          `json:"unit,omitempty"`
	Required   bool            `json:"required"`
	Restricted bool            `json:"restricted" description:"Only after both texts were agreed to"`
	Hidden     bool            `json:"personal" personal:"false" description:"Kept encrypted, masked for others"`
	Widget     string          `json:"widget" description:"How an app best asks"`
	Choices    []api.NamedCode `json:"choices,omitempty"`
}

func viewForm(s *farmer.Sheet, lang string) formView {
	f := s.Form
	v := formView{ID: f.ID, Section: f.Section, Version: f.No, Region: f.Region, Title: f.Name.In(lang), Rows: f.Rows, Scope: f.Scope,
		Schema: f.Schema, Fields: []fieldView{}}
	for _, c := range s.Columns {
		field := fieldView{Key: c.Key, Title: c.Title.In(lang), Kind: c.Kind, Unit: c.Unit, Required: c.Required, Restricted: c.Restricted,
			Hidden: c.Private, Widget: c.Widget}
		for _, x := range c.Choices {
			field.Choices = append(field.Choices, api.NamedCode{Code: x.Value, Name: x.Label.In(lang)})
		}
		v.Fields = append(v.Fields, field)
	}
	return v
}

type fileView struct {
	ID         string             `json:"id"`
	Revision   int64              `json:"revision"`
	No         string             `json:"no"`
	Village    models.Region      `json:"village"`
	State      farmer.State       `json:"state"`
	FiledOn    models.Day         `json:"filedOn"`
	VerifiedOn models.Day         `json:"verifiedOn,omitempty"`
	Open       bool               `json:"restrictedOpen" description:"Incomes, savings and property may be kept: both texts were agreed to"`
	Agreed     []agreedView       `json:"agreed"`
	Sections   []sectionView      `json:"sections"`
	Conflicts  []conflictView     `json:"conflicts" description:"Fields two people wrote without knowing of each other"`
	Photos     []photoView        `json:"photos"`
	Lacks      []api.ProblemField `json:"lacks" description:"What it needs before somebody looks"`
	Allowed    []farmer.State     `json:"allowed,omitempty"`
}

// Revised is what ETag shows.
func (v fileView) Revised() int64 { return v.Revision }

type agreedView struct {
	Text    string     `json:"text"`
	Version string     `json:"version"`
	How     farmer.How `json:"how"`
	At      time.Time  `json:"at"`
	Ended   *time.Time `json:"withdrawnAt,omitempty"`
}

type sectionView struct {
	Section string    `json:"section"`
	Title   string    `json:"title"`
	Form    string    `json:"form" description:"The version its fields are by"`
	Rows    []rowView `json:"rows"`
}

type rowView struct {
	ID    string     `json:"id,omitempty" description:"Empty of a section that is one"`
	Cells []cellView `json:"cells"`
}

type cellView struct {
	At     string        `json:"at" description:"The address to write it by"`
	Title  string        `json:"title"`
	Value  any           `json:"value" personal:"true" description:"Text, whole number, true or false; masked where it is another's name or number"`
	Shown  string        `json:"shown,omitempty" personal:"true" description:"A choice as people call it"`
	Unit   string        `json:"unit,omitempty"`
	Origin farmer.Origin `json:"origin"`
	Wrote  time.Time     `json:"wrote"`
	Record string        `json:"record,omitempty" description:"Of a department's or a bank's"`
}

type conflictView struct {
	ID     string        `json:"id"`
	At     string        `json:"at"`
	Lost   any           `json:"lost" personal:"true" description:"What does not stand"`
	Origin farmer.Origin `json:"origin"`
	Wrote  time.Time     `json:"wrote"`
}

type photoView struct {
	ID     string    `json:"id"`
	About  string    `json:"about"`
	Note   string    `json:"note,omitempty"`
	At     time.Time `json:"at"`
	Width  int       `json:"width"`
	Height int       `json:"height"`
}

// eyesOf is who looks at a file: whole sees everything, anybody else names and numbers masked and nothing restricted.
type eyesOf struct {
	whole  bool
	staff  bool // sees what is restricted, and masked what is personal
	scopes []string
	forms  farmer.Forms
	lang   string
}

// sees says whether a field is shown, and whether it is masked.
func (e eyesOf) sees(s *farmer.Sheet, c *farmer.Column) (shown, masked bool) {
	if e.scopes != nil {
		for _, scope := range e.scopes {
			if scope == c.Scope || c.Scope == "" && scope == s.Form.Scope {
				return true, c.Private && s.Form.Rows > 0 // the head cannot agree for the others
			}
		}
		return false, false
	}
	return e.whole || e.staff || !c.Restricted, c.Private && !e.whole
}

func (e eyesOf) file(f *farmer.File) fileView {
	v := fileView{
		ID: f.ID, Revision: f.Revision, No: f.No, Village: f.Village, State: f.State, FiledOn: f.FiledOn, VerifiedOn: f.VerifiedOn, Open: f.Open(),
		Agreed: []agreedView{}, Sections: e.sections(f), Conflicts: []conflictView{}, Photos: []photoView{}, Lacks: []api.ProblemField{},
	}
	for _, a := range f.Agreed {
		v.Agreed = append(v.Agreed, agreedView{a.Text, a.Version, a.How, a.At, a.Ended})
	}
	for _, c := range f.Conflicts {
		if shown, masked := e.at(c.At); shown {
			v.Conflicts = append(v.Conflicts, conflictView{c.ID, c.At, maskedIf(masked, c.Value()), c.Origin, c.Wrote})
		}
	}
	for _, p := range f.Photos {
		if e.whole || e.staff {
			v.Photos = append(v.Photos, photoView{p.ID, p.About, p.Note, p.At, p.Width, p.Height})
		}
	}
	if f.State == farmer.Draft {
		v.Lacks = viewFields(f.Lacks(e.forms), e.lang)
	}
	return v
}

// at says whether the field of an address is shown, and whether it is masked.
func (e eyesOf) at(address string) (shown, masked bool) {
	a, ok := farmer.ParseAddress(address)
	if !ok || e.forms[a.Section] == nil {
		return false, false
	}
	c := e.forms[a.Section].Column(a.Key)
	if c == nil {
		return e.whole || e.staff, false
	}
	return e.sees(e.forms[a.Section], c)
}

func maskedIf(masked bool, v any) any {
	if s, is := v.(string); is && masked {
		return models.NewSecret(s).String()
	}
	return v
}

// sections are a file's cells by section, row and field in the order of the forms.
func (e eyesOf) sections(f *farmer.File) []sectionView {
	all := []sectionView{}
	for _, name := range e.forms.Sections() {
		s := e.forms[name]
		sv := sectionView{Section: name, Title: s.Form.Name.In(e.lang), Form: f.Forms[name], Rows: []rowView{}}
		for _, r := range f.Rows(name) {
			rv := rowView{ID: r.ID, Cells: []cellView{}}
			for i := range s.Columns {
				c := &s.Columns[i]
				cell, there := r.Cells[c.Key]
				shown, masked := e.sees(s, c)
				if !there || !shown {
					continue
				}
				at := farmer.Address{Section: name, Row: r.ID, Key: c.Key}.String()
				cv := cellView{At: at, Title: c.Title.In(e.lang), Value: maskedIf(masked, cell.Value()), Unit: c.Unit, Origin: cell.Origin,
					Wrote: cell.At, Record: cell.Record}
				if s, is := cell.Value().(string); is && len(c.Choices) > 0 {
					cv.Shown = c.Label(s).In(e.lang)
				}
				rv.Cells = append(rv.Cells, cv)
			}
			if len(rv.Cells) > 0 {
				sv.Rows = append(sv.Rows, rv)
			}
		}
		if len(sv.Rows) > 0 {
			all = append(all, sv)
		}
	}
	return all
}

type editRequest struct {
	At     string     `json:"at" validate:"required,max=140" description:"land/contracted, or members/<row>/name; <section>/<row>/~gone with true takes a row out"`
	Value  any        `json:"value" description:"Text, whole number, true or false; null takes the field out"`
	Wrote  time.Time  `json:"wrote" validate:"required" description:"By the phone's clock"`
	Seen   *time.Time `json:"seen,omitempty" description:"The field's wrote as the phone last saw it; absent: it knew of none"`
	Record string     `json:"record,omitempty" validate:"max=64"`
}

// whole makes an int64 of a whole number, as JSON brings it. Beyond 1e15 a float64 is not exact.
func whole(v any) any {
	if n, is := v.(float64); is && math.Abs(n) <= 1e15 && n == math.Trunc(n) {
		return int64(n)
	}
	return v
}

func edits(in []editRequest) []farmer.Edit {
	out := make([]farmer.Edit, len(in))
	for i, e := range in {
		out[i] = farmer.Edit{At: e.At, Value: whole(e.Value), Wrote: e.Wrote, Seen: e.Seen, Record: e.Record}
	}
	return out
}

type verdictView struct {
	At      string         `json:"at"`
	Outcome farmer.Outcome `json:"outcome"`
	Code    string         `json:"code,omitempty"`
	Message string         `json:"message,omitempty"`
	Other   any            `json:"other,omitempty" personal:"true" description:"Of a conflict, what somebody else had written"`
	Wrote   *time.Time     `json:"otherWrote,omitempty"`
	Origin  farmer.Origin  `json:"otherOrigin,omitempty"`
}

type opView struct {
	Op       string         `json:"op"`
	Taken    bool           `json:"taken" description:"false: nothing of it was; the problem says why"`
	File     string         `json:"householdId,omitempty"`
	Created  bool           `json:"created,omitempty"`
	Revision int64          `json:"revision,omitempty"`
	State    farmer.State   `json:"state,omitempty"`
	Verdicts []verdictView  `json:"verdicts" description:"Of every field that was not simply taken"`
	Applied  int            `json:"applied"`
	Problem  *farmOpProblem `json:"problem,omitempty"`
}

type farmOpProblem struct {
	Code    models.Code        `json:"code"`
	Reason  string             `json:"reason"`
	Message string             `json:"message"`
	Errors  []api.ProblemField `json:"errors,omitempty"`
}

func viewOp(op string, c usecase.Collected, lang string) opView {
	v := opView{Op: op, Taken: true, Created: c.Created, Verdicts: []verdictView{}}
	if c.File != nil {
		v.File, v.Revision, v.State = c.File.ID, c.File.Revision, c.File.State
	}
	for _, x := range c.Verdicts {
		if x.Outcome == farmer.Applied || x.Outcome == farmer.Unchanged {
			v.Applied++
			continue
		}
		vv := verdictView{At: x.At, Outcome: x.Outcome, Code: x.Code}
		if x.Code != "" {
			vv.Message = api.Say("field."+x.Code, lang, nil)
		}
		if x.Other != nil {
			vv.Other, vv.Wrote, vv.Origin = x.Other.Value(), &x.Other.At, x.Other.Origin
		}
		if x.Outcome == farmer.Overwrote {
			v.Applied++
		}
		v.Verdicts = append(v.Verdicts, vv)
	}
	return v
}

type shareView struct {
	Consent   string            `json:"consentId"`
	Bank      string            `json:"bank"`
	Name      string            `json:"bankName"`
	State     farmer.ShareState `json:"state"`
	Scopes    []file.ScopeView  `json:"scopes"`
	Reads     []readView        `json:"reads"`
	Due       models.Day        `json:"deletionDue,omitempty"`
	DeletedAt *time.Time        `json:"deletedAt,omitempty"`
}

type readView struct {
	Receipt string    `json:"receiptId"`
	Digest  string    `json:"sha256"`
	At      time.Time `json:"at"`
}

func viewShare(lang string) func(*farmer.Share) shareView {
	return func(s *farmer.Share) shareView {
		v := shareView{Consent: s.ID, Bank: s.Bank, Name: s.Name, State: s.State, Due: s.Due, DeletedAt: s.DeletedAt, Scopes: []file.ScopeView{},
			Reads: []readView{}}
		for _, scope := range s.Scopes {
			v.Scopes = append(v.Scopes, file.ViewScope(scope, lang))
		}
		for _, r := range s.Reads {
			v.Reads = append(v.Reads, readView{r.Receipt, r.Digest, r.At})
		}
		return v
	}
}
