package recall

import (
	"time"

	"xinyi/models"
	"xinyi/models/job"
)

// A CallState is where a call stands.
type CallState string

// The states of a call.
const (
	Calling CallState = "CALLING"
	Done    CallState = "DONE"
)

var callActs = models.Acts[CallState]{
	models.From(Calling).To(Done).By("Finish", models.System),
}

var callMoves = callActs.Machine()

// late bounds how long a use may be on its way into the store after its record was read: longer than any request lives.
const late = time.Minute

// A Call is one change of one record, and everybody who was told of it.
type Call struct {
	models.Meta            `bson:",inline"` // the id derives from the event that caused it
	models.Life[CallState] `bson:",inline"`
	job.Job                `bson:",inline"` // one part: the second look

	Record  string         `bson:"record"`
	Version int            `bson:"recordVersion"` // in force after the change
	Subject models.Subject `bson:"subject"`
	Cause   string         `bson:"cause"` // kind of the event
	Newer   bool           `bson:"newer"` // the change made a new version: uses of that one are right
	At      time.Time      `bson:"at"`
	Counts  Counts         `bson:"counts"`
}

// Counts are the uses a call reached.
type Counts struct {
	Decisions int `bson:"decisions"`
	Shares    int `bson:"shares"`
	Reports   int `bson:"reports"`
}

// Total is all of them.
func (n Counts) Total() int { return n.Decisions + n.Shares + n.Reports }

// A Change is what happened to a record that others used.
type Change struct {
	Record  string
	Version int // in force after it
	Subject models.Subject
	Newer   bool // it made a new version
}

// NewCall is the call that an event about a record causes.
func NewCall(e models.Event, c Change, now time.Time) *Call {
	call := &Call{
		Meta: models.Meta{ID: models.Derived("call", e.ID)}, Life: models.Life[CallState]{State: Calling, Moved: models.Moved{By: models.System, At: now}},
		Record: c.Record, Version: c.Version, Subject: c.Subject, Cause: e.Kind, Newer: c.Newer, At: e.At,
	}
	call.WakeAt = models.At(now.Add(late))
	return call
}

// Touches says whether a use rests on what the change took back: an older version, or for a change that made no version,
// whatever was in hand when it happened.
func (c *Call) Touches(u *Use) bool {
	switch {
	case u.Record != c.Record:
		return false
	case c.Newer:
		return u.Version < c.Version
	}
	return u.Version <= c.Version && !u.At.After(c.At.Add(late))
}

// Wake asks for the second look, after which nothing can be on its way any more.
func (c *Call) Wake(now time.Time) error {
	switch {
	case !c.Busy() || c.WakeAt == nil || c.WakeAt.After(now):
	case c.BeganAt == nil:
		job.Begin(c, models.Clockwork, now)
	default:
		job.Wake(c, now)
	}
	return nil
}

// Busy implements job.Work.
func (c *Call) Busy() bool { return c.State == Calling }

// PartDue implements job.Work.
func (c *Call) PartDue() models.Happening {
	return EventSwept.Of(SweepData{PartData: c.Due(), Changed: Changed{c.Record, c.Cause}})
}

// DoneOf implements job.Work: uses reached, known once it is done.
func (c *Call) DoneOf() (done, total int64) { return int64(c.Counts.Total()), 0 }

// Abort is refused: whoever was told something wrong hears of it.
func (c *Call) Abort(models.Actor, string, time.Time) error { return job.MustEnd() }

// Finish ends the call and tells its subject, if anybody was reached; a call that reached nobody is deleted.
// It says whether anything changed.
func (c *Call) Finish(n Counts, now time.Time) (bool, error) {
	if c.State == Done {
		return false, nil
	}
	if err := c.Move(callMoves, Done, models.Clockwork.At(now), "recall.not_calling"); err != nil {
		return false, err
	}
	c.Counts = n
	job.End(c)
	if n.Total() == 0 {
		c.GoneAt = models.At(now)
		return true, nil
	}
	c.Publish(EventDone.Of(DoneData{
		Changed: Changed{c.Record, c.Cause}, Decisions: n.Decisions, Shares: n.Shares, Reports: n.Reports,
	}), c.Subject.Addressee(), models.Clockwork, now)
	return true, nil
}
