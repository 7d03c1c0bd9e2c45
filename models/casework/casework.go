// Package casework is what people ask of the offices about their file, and how long the offices may take: objection (异议),
// repair (信用修复), the challenge of an access, the human review of an automated decision, and erasure.
//
// A case is one document: what it is about, whose desk it lies on, its legal clock, and every step with who took it.
package casework

import (
	"slices"
	"time"

	"xinyi/models"
)

// A Kind is what is asked for.
type Kind string

// The kinds of cases.
const (
	Objection Kind = "OBJECTION" // a record is wrong
	Repair    Kind = "REPAIR"    // a penalty is made good
	Challenge Kind = "CHALLENGE" // a look was not right
	Review    Kind = "REVIEW"    // a person is to look at what a program decided
	Erasure   Kind = "ERASURE"   // data is to go
)

// Kinds lists every kind, for views and checks.
var Kinds = []Kind{Objection, Repair, Challenge, Review, Erasure}

// A State is where a case stands. Each kind has its own life over these.
type State string

// The states of cases.
const (
	Draft       State = "DRAFT"        // prepared, not asked for yet
	Submitted   State = "SUBMITTED"    // asked for; the clock runs
	NeedMore    State = "NEED_MORE"    // waits for the person; the clock stands
	Accepted    State = "ACCEPTED"     // taken up
	NotAccepted State = "NOT_ACCEPTED" // cannot be taken up, with the reason
	Checking    State = "CHECKING"     // with the source unit
	Approved    State = "APPROVED"     // the person was right
	Synced      State = "SYNCED"       // and everybody who used it has been told
	Rejected    State = "REJECTED"
	Withdrawn   State = "WITHDRAWN" // by the person
	Revoked     State = "REVOKED"   // approved on false materials
	Closed      State = "CLOSED"
)

// States lists every state, for views and checks.
var States = []State{Draft, Submitted, NeedMore, Accepted, NotAccepted, Checking, Approved, Synced, Rejected, Withdrawn, Revoked, Closed}

// open are the states in which somebody still has to act.
var open = []State{Draft, Submitted, NeedMore, Accepted, Checking, Approved, Synced}

// A Case is one matter.
type Case struct {
	models.Meta        `bson:",inline"`
	models.Life[State] `bson:",inline"`

	Kind    Kind           `bson:"kind"`
	No      string         `bson:"no"` // the number people name it by
	Subject models.Subject `bson:"subject"`
	About   About          `bson:"about"`
	Desk    string         `bson:"desk"`            // the unit or office it lies with: an organisation's id
	Region  models.Region  `bson:"region"`          // whose offices may see it
	Slot    string         `bson:"slot,omitempty"`  // unique while open: one case of a kind about a thing
	Queue   string         `bson:"queue,omitempty"` // the desk while somebody there has to act, "" otherwise
	Filed   models.Actor   `bson:"filed"`
	Agent   *Agent         `bson:"agent,omitempty"` // who files for the subject (帮代办)

	Words      models.Secret `bson:"words"` // what the person says
	Materials  []Material    `bson:"materials,omitempty"`
	Changes    []Change      `bson:"changes,omitempty"`    // of an objection: field by field
	Withdrawal bool          `bson:"withdrawal,omitempty"` // of an objection that is right: the whole record goes
	Clock      Clock         `bson:"clock"`
	Terms      Terms         `bson:"terms"` // copied when it was filed
	Steps      []Step        `bson:"steps"`
	Outcome    string        `bson:"outcome,omitempty"` // the reason given at the end, in the office's words

	Repair *RepairFile `bson:"repair,omitempty"` // of a repair alone
}

// About is what a case is about.
type About struct {
	Kind    string `bson:"kind"` // "record", "access", "decision", "agreement", "account"
	ID      string `bson:"id"`
	Version int    `bson:"version,omitempty"` // of a record
	Item    string `bson:"item,omitempty"`    // of a record
	Unit    string `bson:"unit,omitempty"`    // of a record: its source
}

// An Agent files for somebody else.
type Agent struct {
	Person        string `bson:"person"`        // who did it
	Org           string `bson:"org,omitempty"` // for which office or firm
	Authorisation string `bson:"authorisation"` // which paper was seen
}

// A Material is a paper that was handed in. Its bytes are a blob.
type Material struct {
	Kind string `bson:"kind"` // "proof", "commitment", "authorisation", "ruling", "other"
	Name string `bson:"name"`
	Blob string `bson:"blob"`
}

// A Change is one field of a record that is said to be wrong.
type Change struct {
	Field string        `bson:"field"`
	Old   models.Secret `bson:"old"`
	New   models.Secret `bson:"new"`
}

// A Step is one thing that happened to a case.
type Step struct {
	At    time.Time   `bson:"at"`
	By    models.Role `bson:"by"`
	Org   string      `bson:"org,omitempty"`
	State State       `bson:"state"`
	Note  string      `bson:"note,omitempty"`
}

// A Clock is how long the desk may take, in working days. Due is the last day; it stands while the case waits for the person.
type Clock struct {
	Days    int        `bson:"days"`
	Started models.Day `bson:"started"`
	Due     models.Day `bson:"due,omitempty"` // "" while nothing runs
	Stopped models.Day `bson:"stopped,omitempty"`
	Late    bool       `bson:"late,omitempty"` // it ran out once
}

// start sets n working days from a day, that day not counted.
func (c *Clock) start(n int, on models.Day) {
	c.Days, c.Started, c.Due, c.Stopped, c.Late = n, on, on.AddWorking(n), "", false
}

// stop lets the clock stand from a day; resume gives back the working days that were left then, at least one.
func (c *Clock) stop(on models.Day) {
	if c.Due != "" && c.Stopped == "" {
		c.Stopped = on
	}
}

func (c *Clock) resume(on models.Day) {
	if c.Stopped == "" {
		return
	}
	left := 0
	for d := c.Stopped; d < c.Due; {
		if d = d.Add(1); d.Working() {
			left++
		}
	}
	c.Due, c.Stopped = on.AddWorking(max(1, left)), ""
}

// end stops the clock for good.
func (c *Clock) end() { c.Due, c.Stopped = "", "" }

// Terms are the legal clocks, in working days unless they say otherwise. Standard is what the product comes with; all of it is
// configuration.
type Terms struct {
	ObjectOwn     int `bson:"objectOwn"`     // decide an objection about what we keep ourselves
	ObjectCheck   int `bson:"objectCheck"`   // decide one the source unit has to check
	UnitAnswer    int `bson:"unitAnswer"`    // the unit's own part of it
	RepairAccept  int `bson:"repairAccept"`  // say whether a repair is taken up
	RepairDecide  int `bson:"repairDecide"`  // decide it
	RepairExtend  int `bson:"repairExtend"`  // once, for complex cases
	RepairSync    int `bson:"repairSync"`    // tell everybody afterwards
	Challenge     int `bson:"challenge"`     // answer the challenge of a look
	Review        int `bson:"review"`        // a person looks at an automated decision
	Erasure       int `bson:"erasure"`       // answer an erasure
	WaitForPerson int `bson:"waitForPerson"` // NEED_MORE closes by itself after so many working days
}

// Standard are the clocks of the product.
//
// Source: docs/sources.md#casework-clocks.
var Standard = Terms{
	ObjectOwn: 3, ObjectCheck: 7, UnitAnswer: 3, RepairAccept: 3, RepairDecide: 10, RepairExtend: 10, RepairSync: 3,
	Challenge: 15, Review: 15, Erasure: 15, WaitForPerson: 30,
}

// Open says whether somebody still has to act on it.
func (c *Case) Open() bool { return slices.Contains(open, c.State) }

// at says whether the actor sits at the desk the case lies with.
func (c *Case) at(by models.Actor) bool {
	return by.Org == c.Desk && by.Is(models.CreditOffice, models.DataOfficer, models.Department, models.TownStaff, models.CountyHealth)
}

// machine is the life of a kind.
func (k Kind) machine() models.Machine[State] { return lives[k] }

// move takes a step: the state, who took it, and what was noted. The queue and the slot follow the state.
func (c *Case) move(to State, by models.Actor, note string, now time.Time) error {
	if err := c.Move(c.Kind.machine(), to, by.At(now), "casework.step_refused"); err != nil {
		return err
	}
	c.Steps = append(c.Steps, Step{At: now, By: by.Role, Org: by.Org, State: to, Note: note})
	c.Queue = ""
	switch to {
	case Submitted, Accepted, Checking, Approved:
		c.Queue = c.Desk
	case Draft, NeedMore, Synced:
	case NotAccepted, Rejected, Withdrawn, Revoked, Closed:
		c.Slot = ""
		c.Clock.end()
	}
	return nil
}
