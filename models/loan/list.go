package loan

import (
	"slices"
	"time"

	"xinyi/models"
)

// Fields are the fields of white-lists (白名单), each with a unit that answers for it.
//
// Source: docs/sources.md#loan-lists.
var Fields = []string{"agriculture", "technology", "manufacturing", "commerce", "culture", "tourism", "construction", "transport"}

// A ListState is where a white-list stands.
type ListState string

// The states of a white-list.
const (
	Gathering ListState = "DRAFT"
	Checked   ListState = "CHECKED"
	OnNotice  ListState = "NOTICE"
	Published ListState = "PUBLISHED"
	Closed    ListState = "CLOSED"
)

// Enum are all of them.
func (ListState) Enum() []any { return models.Enum(Gathering, Checked, OnNotice, Published, Closed) }

// ListStates lists them.
var ListStates = []ListState{Gathering, Checked, OnNotice, Published, Closed}

var listActs = models.Acts[ListState]{
	models.From(Gathering, OnNotice).To(Checked).By("Check", models.Department),
	models.From(Checked).To(OnNotice).By("Show", models.Department),
	models.From(Gathering, Checked, OnNotice, Published).To(Closed).By("Wake", models.System),
	models.From(OnNotice).To(Published).By("Publish", models.System),
}

var listMoves = listActs.Machine()

// An EntryState is where one on a list stands.
type EntryState string

// The states of an entry.
const (
	Candidate EntryState = "CANDIDATE"
	Fit       EntryState = "FIT"
	Unfit     EntryState = "UNFIT" // the check found something; it says what
	Listed    EntryState = "LISTED"
	Struck    EntryState = "STRUCK"  // an objection was right
	Removed   EntryState = "REMOVED" // for a breach, or its time is over
)

// Enum are all of them.
func (EntryState) Enum() []any { return models.Enum(Candidate, Fit, Unfit, Listed, Struck, Removed) }

// An Entry is one organisation on a list.
type Entry struct {
	Code    models.USCC `bson:"code"`
	Name    string      `bson:"name"`
	State   EntryState  `bson:"state"`
	Found   []string    `bson:"found,omitempty"` // what stands against it: "<clause> <record>@<version>"
	Why     string      `bson:"why,omitempty"`
	Removed models.Day  `bson:"removed,omitempty"`
}

// A ListStandard is what a white-list asks of whoever is on it. It is fixed with the list.
type ListStandard struct {
	Words     models.Words `bson:"words"`
	Against   []string     `bson:"against"`   // catalogue items of which nobody on it may have one in force
	Penalties int          `bson:"penalties"` // serious penalties allowed in a year
	Months    int          `bson:"months"`    // the list is good so long once it is published
}

// maxEntries bounds a list.
const maxEntries = 1000

// A List is a field's white-list: those whom banks may trust to be what they say. It recommends; a bank decides.
type List struct {
	models.Meta            `bson:",inline"`
	models.Life[ListState] `bson:",inline"`

	Field    string        `bson:"field"`
	Unit     string        `bson:"unit"`
	Region   models.Region `bson:"region"`
	Name     models.Words  `bson:"name"`
	Standard ListStandard  `bson:"standard"`
	By       models.Actor  `bson:"by"`
	Entries  []Entry       `bson:"entries"`
	Notice   string        `bson:"notice,omitempty"`
	Until    models.Day    `bson:"until,omitempty"`
}

// A ListDraft is a list as it is to be.
type ListDraft struct {
	Field    string
	Name     models.Words
	Standard ListStandard
	Entries  []Entry
}

// NewList starts a list. Errors: Invalid "loan.list_invalid".
func NewList(id string, d ListDraft, by models.Actor, now time.Time) (*List, error) {
	l := &List{Field: d.Field, Unit: by.Org, Region: by.Region, Name: d.Name, Standard: d.Standard, By: by}
	l.ID, l.State, l.Moved = id, Gathering, models.Moved{By: by.Role, At: now}
	faults := d.Name.Check("/title", models.MaxTitle)
	fault := func(bad bool, pointer, code string) {
		if bad {
			faults = append(faults, models.Field{Pointer: pointer, Code: code})
		}
	}
	fault(!slices.Contains(Fields, d.Field), "/field", "oneof")
	fault(d.Standard.Months < 1 || d.Standard.Months > 60, "/standard/months", "range")
	fault(len(d.Entries) == 0 || len(d.Entries) > maxEntries, "/entries", "required")
	for i, e := range d.Entries {
		if slices.ContainsFunc(d.Entries[:i], func(o Entry) bool { return o.Code == e.Code }) {
			fault(true, "/entries", "unique")
		}
		l.Entries = append(l.Entries, Entry{Code: e.Code, Name: e.Name, State: Candidate})
	}
	if len(faults) > 0 {
		return nil, &models.Error{Code: models.Invalid, Reason: "loan.list_invalid", Fields: faults}
	}
	return l, nil
}

func (l *List) unit(by models.Actor) error {
	if by.Org != l.Unit {
		return models.E(models.NotFound, "not_found")
	}
	return nil
}

// Check keeps what was found of each candidate, nothing: fit. Errors: InvalidTransition.
func (l *List) Check(found map[models.USCC][]string, by models.Actor, now time.Time) error {
	if err := l.unit(by); err != nil {
		return err
	}
	if l.State != Checked { // it may be checked again
		if err := l.Move(listMoves, Checked, by.At(now), "loan.list_state"); err != nil {
			return err
		}
	}
	for i := range l.Entries {
		e := &l.Entries[i]
		if e.State == Struck {
			continue
		}
		e.Found, e.State = found[e.Code], Fit
		if len(e.Found) > 0 {
			e.State = Unfit
		}
	}
	l.Meta.Publish(EventListCheck, "", by, now)
	return nil
}

// Show notes that the notice is open. Errors: Conflict "loan.nobody_fits"; InvalidTransition.
func (l *List) Show(notice string, by models.Actor, now time.Time) error {
	if err := l.unit(by); err != nil {
		return err
	}
	if !slices.ContainsFunc(l.Entries, func(e Entry) bool { return e.State == Fit }) {
		return models.E(models.Conflict, "loan.nobody_fits")
	}
	l.Notice = notice
	return l.Move(listMoves, OnNotice, by.At(now), "loan.list_state")
}

// Publish takes what the notice came to. It says whether anything changed.
func (l *List) Publish(notice string, passed func(ref string) bool, struck func(ref string) bool, now time.Time) bool {
	if l.State != OnNotice || l.Notice != notice || l.Move(listMoves, Published, models.Clockwork.At(now), "loan.list_state") != nil {
		return false
	}
	l.Pass(passed, struck)
	l.Until = models.DayOf(now).AddMonths(l.Standard.Months)
	l.WakeAt = models.At(l.Until.Add(1).Start())
	l.Meta.Publish(EventListed.Of(FieldData{Field: l.Field}), "", models.Clockwork, now)
	return true
}

// Pass lists whoever passed the notice, and strikes whoever an objection was right about.
func (l *List) Pass(passed, struck func(ref string) bool) (changed bool) {
	for i := range l.Entries {
		e := &l.Entries[i]
		switch {
		case e.State == Fit && passed(string(e.Code)):
			e.State, changed = Listed, true
		case e.State == Fit && struck(string(e.Code)):
			e.State, changed = Struck, true
		}
	}
	return changed
}

// Remove takes one off, for a breach. Errors: NotFound; Conflict "loan.not_listed".
func (l *List) Remove(code models.USCC, why string, by models.Actor, now time.Time) error {
	if !by.Is(models.System) {
		if err := l.unit(by); err != nil {
			return err
		}
	}
	i := slices.IndexFunc(l.Entries, func(e Entry) bool { return e.Code == code })
	switch {
	case i < 0:
		return models.E(models.NotFound, "not_found")
	case l.State != Published || l.Entries[i].State != Listed:
		return models.E(models.Conflict, "loan.not_listed")
	}
	e := &l.Entries[i]
	e.State, e.Why, e.Removed = Removed, why, models.DayOf(now)
	l.Meta.Publish(EventUnlisted.Of(UnlistedData{
		Field: l.Field, Reason: why,
	}), models.Subject{Kind: models.Organisation, Ref: string(code)}.Addressee(), by, now)
	return nil
}

// Wake ends the list after its last day.
func (l *List) Wake(now time.Time) error {
	if l.WakeAt == nil || l.WakeAt.After(now) {
		return nil
	}
	l.WakeAt = nil
	if l.State != Published {
		return nil
	}
	return l.Move(listMoves, Closed, models.Clockwork.At(now), "loan.list_state")
}
