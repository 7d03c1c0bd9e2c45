// Package job is work that goes on by itself, part by part (长任务): a file that is read, a year that is frozen, everybody scored.
//
// A document that is such work embeds a Job. Asking for a part is an event saved with the document; its result is saved together with
// what it counted, so a part that is done twice counts once. Every part has a time by which it must have moved. When that passes, or
// the part fails, the document shows why it stalls and asks again after a pause that grows; when the cause is gone it goes on by itself.
package job

import (
	"errors"
	"time"

	"xinyi/models"
)

// How long a job waits.
const (
	Answered   = time.Minute      // for a word about a part it asked for
	firstPause = 30 * time.Second // after a part failed; it doubles
	lastPause  = time.Hour
)

// A State says whether work is under way.
type State string

// The states of work under way; work that is over, or has not begun, has none.
const (
	Running State = "RUNNING"
	Stalled State = "STALLED"
)

// A Job is how far work has come. Documents embed it.
type Job struct {
	Part    int        `bson:"part"`              // parts done
	Working State      `bson:"working,omitempty"` // "" not under way
	DueBy   *time.Time `bson:"dueBy,omitempty"`   // by when the part asked for must have moved; nil: none is asked for
	Stall   *Stall     `bson:"stall,omitempty"`   // nil while it moves

	BeganAt *time.Time   `bson:"beganAt,omitempty"` // nil before it is under way for the first time
	BeganBy models.Actor `bson:"beganBy"`
}

// A Stall is why work stands still.
type Stall struct {
	Reason string    `bson:"reason"` // a key of the texts
	Since  time.Time `bson:"since"`
	Tries  int       `bson:"tries"`  // of this part, all in vain
	NextAt time.Time `bson:"nextAt"` // when it is tried again
}

// Engine makes the embedding type part of a Work.
func (j *Job) Engine() *Job { return j }

// Work is a document that is worked part by part.
type Work interface {
	Head() *models.Meta
	Engine() *Job
	PartDue() models.Happening   // the event that asks for the part that is due; its data has a Part
	Busy() bool                  // by its own state, there is something left to do
	DoneOf() (done, total int64) // in whatever it counts; total 0: not known

	// Abort ends it at a border of parts. Errors: InvalidTransition, Conflict "job.must_end".
	Abort(by models.Actor, reason string, now time.Time) error
}

// Awaits says whether w waits for the result of this part.
func Awaits(w Work, part int) bool { return w.Busy() && w.Engine().Part == part }

// Begin puts work under way.
func Begin(w Work, by models.Actor, now time.Time) {
	j := w.Engine()
	j.BeganAt, j.BeganBy, j.Stall = models.At(now), by, nil
	Ask(w, now)
}

// Ask asks for the part that is due, unless that is still being told.
func Ask(w Work, now time.Time) {
	m, j := w.Head(), w.Engine()
	until := now.Add(Answered)
	if j.Stall != nil {
		until = now.Add(pause(j.Stall.Tries + 1))
		j.Stall.NextAt = until
	} else {
		j.Working = Running
	}
	j.DueBy, m.WakeAt = &until, models.At(until)
	if told(w) >= 0 {
		return
	}
	m.Publish(w.PartDue(), "", models.Clockwork, now)
}

// told is where the outbox has the event that asks for the part, -1 for nowhere.
func told(w Work) int {
	kind := w.PartDue().Name()
	for i, e := range w.Head().Outbox {
		if d, err := models.DataOf[PartData](e); e.Kind == kind && err == nil && d.Part == w.Engine().Part {
			return i
		}
	}
	return -1
}

// Due is the part to ask for.
func (j *Job) Due() PartData { return PartData{j.Part} }

// Took notes that a part is done. It says whether w waited for it: the result of another one must change nothing.
func Took(w Work, part int) bool {
	if !Awaits(w, part) {
		return false
	}
	j := w.Engine()
	j.Part, j.Working, j.DueBy, j.Stall = part+1, Running, nil, nil
	return true
}

// Rest lets w wait until a moment before Wake asks for the next part.
func Rest(w Work, until time.Time) {
	w.Engine().Working, w.Engine().DueBy, w.Head().WakeAt = Running, nil, models.At(until)
}

// Wake asks for the part that is due when its time has come. One that was asked for in vain, and of which nobody speaks any more, stalls.
func Wake(w Work, now time.Time) {
	m, j := w.Head(), w.Engine()
	if m.WakeAt == nil || m.WakeAt.After(now) {
		return
	}
	if j.DueBy != nil && told(w) < 0 {
		j.stalls("job.no_answer", now)
	}
	Ask(w, now)
}

// Fail notes that the part that is due failed, and when it is tried again.
func Fail(w Work, cause error, now time.Time) {
	j := w.Engine()
	j.stalls(reason(cause), now)
	w.Head().WakeAt, j.DueBy = models.At(j.Stall.NextAt), nil
}

func (j *Job) stalls(why string, now time.Time) {
	if j.Stall == nil {
		j.Stall = &Stall{Since: now}
	}
	j.Working, j.Stall.Reason = Stalled, why
	j.Stall.Tries++
	j.Stall.NextAt = now.Add(pause(j.Stall.Tries))
}

// pause is how long work rests after so many tries in vain.
func pause(tries int) time.Duration { return min(firstPause<<min(tries-1, 10), lastPause) }

// reason is a failure as a key of the texts.
func reason(cause error) string {
	var e *models.Error
	switch {
	case errors.As(cause, &e) && e.Code == models.NotFound:
		return "job.missing"
	case errors.As(cause, &e) && e.Code != models.Internal && e.Reason != "":
		return e.Reason
	}
	return "job.failed"
}

// End notes that nothing is left to do; the document no longer wakes.
func End(w Work) {
	j := w.Engine()
	j.Working, j.DueBy, j.Stall, w.Head().WakeAt = "", nil, nil, nil
}

// Resume asks for the part that is due at once, whatever pause it is in. kind names the work to whoever reads of it.
// Errors: Conflict "job.not_under_way".
func Resume(w Work, kind string, by models.Actor, now time.Time) error {
	if !w.Busy() {
		return models.E(models.Conflict, "job.not_under_way")
	}
	if i := told(w); i >= 0 { // in a pause of its own
		m := w.Head()
		m.Outbox = append(m.Outbox[:i:i], m.Outbox[i+1:]...)
	}
	Ask(w, now)
	w.Head().Publish(EventResumed.Of(KindData{Kind: kind}), "", by, now)
	return nil
}

// Cancel ends work before its time and tells whoever started it. Errors: Conflict "job.not_under_way", "job.must_end"; InvalidTransition.
func Cancel(w Work, kind, reason string, by models.Actor, now time.Time) error {
	if !w.Busy() {
		return models.E(models.Conflict, "job.not_under_way")
	}
	starter := w.Engine().BeganBy.Person
	if err := w.Abort(by, reason, now); err != nil {
		return err
	}
	w.Head().Publish(EventCancelled.Of(CancelledData{Kind: kind, Reason: reason}), starter, by, now)
	return nil
}

// MustEnd is what work answers that cannot be cancelled.
func MustEnd() error { return models.E(models.Conflict, "job.must_end") }
