package farmer

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"xinyi/models"
)

// An Edit is one cell as a phone wrote it, perhaps days ago and without a network.
type Edit struct {
	At     string     // the address
	Value  any        // nil takes the cell out; of "…/~gone" true takes the row out
	Wrote  time.Time  // by the phone's clock
	Seen   *time.Time // the Wrote of the cell the phone knew; nil: it knew of none
	Record string     // of a department's or a bank's
}

// tellers are the sections that others than the household and the village may write, by who they are.
//
// Source: docs/sources.md#farmer-file.
var tellers = map[Origin][]string{
	Self: nil, Collector: nil, // any
	Department: {Land, Insurance, Honours, Conduct, Venture},
	Bank:       {Debts},
}

// An Outcome is how an edit came out.
type Outcome string

// The outcomes.
const (
	Applied   Outcome = "APPLIED"
	Unchanged Outcome = "UNCHANGED" // the cell says so already
	Overwrote Outcome = "OVERWROTE" // it stands, and took the place of what somebody else had written meanwhile
	Kept      Outcome = "KEPT"      // what somebody else wrote later stands
	Refused   Outcome = "REFUSED"
)

// Enum are all of them.
func (Outcome) Enum() []any { return models.Enum(Applied, Unchanged, Overwrote, Kept, Refused) }

// A Verdict is what became of an edit.
type Verdict struct {
	At      string
	Outcome Outcome
	Code    string // why it was refused
	Other   *Cell  // of a conflict, what the other wrote
}

// Took says whether an operation of a phone was taken before.
func (f *File) Took(op string) bool { return op != "" && slices.Contains(f.Ops, op) }

// take notes that an operation was taken.
func (f *File) take(op string) {
	if op == "" || slices.Contains(f.Ops, op) {
		return
	}
	f.Ops = append(f.Ops, op)
	if len(f.Ops) > maxOps {
		f.Ops = slices.Delete(f.Ops, 0, len(f.Ops)-maxOps)
	}
}

// Takes says whether somebody may write here at all. Errors: Forbidden "farmer.not_yours"; Conflict "farmer.file_left".
func (f *File) Takes(by models.Actor) error {
	origin := OriginOf(by)
	switch {
	case f.State == Left:
		return models.E(models.Conflict, "farmer.file_left")
	case origin == Self && !f.Mine(by.Person), origin == Collector && !mayWriteIn(by, f.Village), origin == Department &&
		!by.Region.Contains(f.Village), origin == "":
		return models.E(models.Forbidden, "farmer.not_yours")
	}
	return nil
}

// An Operation is what a phone wrote at one go.
type Operation struct {
	ID    string // the phone's, "" none
	Edits []Edit
	Skew  time.Duration // by how much the phone's clock may run ahead
}

// Apply takes edits, cell by cell: the one written last stands, and whoever wrote without knowing of the other is named a conflict.
// forms are those in force; a section goes over to its form's version with the first edit by it. The same operation twice changes
// nothing. Errors: Forbidden; Conflict "farmer.file_left". What is wrong with an edit is its own verdict.
func (f *File) Apply(op Operation, forms Forms, by models.Actor, now time.Time) ([]Verdict, error) {
	if err := f.Takes(by); err != nil {
		return nil, err
	}
	if f.Cells == nil { // a file that was started and cut off before its first cell
		f.Cells = map[string]Cell{}
	}
	if f.Forms == nil {
		f.Forms = map[string]string{}
	}
	origin := OriginOf(by)
	verdicts := make([]Verdict, len(op.Edits))
	changed := false
	for i, e := range op.Edits {
		if e.Wrote.After(now.Add(op.Skew)) {
			e.Wrote = now // a phone whose clock runs ahead wins nothing by it
		}
		e.Wrote = *models.At(e.Wrote)
		v := f.edit(e, forms, origin, by, now)
		verdicts[i] = v
		changed = changed || v.Outcome == Applied || v.Outcome == Overwrote
	}
	f.take(op.ID)
	if !changed {
		return verdicts, nil
	}
	f.Makers.Touch(by)
	if f.State != Draft {
		if err := f.Move(moves, Draft, by.At(now), "farmer.file_state"); err != nil {
			return nil, err
		}
	}
	return verdicts, nil
}

// edit takes one edit.
func (f *File) edit(e Edit, forms Forms, origin Origin, by models.Actor, now time.Time) Verdict {
	next, code := f.read(e, forms)
	if code != "" {
		return Verdict{At: e.At, Outcome: Refused, Code: code}
	}
	if (origin == Department || origin == Bank) && e.Record == "" {
		return Verdict{At: e.At, Outcome: Refused, Code: "farmer_record"}
	}
	a, _ := ParseAddress(e.At)
	switch {
	case tellers[origin] != nil && !slices.Contains(tellers[origin], a.Section):
		return Verdict{At: e.At, Outcome: Refused, Code: "farmer_not_told"}
	case origin == Self && a.Number(): // or anybody could say that somebody is theirs
		return Verdict{At: e.At, Outcome: Refused, Code: "farmer_number_staff"}
	}
	next.Origin, next.By, next.At, next.Record = origin, by.Principal(), e.Wrote, e.Record
	old, there := f.Cells[e.At]
	known := !there || e.Seen != nil && old.At.Equal(*models.At(*e.Seen))
	switch {
	case there && same(old, next):
		if next.At.After(old.last()) {
			old.Again = next.At
			f.Cells[e.At] = old
		}
		return Verdict{At: e.At, Outcome: Unchanged}
	case !there && e.Value == nil:
		return Verdict{At: e.At, Outcome: Unchanged}
	case known || there && old.By == next.By && !next.At.Before(old.last()):
		f.put(e.At, next, e.Value == nil, now, by)
		return Verdict{At: e.At, Outcome: Applied}
	case next.At.After(old.last()) || next.At.Equal(old.last()) && next.By > old.By:
		f.put(e.At, next, e.Value == nil, now, by)
		f.conflict(e.At, old)
		return Verdict{At: e.At, Outcome: Overwrote, Other: &old}
	}
	f.conflict(e.At, next)
	return Verdict{At: e.At, Outcome: Kept, Other: &old}
}

// read finds out what an edit means by the form, or what is wrong with it.
func (f *File) read(e Edit, forms Forms) (Cell, string) {
	a, ok := ParseAddress(e.At)
	if !ok {
		return Cell{}, "farmer_address"
	}
	sheet := forms[a.Section]
	if sheet == nil {
		return Cell{}, "farmer_no_field"
	}
	if (a.Row != "") != (sheet.Form.Rows > 0) {
		return Cell{}, "farmer_address"
	}
	if a.Key == gone {
		if e.Value != true {
			return Cell{}, "farmer_address"
		}
		f.Forms[a.Section] = sheet.Form.ID
		return Cell{Plain: true}, ""
	}
	col := sheet.Column(a.Key)
	switch {
	case col == nil:
		return Cell{}, "farmer_no_field"
	case col.Restricted && !f.Open():
		return Cell{}, "farmer_no_consent"
	case f.full(a, sheet.Form.Rows):
		return Cell{}, "farmer_full"
	}
	if e.Value == nil {
		return Cell{}, ""
	}
	v, err := col.Value(e.Value)
	if err != nil {
		return Cell{}, codeOf(err)
	}
	if a.Key == FieldID {
		n, err := models.ParseIDNumber(fmt.Sprint(v))
		if err != nil {
			return Cell{}, "cnid"
		}
		v = n.Reveal()
	}
	f.Forms[a.Section] = sheet.Form.ID
	return col.cell(v), ""
}

// full says whether a cell, or its row, would be one too many.
func (f *File) full(a Address, rows int) bool {
	if _, there := f.Cells[a.String()]; there {
		return false
	}
	if len(f.Cells) >= maxCells {
		return true
	}
	if a.Row == "" {
		return false
	}
	have := f.Rows(a.Section)
	return len(have) >= rows && !slices.ContainsFunc(have, func(r Row) bool { return r.ID == a.Row })
}

// put writes a cell, and tells when others may be of the household now.
func (f *File) put(at string, c Cell, out bool, now time.Time, by models.Actor) {
	if a, _ := ParseAddress(at); a.Number() || a.Section == Members && a.Key == gone {
		f.Publish(EventPeople, "", by, now)
	}
	if out {
		delete(f.Cells, at)
		return
	}
	f.Cells[at] = c
}

func (f *File) conflict(at string, lost Cell) {
	id := models.Derived("conflict", f.ID, at, lost.By, lost.At.String())
	if slices.ContainsFunc(f.Conflicts, func(c Conflict) bool { return c.ID == id }) {
		return
	}
	if len(f.Conflicts) >= maxConflicts {
		f.Conflicts = f.Conflicts[1:]
	}
	f.Conflicts = append(f.Conflicts, Conflict{ID: id, At: at, Lost: hide(lost.Value()), By: lost.By, Origin: lost.Origin, Wrote: lost.At})
}

// Value is what did not stand.
func (c Conflict) Value() any { return open(c.Lost) }

// Settle decides a conflict: what lost stands after all, or what stands is right. Errors: NotFound; Forbidden; Conflict
// "farmer.write_anew" for a number, since whoever lost may be of another household by now.
func (f *File) Settle(id string, lostStands bool, forms Forms, by models.Actor, now time.Time) error {
	i := slices.IndexFunc(f.Conflicts, func(c Conflict) bool { return c.ID == id })
	switch {
	case i < 0:
		return models.E(models.NotFound, "not_found")
	case !mayWriteIn(by, f.Village) && !f.Mine(by.Person):
		return models.E(models.Forbidden, "farmer.not_yours")
	}
	c := f.Conflicts[i]
	if a, _ := ParseAddress(c.At); lostStands && a.Number() {
		return models.E(models.Conflict, "farmer.write_anew")
	}
	if lostStands {
		old := f.Cells[c.At]
		e := Edit{At: c.At, Value: c.Value(), Wrote: now, Seen: &old.At}
		if _, there := f.Cells[c.At]; !there {
			e.Seen = nil
		}
		verdicts, err := f.Apply(Operation{ID: "", Edits: []Edit{e}, Skew: 0}, forms, by, now)
		if err != nil {
			return err
		}
		if v := verdicts[0]; v.Outcome == Refused {
			return &models.Error{Code: models.Invalid, Reason: "farmer.value", Fields: []models.Field{{Pointer: "/" + c.At, Code: v.Code}}}
		}
	}
	f.Conflicts = slices.DeleteFunc(f.Conflicts, func(x Conflict) bool { return x.ID == id })
	return nil
}

func codeOf(err error) string {
	var e *models.Error
	if errors.As(err, &e) && len(e.Fields) > 0 {
		return e.Fields[0].Code
	}
	return "wrong_type"
}
