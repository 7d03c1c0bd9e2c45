package uscc

import (
	"slices"
	"strconv"
	"time"

	"xinyi/models"
)

// A State is where a ticket stands.
type State string

// The states of a ticket.
const (
	Open      State = "OPEN"
	Assigned  State = "ASSIGNED"  // to the authority
	Corrected State = "CORRECTED" // it says so
	Verified  State = "VERIFIED"  // the data says so too
	Closed    State = "CLOSED"    // and did not come back
)

// States lists every state, for views and checks.
var States = []State{Open, Assigned, Corrected, Verified, Closed}

// Standing are the states of a ticket whose fault is still in the data, as far as anybody knows.
var Standing = []State{Open, Assigned, Corrected}

// moves is the whole life of a ticket.
var acts = models.Acts[State]{
	models.From(Open, Assigned).To(Assigned).By("Assign", models.System, models.CreditOffice),
	models.From(Assigned).To(Corrected).By("Correct", models.CreditOffice, models.DataOfficer),
	models.From(Corrected, Verified).To(Assigned).By("Again", models.System),
	models.From(Corrected).To(Verified).By("Verify", models.System),
	models.From(Verified).To(Closed).By("Wake", models.System),
}

var moves = acts.Machine()

// Terms govern a ticket; they are copied into it.
type Terms struct {
	Days int `bson:"days"` // working days until it is due
	Calm int `bson:"calm"` // days after which a verified one is closed
}

// Standard is what tickets start with.
//
// Source: docs/sources.md#uscc-tickets.
var Standard = Terms{Days: 10, Calm: 7}

// A Ticket is one wrong or doubled code until it is in order.
type Ticket struct {
	models.Meta        `bson:",inline"`
	models.Life[State] `bson:",inline"`

	Slot    string        `bson:"slot,omitempty"` // of the finding, so that there is one ticket for it; "" of a closed one
	Class   Class         `bson:"class"`
	Code    string        `bson:"code,omitempty"`
	Name    string        `bson:"name"`
	Place   string        `bson:"place,omitempty"` // of a DUP_SUBJECT
	Region  models.Region `bson:"region"`          // whose office answers for it
	Unit    string        `bson:"unit"`            // that named it
	Codes   []string      `bson:"codes,omitempty"`
	Names   []string      `bson:"names,omitempty"`
	Suggest string        `bson:"suggest,omitempty"` // for a human to decide

	Authority Authority    `bson:"authority"`
	Desk      string       `bson:"desk"` // unit that works on it; "" until assigned
	Assigner  models.Actor `bson:"assigner"`
	Terms     Terms        `bson:"terms"`
	Due       models.Day   `bson:"due"` // last day to correct it
	Late      bool         `bson:"late,omitempty"`
	LastSeen  time.Time    `bson:"lastSeen"`
	Seen      int          `bson:"seen"` // days on which it was found

	Correction  *Correction `bson:"correction,omitempty"`
	CorrectedAt *time.Time  `bson:"correctedAt,omitempty"`
	VerifiedAt  *time.Time  `bson:"verifiedAt,omitempty"`
}

// A Correction is what the authority says is right.
type Correction struct {
	Code string `bson:"code"` // the right code
	Name string `bson:"name"` // and its right name
	Note string `bson:"note,omitempty"`
}

// NewTicket opens a ticket for a finding.
func NewTicket(f Finding, terms Terms, now time.Time) *Ticket {
	t := &Ticket{
		Meta: models.Meta{ID: models.Derived("ticket", f.Slot, strconv.FormatInt(now.UnixMilli(), 10))},
		Life: models.Life[State]{State: Open, Moved: models.Moved{By: models.System, At: now}},
		Slot: f.Slot, Class: f.Class, Code: f.Code, Name: f.Name, Region: f.Office, Unit: f.Unit, Codes: f.Codes, Names: f.Names,
		Suggest: Suggest(f.Code), Authority: AuthorityOf(firstOf(f)), Terms: terms, Due: models.DayOf(now).AddWorking(terms.Days),
		LastSeen: now, Seen: 1,
	}
	if f.Class == DupSubject {
		t.Place = placeOf(KeyOf(f.Name), f.Region)
	}
	t.publish(EventOpened, "", models.Clockwork, now)
	t.plan()
	return t
}

func firstOf(f Finding) string {
	if f.Code == "" && len(f.Codes) > 0 {
		return f.Codes[0]
	}
	return f.Code
}

// Assign gives the ticket to a unit. Errors: Forbidden, Invalid without a unit, InvalidTransition.
func (t *Ticket) Assign(desk string, by models.Actor, now time.Time) error {
	if !by.Is(models.CreditOffice, models.System) || by.Agent != "" {
		return models.E(models.Forbidden, "uscc.not_yours")
	}
	if desk == "" {
		return models.Bad("/unit", "required", "uscc.no_desk")
	}
	if t.State == Corrected || t.State == Verified {
		return models.Refused(t.Life, moves[t.State], "uscc.not_assignable")
	}
	if err := t.Move(moves, Assigned, by.At(now), "uscc.not_assignable"); err != nil {
		return err
	}
	t.Desk, t.Assigner = desk, by
	t.publish(EventAssigned, "", by, now)
	t.plan()
	return nil
}

// Correct says what is right. The right code must be a good one, and one of those in doubt when several are.
// Errors: Forbidden unless by is of the desk or of the credit office, Invalid, InvalidTransition.
func (t *Ticket) Correct(c Correction, by models.Actor, now time.Time) error {
	if by.Agent != "" || !by.Is(models.CreditOffice) && (!by.Is(models.DataOfficer) || by.Org != t.Desk) {
		return models.E(models.Forbidden, "uscc.not_yours")
	}
	c.Code = models.NormalUSCC(c.Code)
	if class, wrong := ClassOf(c.Code); wrong {
		return models.Bad("/code", "uscc", "uscc.still_wrong").With("class", string(class))
	}
	if KeyOf(c.Name) == "" {
		return models.Bad("/name", "required", "uscc.still_wrong")
	}
	if t.Class == DupCode || t.Class == NameMismatch {
		if c.Code != t.Code {
			return models.Bad("/code", "uscc_other", "uscc.still_wrong")
		}
	}
	if t.Class == DupSubject && !slices.Contains(t.Codes, c.Code) && len(t.Codes) < maxTwins {
		return models.Bad("/code", "uscc_other", "uscc.still_wrong")
	}
	if err := t.Move(moves, Corrected, by.At(now).Because(c.Note), "uscc.not_correctable"); err != nil {
		return err
	}
	t.Correction, t.CorrectedAt = &c, models.At(now)
	t.publish(EventCorrected, "", by, now)
	t.plan()
	return nil
}

// Wrong says whether a pair is one that the correction puts out of use.
func (t *Ticket) Wrong(o *Org) bool {
	if t.Correction == nil {
		return false
	}
	right := o.Code == t.Correction.Code && o.Key == KeyOf(t.Correction.Name)
	switch t.Class {
	case DupCode, NameMismatch:
		return o.Code == t.Code && !right
	case DupSubject:
		return o.Place == t.Place && !right
	case Length, Char, Checksum, Prefix:
		return o.Code == t.Code
	}
	return false
}

// Verify takes what a look at the data came to: gone says that nothing wrong is in use any more and the right pair is.
// Errors: InvalidTransition unless corrected; Conflict "uscc.still_there".
func (t *Ticket) Verify(gone bool, now time.Time) error {
	if t.State != Corrected {
		return models.Refused(t.Life, moves[t.State], "uscc.not_corrected")
	}
	if !gone || t.CorrectedAt == nil || t.LastSeen.After(*t.CorrectedAt) {
		return models.E(models.Conflict, "uscc.still_there")
	}
	if err := t.Move(moves, Verified, models.Clockwork.At(now), "uscc.not_corrected"); err != nil {
		return err
	}
	t.VerifiedAt = models.At(now)
	t.publish(EventVerified, "", models.Clockwork, now)
	t.plan()
	return nil
}

// Again takes the same finding once more: what was said to be corrected is not. It says whether anything changed.
func (t *Ticket) Again(now time.Time) (bool, error) {
	reopens := t.State == Corrected && t.CorrectedAt != nil && now.After(*t.CorrectedAt) || t.State == Verified
	if !reopens && models.DayOf(t.LastSeen) == models.DayOf(now) || t.State == Closed {
		return false, nil
	}
	if models.DayOf(t.LastSeen) != models.DayOf(now) {
		t.Seen++
	}
	t.LastSeen = now
	if !reopens {
		return true, nil
	}
	if err := t.Move(moves, Assigned, models.Clockwork.At(now).Because("again"), "uscc.not_assignable"); err != nil {
		return false, err
	}
	t.Correction, t.CorrectedAt, t.VerifiedAt = nil, nil, nil
	t.Late, t.Due = false, models.DayOf(now).AddWorking(t.Terms.Days)
	t.publish(EventReopened, "", models.Clockwork, now)
	t.plan()
	return true, nil
}

// Wake does what time alone brings: the mark of being late, then the end of a verified one.
func (t *Ticket) Wake(now time.Time) error {
	if (t.State == Open || t.State == Assigned) && !t.Late && models.DayOf(now) > t.Due {
		t.Late = true
		t.publish(EventLate, t.Assigner.Person, models.Clockwork, now)
	}
	if t.State == Verified && t.VerifiedAt != nil && models.DayOf(now) >= models.DayOf(*t.VerifiedAt).Add(t.Terms.Calm) {
		if err := t.Move(moves, Closed, models.Clockwork.At(now), "uscc.not_corrected"); err != nil {
			return err
		}
		t.Slot = ""
		t.publish(EventClosed, "", models.Clockwork, now)
	}
	t.plan()
	return nil
}

// plan sets when the ticket next wakes.
func (t *Ticket) plan() {
	t.WakeAt = nil
	switch t.State {
	case Open, Assigned:
		if !t.Late {
			t.WakeAt = models.At(t.Due.Add(1).Start())
		}
	case Verified:
		if t.VerifiedAt != nil {
			t.WakeAt = models.At(models.DayOf(*t.VerifiedAt).Add(t.Terms.Calm).Start())
		}
	case Corrected, Closed:
	}
}

func (t *Ticket) publish(kind models.Kind[TicketData], person string, by models.Actor, now time.Time) {
	t.Publish(kind.Of(TicketData{Class: t.Class, Desk: t.Desk, Due: t.Due}), person, by, now)
}
