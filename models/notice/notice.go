// Package notice is the public notice (公示): what is about to be decided is shown for some days, anybody may object, and only the
// line objected to waits. A notice opens, closes and passes what nobody objected to by itself.
package notice

import (
	"slices"
	"time"

	"xinyi/models"
)

// A State is where a notice stands.
type State string

// The states of a notice.
const (
	Open      State = "OPEN"
	Closed    State = "CLOSED"
	Withdrawn State = "WITHDRAWN"
)

// Enum are all of them.
func (State) Enum() []any { return models.Enum(Open, Closed, Withdrawn) }

// States lists them.
var States = []State{Open, Closed, Withdrawn}

var acts = models.Acts[State]{
	models.From(Open).To(Closed).By("Wake", models.System),
	models.From(Open).To(Withdrawn).By("Withdraw", models.TownStaff),
}

var moves = acts.Machine()

// A LineState is where a line stands.
type LineState string

// The states of a line.
const (
	Shown    LineState = "SHOWN"
	Objected LineState = "OBJECTED" // waits for an answer
	Passed   LineState = "PASSED"
	Struck   LineState = "STRUCK"
)

// Enum are all of them.
func (LineState) Enum() []any { return models.Enum(Shown, Objected, Passed, Struck) }

// A Line is one thing that is about to be decided.
type Line struct {
	Ref    string    `bson:"ref"`              // the document it is about
	Person string    `bson:"person,omitempty"` // whom it is about, to be told; "" nobody
	Label  string    `bson:"label"`            // as it is shown: a masked name
	Text   string    `bson:"text"`             // what is about to be decided: "AAA"
	State  LineState `bson:"state"`

	Outcome string `bson:"outcome,omitempty"` // what was decided in the end, as it is shown
}

// An ObjectionState is where an objection stands.
type ObjectionState string

// The states of an objection.
const (
	Waiting   ObjectionState = "WAITING"
	Dismissed ObjectionState = "DISMISSED"
	Upheld    ObjectionState = "UPHELD"
)

// Enum are all of them.
func (ObjectionState) Enum() []any { return models.Enum(Waiting, Dismissed, Upheld) }

// An Objection is somebody's word against a line. Who said it is the deciding office's to see, nobody else's.
type Objection struct {
	ID     string         `bson:"id"`
	Ref    string         `bson:"ref"`
	By     models.Actor   `bson:"by"`
	Text   models.Secret  `bson:"text"`
	At     time.Time      `bson:"at"`
	Due    models.Day     `bson:"due"` // the last day for an answer
	State  ObjectionState `bson:"state"`
	Answer string         `bson:"answer,omitempty"`
	Judge  models.Actor   `bson:"judge"`
	Late   bool           `bson:"late,omitempty"` // Due went by without an answer
}

// Terms are how long a notice is and how long an answer may take. They are copied into it when it opens.
type Terms struct {
	Days    int  `bson:"days"`    // the day of opening not counted
	Working bool `bson:"working"` // Days are working days
	Answer  int  `bson:"answer"`  // working days
}

// The bounds of a notice.
const (
	MaxLines      = 2000
	maxObjections = 500
	perPerson     = 3 // objections of one person to one notice
	MaxText       = 1000
)

// A Notice is one.
type Notice struct {
	models.Meta        `bson:",inline"`
	models.Life[State] `bson:",inline"`

	About      string        `bson:"about"` // what it decides: "farmer.household"
	Title      string        `bson:"title"`
	Region     models.Region `bson:"region"`
	Terms      Terms         `bson:"terms"`
	Opened     models.Day    `bson:"opened"`
	Closes     models.Day    `bson:"closes"` // the last day
	By         models.Actor  `bson:"by"`
	Level      models.Level  `bson:"level,omitempty"` // narrowest of an office that answers; 0 any
	Lines      []Line        `bson:"lines"`
	Objections []Objection   `bson:"objections,omitempty"`
}

// A Draft is what a notice is made from.
type Draft struct {
	About  string
	Title  string
	Region models.Region
	Level  models.Level
	Lines  []Line
}

// New opens a notice. Errors: Invalid "notice.empty", "notice.too_long".
func New(id string, d Draft, t Terms, by models.Actor, now time.Time) (*Notice, error) {
	switch {
	case len(d.Lines) == 0:
		return nil, models.Bad("/lines", "required", "notice.empty")
	case len(d.Lines) > MaxLines:
		return nil, models.Bad("/lines", "max", "notice.too_long")
	}
	n := &Notice{About: d.About, Title: d.Title, Region: d.Region, Lines: slices.Clone(d.Lines), Terms: t, Opened: models.DayOf(now), By: by,
		Level: d.Level}
	n.ID, n.State, n.Moved = id, Open, models.Moved{By: by.Role, At: now}
	for i := range n.Lines {
		n.Lines[i].State = Shown
	}
	n.Closes = n.Opened.Add(t.Days)
	if t.Working {
		n.Closes = n.Opened.AddWorking(t.Days)
	}
	n.WakeAt = models.At(n.Closes.Add(1).Start())
	n.publish(EventOpened, "", by, now, Data{})
	return n, nil
}

func (n *Notice) publish(kind models.Kind[Data], person string, by models.Actor, now time.Time, d Data) {
	d.About, d.Place = n.About, n.Region
	n.Meta.Publish(kind.Of(d), person, by, now)
}

// Line is the line about ref, nil for none.
func (n *Notice) Line(ref string) *Line {
	for i := range n.Lines {
		if n.Lines[i].Ref == ref {
			return &n.Lines[i]
		}
	}
	return nil
}

// Object says something against a line. The same id twice is once. Errors: NotFound "notice.no_line"; Conflict "notice.closed",
// "notice.line_struck"; Forbidden "notice.own_line"; Limited "notice.enough".
func (n *Notice) Object(id, ref, text string, by models.Actor, now time.Time) error {
	if slices.ContainsFunc(n.Objections, func(o Objection) bool { return o.ID == id }) {
		return nil
	}
	line := n.Line(ref)
	before := 0
	for _, o := range n.Objections {
		if o.By.Principal() == by.Principal() {
			before++
		}
	}
	switch {
	case line == nil:
		return models.E(models.NotFound, "notice.no_line")
	case n.State != Open || models.DayOf(now) > n.Closes:
		return models.E(models.Conflict, "notice.closed")
	case line.State == Struck:
		return models.E(models.Conflict, "notice.line_struck")
	case line.Person != "" && line.Person == by.Person:
		return models.E(models.Forbidden, "notice.own_line")
	case before >= perPerson || len(n.Objections) >= maxObjections:
		return models.E(models.Limited, "notice.enough")
	}
	due := models.DayOf(now).AddWorking(n.Terms.Answer)
	n.Objections = append(n.Objections, Objection{ID: id, Ref: ref, By: by, Text: models.NewSecret(text), At: now, Due: due, State: Waiting})
	line.State = Objected
	n.publish(EventObjected, line.Person, models.Clockwork, now, Data{Ref: ref, Due: due})
	n.wakes(now)
	return nil
}

// Answer decides an objection. Whoever made it does not. Errors: NotFound; Forbidden "second_person", "notice.wider_office";
// Conflict "notice.answered_already", "notice.withdrawn".
func (n *Notice) Answer(id string, upheld bool, answer string, by models.Actor, now time.Time) error {
	i := slices.IndexFunc(n.Objections, func(o Objection) bool { return o.ID == id })
	if i < 0 {
		return models.E(models.NotFound, "not_found")
	}
	o := &n.Objections[i]
	switch {
	case n.State == Withdrawn:
		return models.E(models.Conflict, "notice.withdrawn")
	case o.State != Waiting:
		return models.E(models.Conflict, "notice.answered_already")
	case n.Level > 0 && by.Region.Level() > n.Level:
		return models.E(models.Forbidden, "notice.wider_office")
	}
	if err := (models.Makers{o.By, n.By}).Second(by); err != nil {
		return err
	}
	o.State, o.Answer, o.Judge = Dismissed, answer, by
	if upheld {
		o.State = Upheld
	}
	n.publish(EventAnswered, o.By.Person, by, now, Data{Ref: o.Ref, Upheld: map[bool]string{true: "yes", false: "no"}[upheld], Answer: answer})
	n.settle(o.Ref, upheld, by, now)
	n.wakes(now)
	return nil
}

// settle says where a line stands after an answer.
func (n *Notice) settle(ref string, upheld bool, by models.Actor, now time.Time) {
	line := n.Line(ref)
	switch {
	case line.State == Struck:
	case upheld:
		line.State = Struck
		n.publish(EventStruck, line.Person, by, now, Data{Ref: ref})
	case n.waits(ref):
	case n.State == Open:
		line.State = Shown
	default:
		line.State = Passed
		n.publish(EventPassed, line.Person, by, now, Data{Ref: ref})
	}
}

// waits says whether a line has an objection without an answer.
func (n *Notice) waits(ref string) bool {
	return slices.ContainsFunc(n.Objections, func(o Objection) bool { return o.Ref == ref && o.State == Waiting })
}

// Publish says beside a line what was decided in the end. It says whether anything changed.
func (n *Notice) Publish(ref, outcome string) bool {
	l := n.Line(ref)
	if l == nil || l.Outcome == outcome {
		return false
	}
	l.Outcome = outcome
	return true
}

// Withdraw takes an open notice back. Errors: InvalidTransition.
func (n *Notice) Withdraw(why string, by models.Actor, now time.Time) error {
	if err := n.Move(moves, Withdrawn, by.At(now).Because(why), "notice.state"); err != nil {
		return err
	}
	n.WakeAt = nil
	n.publish(EventWithdrawn, "", by, now, Data{})
	return nil
}

// wakes sets when time next changes something: the close, or the day after an answer was due.
func (n *Notice) wakes(time.Time) {
	n.WakeAt = nil
	if n.State == Open {
		n.WakeAt = models.At(n.Closes.Add(1).Start())
	}
	for _, o := range n.Objections {
		if o.State == Waiting && !o.Late && n.State != Withdrawn {
			n.WakeAt = models.Earliest(n.WakeAt, models.At(o.Due.Add(1).Start()))
		}
	}
}

// Wake closes the notice after its last day, and says when an answer is overdue.
func (n *Notice) Wake(now time.Time) error {
	if n.WakeAt == nil || n.WakeAt.After(now) {
		return nil
	}
	today := models.DayOf(now)
	if n.State == Open && today > n.Closes {
		if err := n.Move(moves, Closed, models.Clockwork.At(now), "notice.state"); err != nil {
			return err
		}
		for i := range n.Lines {
			if n.Lines[i].State == Shown {
				n.Lines[i].State = Passed
			}
		}
		n.publish(EventClosed, "", models.Clockwork, now, Data{})
	}
	for i := range n.Objections {
		if o := &n.Objections[i]; o.State == Waiting && !o.Late && today > o.Due {
			o.Late = true
			n.publish(EventOverdue, "", models.Clockwork, now, Data{Ref: o.Ref, Objection: o.ID})
		}
	}
	n.wakes(now)
	return nil
}
