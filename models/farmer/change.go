package farmer

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"xinyi/models"
)

// A ChangeKind says what somebody wants changed.
type ChangeKind string

// The kinds of changes.
const (
	Correct ChangeKind = "CORRECT" // cells say something wrong
	NewHead ChangeKind = "HEAD"    // another member is the head from now on
	Split   ChangeKind = "SPLIT"   // members make a household of their own
	Merge   ChangeKind = "MERGE"   // another household joins this one
	Move    ChangeKind = "MOVE"    // the household lives in another village now
	Exit    ChangeKind = "EXIT"    // no file any more
)

// Enum are all of them.
func (ChangeKind) Enum() []any { return models.Enum(Correct, NewHead, Split, Merge, Move, Exit) }

// ChangeKinds lists them.
var ChangeKinds = []ChangeKind{Correct, NewHead, Split, Merge, Move, Exit}

// A ChangeState is where a change stands.
type ChangeState string

// The states of a change.
const (
	ChangePending  ChangeState = "PENDING"
	ChangeRevision ChangeState = "REVISION" // whoever asked has to say more
	ChangeApproved ChangeState = "APPROVED"
	ChangeRejected ChangeState = "REJECTED"
	ChangeDropped  ChangeState = "WITHDRAWN"
)

// Enum are all of them.
func (ChangeState) Enum() []any {
	return models.Enum(ChangePending, ChangeRevision, ChangeApproved, ChangeRejected, ChangeDropped)
}

// ChangeStates lists them.
var ChangeStates = []ChangeState{ChangePending, ChangeRevision, ChangeApproved, ChangeRejected, ChangeDropped}

var changeActs = models.Acts[ChangeState]{
	models.From(ChangePending).To(ChangeRevision).Another("Revise", models.VillageStaff, models.TownStaff),
	models.From(ChangePending).To(ChangeApproved).Another("Approve", models.VillageStaff, models.TownStaff),
	models.From(ChangePending).To(ChangeRejected).Another("Reject", models.VillageStaff, models.TownStaff),
	models.From(ChangePending, ChangeRevision).To(ChangeDropped).By("Drop", models.Resident, models.VillageStaff, models.TownStaff),
	models.From(ChangeRevision).To(ChangePending).By("Again", models.Resident),
}

var changeMoves = changeActs.Machine()

// A Want is one cell as it should be.
type Want struct {
	At    string        `bson:"at"`
	Value models.Secret `bson:"value"` // as JSON; of nothing: the cell is to go
}

// To is the value wanted, nil for none.
func (w Want) To() any {
	if w.Value.Empty() {
		return nil
	}
	return open(w.Value)
}

// NewWant says how a cell should be; nil: it is to go.
func NewWant(at string, v any) Want {
	if v == nil {
		return Want{At: at}
	}
	return Want{at, hide(v)}
}

// A Change is what somebody wants changed of a file. Another person decides; then it is done.
type Change struct {
	models.Meta              `bson:",inline"`
	models.Life[ChangeState] `bson:",inline"`

	Household string         `bson:"household"`
	Village   models.Region  `bson:"village"`
	Kind      ChangeKind     `bson:"kind"`
	Person    string         `bson:"person,omitempty"` // the head's account, to be told
	By        models.Actor   `bson:"by"`
	Reason    string         `bson:"reason"`
	Wants     []Want         `bson:"wants,omitempty"`   // CORRECT
	Rows      []string       `bson:"rows,omitempty"`    // SPLIT: members; the first is the head. HEAD: the member
	Into      models.Region  `bson:"into,omitempty"`    // MOVE: the village
	Other     string         `bson:"other,omitempty"`   // MERGE: the household that joins
	NewNo     string         `bson:"newNo,omitempty"`   // SPLIT, MOVE: the number there
	Made      string         `bson:"made,omitempty"`    // SPLIT: the file it made
	Topic     string         `bson:"lane"`              // what it clashes with: one of a kind waits at a time, of CORRECT one a cell
	Slot      string         `bson:"slot,omitempty"`    // unique while it waits
	Answer    string         `bson:"answer,omitempty"`  // of whoever decided
	Judge     string         `bson:"judge,omitempty"`   //
	DoneAt    *time.Time     `bson:"doneAt,omitempty"`  // carried out
	Failed    string         `bson:"failed,omitempty"`  // why it could not be: the reason's key
	Photos    []string       `bson:"photos,omitempty"`  // of the file, as evidence
	History   []models.Moved `bson:"history,omitempty"` // earlier decisions
}

// Ask wants something changed. Errors: Forbidden; Invalid "farmer.change_invalid"; Conflict "farmer.file_left".
func Ask(id string, f *File, c Change, by models.Actor, now time.Time) (*Change, error) {
	switch {
	case f.State == Left:
		return nil, models.E(models.Conflict, "farmer.file_left")
	case !f.Mine(by.Person) && !mayWriteIn(by, f.Village):
		return nil, models.E(models.Forbidden, "farmer.not_yours")
	}
	c.Household, c.Village, c.Person, c.By = f.ID, f.Village, f.Person, by
	if err := c.Fits(f, models.DayOf(now)); err != nil {
		return nil, err
	}
	c.ID, c.State, c.Moved = id, ChangePending, models.Moved{By: by.Role, At: now}
	c.Topic = string(c.Kind)
	if c.Kind == Correct {
		var ats []string
		for _, w := range c.Wants {
			ats = append(ats, w.At)
		}
		slices.Sort(ats)
		c.Topic += "/" + strings.Join(ats, " ")
	}
	c.Slot = models.Derived(f.ID, c.Topic)
	c.Publish(EventAsked.Of(ChangeData{Kind: c.Kind}), f.Person, by, now)
	return &c, nil
}

// Fits says whether what is wanted can be done to the file as it is. Errors: Invalid "farmer.change_invalid"; Conflict
// "farmer.file_left".
func (c *Change) Fits(f *File, today models.Day) error {
	if f.State == Left {
		return models.E(models.Conflict, "farmer.file_left")
	}
	if faults := c.check(f, today); len(faults) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "farmer.change_invalid", Fields: faults}
	}
	return nil
}

// check finds what is wrong with what is wanted.
func (c *Change) check(f *File, today models.Day) (faults []models.Field) {
	fault := func(bad bool, pointer, code string) {
		if bad {
			faults = append(faults, models.Field{Pointer: pointer, Code: code})
		}
	}
	member := func(row string) bool {
		return slices.ContainsFunc(f.Rows(Members), func(r Row) bool { return r.ID == row })
	}
	fault(c.Reason == "", "/reason", "required")
	switch c.Kind {
	case Correct:
		fault(len(c.Wants) == 0 || len(c.Wants) > 40, "/wants", "required")
		for _, w := range c.Wants {
			a, ok := ParseAddress(w.At)
			fault(!ok || a.Key == gone, "/wants", "farmer_address")
		}
	case NewHead:
		fault(len(c.Rows) != 1 || !member(c.Rows[0]), "/members", "farmer_member")
	case Split:
		fault(len(c.Rows) == 0 || slices.ContainsFunc(c.Rows, func(r string) bool { return !member(r) }), "/members", "farmer_member")
		fault(c.NewNo == "", "/no", "required")
	case Merge:
		fault(c.Other == "" || c.Other == f.ID, "/household", "farmer_other")
	case Move:
		fault(len(c.Into) != 12 || c.Into == f.Village, "/village", "farmer_village")
		fault(c.NewNo == "", "/no", "required")
	case Exit:
	default:
		fault(true, "/kind", "oneof")
	}
	fault(len(faults) == 0 && c.minor(f, today), "/members", "farmer_minor")
	return faults
}

// judges says whether by may decide: staff of the place, and not whoever asked.
func (c *Change) judges(by models.Actor) error {
	if !by.Is(models.VillageStaff, models.TownStaff) || !by.Region.Contains(c.Village) || c.Kind == Move && !by.Is(models.TownStaff) {
		return models.E(models.Forbidden, "farmer.other_region")
	}
	return models.Makers{c.By}.Second(by)
}

func (c *Change) decide(to ChangeState, kind models.Kind[DecidedData], answer string, by models.Actor, now time.Time) error {
	if err := c.judges(by); err != nil {
		return err
	}
	was := c.Moved
	if err := c.Move(changeMoves, to, by.At(now).Because(answer), "farmer.change_state"); err != nil {
		return err
	}
	c.History = append(c.History, was)
	c.Answer, c.Judge = answer, by.Principal()
	if to != ChangeRevision {
		c.Slot = ""
	}
	c.Publish(kind.Of(DecidedData{Kind: c.Kind, Reason: answer}), c.Person, by, now)
	return nil
}

// Approve has the change done. Errors: Forbidden; InvalidTransition.
func (c *Change) Approve(answer string, by models.Actor, now time.Time) error {
	return c.decide(ChangeApproved, EventApproved, answer, by, now)
}

// Reject leaves the file as it is. Errors: Forbidden; InvalidTransition.
func (c *Change) Reject(answer string, by models.Actor, now time.Time) error {
	return c.decide(ChangeRejected, EventRejected, answer, by, now)
}

// Revise asks for more. Errors: Forbidden; InvalidTransition.
func (c *Change) Revise(answer string, by models.Actor, now time.Time) error {
	return c.decide(ChangeRevision, EventRevise, answer, by, now)
}

// Again hands a change in once more, after a revision was asked for. Errors: Forbidden for anybody else; Invalid; InvalidTransition.
func (c *Change) Again(next Change, f *File, by models.Actor, now time.Time) error {
	if by.Person != c.By.Person {
		return models.E(models.Forbidden, "farmer.not_yours")
	}
	next.Kind = c.Kind
	if err := next.Fits(f, models.DayOf(now)); err != nil {
		return err
	}
	if err := c.Move(changeMoves, ChangePending, by.At(now), "farmer.change_state"); err != nil {
		return err
	}
	c.Reason, c.Wants, c.Rows, c.Into, c.Other, c.NewNo, c.Photos = next.Reason, next.Wants, next.Rows, next.Into, next.Other, next.NewNo,
		next.Photos
	c.Publish(EventAsked.Of(ChangeData{Kind: c.Kind}), c.Person, by, now)
	return nil
}

// Drop takes a change back. Errors: Forbidden for anybody else; InvalidTransition.
func (c *Change) Drop(by models.Actor, now time.Time) error {
	if by.Person != c.By.Person {
		return models.E(models.Forbidden, "farmer.not_yours")
	}
	c.Slot = ""
	return c.Move(changeMoves, ChangeDropped, by.At(now), "farmer.change_state")
}

// Done notes that the change was carried out, or why it could not be. It says whether anything changed.
func (c *Change) Done(made, failed string, now time.Time) bool {
	if c.State != ChangeApproved || c.DoneAt != nil {
		return false
	}
	c.Made, c.Failed, c.DoneAt = made, failed, models.At(now)
	c.Publish(EventCorrected.Of(CorrectedData{Kind: c.Kind, Failed: failed}), c.Person, models.Clockwork, now)
	return true
}

// A Difference is one cell before and after.
type Difference struct {
	At            string
	Before, After any // nil: none
}

// Preview is what the change would do to the file, cell by cell in the order of their addresses. made are the cells of the new
// file of a split.
func (c *Change) Preview(f *File) (diffs, made []Difference) {
	next := f.after(c)
	ats := map[string]bool{}
	for at := range f.Cells {
		ats[at] = true
	}
	for at := range next {
		ats[at] = true
	}
	for at := range ats {
		old, was := f.Cells[at]
		cell, is := next[at]
		if was && is && same(old, cell) {
			continue
		}
		d := Difference{At: at}
		if was {
			d.Before = old.Value()
		}
		if is {
			d.After = cell.Value()
		}
		diffs = append(diffs, d)
	}
	if c.Kind == Split {
		for at, cell := range f.apart(c) {
			made = append(made, Difference{At: at, After: cell.Value()})
		}
	}
	byAt := func(a, b Difference) int { return cmp.Compare(a.At, b.At) }
	slices.SortFunc(diffs, byAt)
	slices.SortFunc(made, byAt)
	return diffs, made
}

// after are the cells of the file once the change is done.
func (f *File) after(c *Change) map[string]Cell {
	next := make(map[string]Cell, len(f.Cells))
	for at, cell := range f.Cells {
		next[at] = cell
	}
	switch c.Kind {
	case Correct:
		for _, w := range c.Wants {
			if v := w.To(); v == nil {
				delete(next, w.At)
			} else {
				old := next[w.At]
				if old.Hidden.Empty() && old.Plain != nil {
					next[w.At] = Cell{Plain: v}
				} else {
					next[w.At] = Cell{Hidden: hide(v)}
				}
			}
		}
	case NewHead:
		swap(next, c.Rows[0])
	case Split:
		for _, row := range c.Rows {
			cut(next, row)
		}
	case Exit:
		clear(next)
	case Merge, Move:
	}
	return next
}

// swap makes a member the head and the head a member.
func swap(cells map[string]Cell, row string) {
	head := map[string]Cell{}
	for _, key := range personal {
		h, m := Address{Section: Head, Key: key}.String(), Address{Members, row, key}.String()
		if c, ok := cells[m]; ok {
			head[h] = c
		}
		if c, ok := cells[h]; ok {
			cells[m] = c
		} else {
			delete(cells, m)
		}
		delete(cells, h)
	}
	for at, c := range head {
		cells[at] = c
	}
	delete(cells, Address{Members, row, "relation"}.String()) // to be asked anew
}

// personal are the fields that go with a person from member to head.
var personal = []string{FieldName, FieldID, "phone", "birthYear", "education", "certificate"}

// cut takes a member's row out.
func cut(cells map[string]Cell, row string) {
	for at := range cells {
		if a, ok := ParseAddress(at); ok && a.Section == Members && a.Row == row {
			delete(cells, at)
		}
	}
}

// apart are the cells of the file that a split makes: its first member is the head.
func (f *File) apart(c *Change) map[string]Cell {
	made := map[string]Cell{}
	for at, cell := range f.Cells {
		a, ok := ParseAddress(at)
		if !ok || a.Section != Members || !slices.Contains(c.Rows, a.Row) {
			continue
		}
		if a.Row != c.Rows[0] {
			made[at] = cell
		} else if slices.Contains(personal, a.Key) {
			made[Address{Section: Head, Key: a.Key}.String()] = cell
		}
	}
	return made
}

// Numbers are the ID numbers that a change would write into the file.
func (c *Change) Numbers() (all []models.IDNumber) {
	for _, w := range c.Wants {
		if a, _ := ParseAddress(w.At); !a.Number() {
			continue
		}
		if s, is := w.To().(string); is {
			if n, err := models.ParseIDNumber(s); err == nil { // of any other the form says what is wrong
				all = append(all, n)
			}
		}
	}
	return all
}

// minor says whether whoever would lead a household after the change is not of age, as far as the file tells.
func (c *Change) minor(f *File, today models.Day) bool {
	under := func(number string) bool {
		n, err := models.ParseIDNumber(number)
		return err == nil && !models.Adult(n.Birth(), today)
	}
	switch c.Kind { //nolint:exhaustive // no other names a head
	case Correct:
		return slices.ContainsFunc(c.Wants, func(w Want) bool {
			s, is := w.To().(string)
			return is && w.At == HeadNumber && under(s)
		})
	case NewHead, Split:
		for _, r := range f.Rows(Members) {
			if r.ID == c.Rows[0] {
				return under(r.text(FieldID)) || r.Cells["minor"].Value() == true
			}
		}
	}
	return false
}

// Forget takes out what the change would write, or wrote, into restricted cells: the agreement to them is withdrawn. It says whether
// there was any.
func (c *Change) Forget(forms Forms) bool {
	n := len(c.Wants)
	c.Wants = slices.DeleteFunc(c.Wants, func(w Want) bool { return restricted(forms, w.At) })
	return len(c.Wants) != n
}

// Did says whether a change is done to the file.
func (f *File) Did(id string) bool { return slices.Contains(f.Applied, id) }

// Carry does an approved change to the file. The origin of what it writes is whoever asked. It says whether anything changed.
// Errors: Invalid "farmer.change_invalid" when the file is another by now, "farmer.value" with the cells that do not fit their forms;
// Conflict "farmer.file_left".
func (f *File) Carry(c *Change, forms Forms, now time.Time) (bool, error) {
	if f.Did(c.ID) {
		return false, nil
	}
	if err := c.Fits(f, models.DayOf(now)); err != nil {
		return false, err
	}
	if c.Kind == Exit {
		f.Applied = append(f.Applied, c.ID)
		return true, f.Leave(c.Reason, models.Clockwork, now)
	}
	if c.Kind == Correct {
		return true, f.correct(c, forms, now)
	}
	if c.Kind == NewHead || c.Kind == Split {
		f.Cells = f.after(c)
	}
	if c.Kind == NewHead { // nobody agrees for somebody else
		f.close(forms, func(Agreement) bool { return true }, models.Clockwork, now)
	}
	if c.Kind == Move {
		f.Village, f.No, f.Slot = c.Into, c.NewNo, string(c.Into)+"/"+c.NewNo
	}
	f.Applied = append(f.Applied, c.ID)
	return true, f.again(now)
}

// again has the file looked at anew: a head that changed is not verified.
func (f *File) again(now time.Time) error {
	if f.State == Draft {
		return nil
	}
	return f.Move(moves, Draft, models.Clockwork.At(now), "farmer.file_state")
}

// correct writes what was wanted; two people have looked by then, so a verified file stays verified.
func (f *File) correct(c *Change, forms Forms, now time.Time) error {
	var faults []models.Field
	cells := make([]Cell, len(c.Wants))
	for i, w := range c.Wants {
		var code string
		if cells[i], code = f.read(Edit{At: w.At, Value: w.To(), Wrote: now}, forms); code != "" {
			faults = append(faults, models.Field{Pointer: "/" + w.At, Code: code})
		}
	}
	if len(faults) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "farmer.value", Fields: faults}
	}
	for i, w := range c.Wants {
		cells[i].Origin, cells[i].By, cells[i].At = OriginOf(c.By), c.By.Principal(), *models.At(now)
		f.put(w.At, cells[i], w.To() == nil, now, c.By)
		f.Conflicts = slices.DeleteFunc(f.Conflicts, func(x Conflict) bool { return x.At == w.At })
	}
	f.Applied = append(f.Applied, c.ID)
	if f.State == Verified {
		f.Publish(EventVerified, f.Person, models.Clockwork, now)
	}
	return nil
}

// SplitOff is the file that a split makes.
func (f *File) SplitOff(id string, c *Change, now time.Time) *File {
	made := &File{No: c.NewNo, Village: f.Village, FiledOn: models.DayOf(now), Cells: f.apart(c), Forms: map[string]string{},
		Slot: string(f.Village) + "/" + c.NewNo}
	made.ID, made.State, made.Moved = id, Draft, models.Moved{By: models.System, At: now}
	for _, section := range []string{Head, Members} {
		if form, ok := f.Forms[section]; ok {
			made.Forms[section] = form
		}
	}
	return made
}

// Join takes the people and the rows of another household in: its head becomes a member. What is restricted comes along only when
// this household's head has agreed to it. It says whether anything changed.
func (f *File) Join(other *File, c *Change, forms Forms, now time.Time) (bool, error) {
	if f.Did(c.ID) {
		return false, nil
	}
	short := other.ID[:min(len(other.ID), 8)]
	for at, cell := range other.Cells {
		a, ok := ParseAddress(at)
		switch {
		case !ok, restricted(forms, at) && !f.Open():
		case a.Row != "":
			f.Cells[Address{a.Section, short + "-" + a.Row[:min(len(a.Row), 30)], a.Key}.String()] = cell
			f.keepForm(a.Section, other)
		case a.Section == Head && slices.Contains(personal, a.Key):
			f.Cells[Address{Members, short + "-head", a.Key}.String()] = cell
		}
	}
	f.Applied = append(f.Applied, c.ID)
	return true, f.again(now)
}

func (f *File) keepForm(section string, other *File) {
	if f.Forms[section] == "" {
		f.Forms[section] = other.Forms[section]
	}
}
