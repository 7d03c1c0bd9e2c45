package medical

import (
	"time"

	"xinyi/models"
	"xinyi/models/job"
)

// A CheckState is where the check stands.
type CheckState string

// The states of the check.
const (
	CheckIdle    CheckState = "IDLE"
	CheckRunning CheckState = "RUNNING"
)

var checkActs = models.Acts[CheckState]{
	models.From(CheckIdle).To(CheckRunning).By("Start", models.System),
	models.From(CheckIdle).To(CheckRunning).By("Wake", models.System),
	models.From(CheckRunning).To(CheckIdle).By("Abort", models.Operator),
	models.From(CheckRunning).To(CheckIdle).By("Step", models.System),
}

var checkMoves = checkActs.Machine()

// A Stage is what a run is looking at.
type Stage string

// The stages of a run, in order. The last is left out when nothing is in doubt.
const (
	StageBills      Stage = "BILLS"
	StageAgreements Stage = "AGREEMENTS"
	StageAgain      Stage = "AGAIN" // what differed while its news may have been under way
)

// CheckID is the id of the one check.
const CheckID = "ledger"

// How the check paces itself. Between parts it sleeps, so that a city's check holds nobody up.
const (
	checkHour = 3 // in Shanghai
	checkPace = time.Second
	checkCalm = 5 * time.Minute // for changes to arrive before what is in doubt is looked at again
	maxFaults = 50
	maxDoubts = 200 // more in doubt at that hour are faults at once
	maxRuns   = 30
)

// A Check recomputes, every night, every balance from the ledger. It goes from part to part by itself: it wakes, asks for a
// part (CheckDue), is told what was found (Step), and wakes again; a run cut off goes on where it was.
//
// Source: docs/sources.md#medical-money-12; the hour is our assumption.
type Check struct {
	models.Meta             `bson:",inline"`
	models.Life[CheckState] `bson:",inline"`
	job.Job                 `bson:",inline"` // its parts are numbered on from run to run

	Run    Run       `bson:"run"`              // under way; the last one while idle
	Found  []Fault   `bson:"found,omitempty"`  // of the last run that ended, at most 50
	Recent []Summary `bson:"recent,omitempty"` // runs that ended, the newest first, at most 30
}

// A Run is one night's work so far.
type Run struct {
	No         int64     `bson:"no"` // from 1
	Started    time.Time `bson:"started"`
	Stage      Stage     `bson:"stage"`
	Cursor     string    `bson:"cursor"` // where the stage goes on; "" from its start
	Bills      int       `bson:"bills"`
	Agreements int       `bson:"agreements"`
	Count      int       `bson:"count"`            // faults, all told
	Faults     []Fault   `bson:"faults,omitempty"` // the first 50
	Doubts     []Fault   `bson:"doubts,omitempty"` // to be looked at again
}

// A Summary is what stays of a run.
type Summary struct {
	Day        models.Day    `bson:"day"`
	Ended      time.Time     `bson:"ended"`
	Took       time.Duration `bson:"took"`
	Bills      int           `bson:"bills"`
	Agreements int           `bson:"agreements"`
	Faults     int           `bson:"faults"`
}

// A Part is the result of one part of a run.
type Part struct {
	Part   int
	Seen   int    // documents of the stage looked at
	Cursor string // where the next part goes on
	Last   bool   // nothing of the stage is left
	Faults []Fault
	Doubts []Fault // looked at again before they count; in StageAgain there are none
}

// NewCheck makes the check, which first runs at the next three o'clock.
func NewCheck(now time.Time) *Check {
	return &Check{
		Meta: models.Meta{ID: CheckID, WakeAt: checkAfter(now)},
		Life: models.Life[CheckState]{State: CheckIdle, Moved: models.Moved{By: models.System, At: now}},
	}
}

// checkAfter is the first three o'clock after now.
func checkAfter(now time.Time) *time.Time {
	day := models.DayOf(now)
	if !day.Clock(checkHour, 0).After(now) {
		day = day.Add(1)
	}
	return models.At(day.Clock(checkHour, 0))
}

// Wake starts the night's run, once however many nights were slept through, or asks for the next part of the one under way.
func (c *Check) Wake(now time.Time) error {
	if c.WakeAt == nil || c.WakeAt.After(now) {
		return nil
	}
	if c.State == CheckIdle {
		return c.Start(now)
	}
	job.Wake(c, now)
	return nil
}

// Start begins a run, whatever the hour. Errors: InvalidTransition while one is under way.
func (c *Check) Start(now time.Time) error {
	if err := c.Move(checkMoves, CheckRunning, models.Clockwork.At(now), "medical.check_running"); err != nil {
		return err
	}
	c.Run = Run{No: c.Run.No + 1, Started: now, Stage: StageBills}
	job.Begin(c, models.Clockwork, now)
	return nil
}

// Busy implements job.Work.
func (c *Check) Busy() bool { return c.State == CheckRunning }

// PartDue implements job.Work.
func (c *Check) PartDue() models.Happening {
	return CheckDue.Of(CheckPart{PartData: c.Due(), Run: c.Run.No})
}

// DoneOf implements job.Work: bills and agreements.
func (c *Check) DoneOf() (done, total int64) { return int64(c.Run.Bills + c.Run.Agreements), 0 }

// Abort leaves the night's run out: nothing is found by it.
func (c *Check) Abort(by models.Actor, reason string, now time.Time) error {
	job.End(c)
	c.WakeAt = checkAfter(now)
	return c.Move(checkMoves, CheckIdle, by.At(now).Because(reason), "medical.check_not_running")
}

// Step takes the result of a part and goes on to the next part, the next stage, or the end. A part it does not await is
// left alone, so news of one counts once. It says whether anything changed.
func (c *Check) Step(p Part, now time.Time) (bool, error) {
	if !job.Took(c, p.Part) {
		return false, nil
	}
	r := &c.Run
	switch r.Stage {
	case StageBills:
		r.Bills += p.Seen
	case StageAgreements:
		r.Agreements += p.Seen
	case StageAgain:
		r.Doubts = nil
	}
	room := min(maxDoubts-len(r.Doubts), len(p.Doubts))
	r.Doubts = append(r.Doubts, p.Doubts[:room]...)
	r.fail(p.Faults)
	r.fail(p.Doubts[room:])
	r.Cursor = p.Cursor
	job.Rest(c, now.Add(checkPace))
	if !p.Last {
		return true, nil
	}
	r.Cursor = ""
	switch {
	case r.Stage == StageBills:
		r.Stage = StageAgreements
	case r.Stage == StageAgreements && len(r.Doubts) > 0:
		r.Stage = StageAgain
		job.Rest(c, now.Add(checkCalm))
	default:
		return true, c.end(now)
	}
	return true, nil
}

// fail counts faults and keeps the first of them.
func (r *Run) fail(faults []Fault) {
	r.Count += len(faults)
	r.Faults = append(r.Faults, faults[:min(len(faults), maxFaults-len(r.Faults))]...)
}

// end keeps what the run came to and sleeps until the next night.
func (c *Check) end(now time.Time) error {
	if err := c.Move(checkMoves, CheckIdle, models.Clockwork.At(now), "medical.check_not_running"); err != nil {
		return err
	}
	r := c.Run
	s := Summary{Day: models.DayOf(r.Started), Ended: now, Took: now.Sub(r.Started), Bills: r.Bills, Agreements: r.Agreements, Faults: r.Count}
	c.Recent = append([]Summary{s}, c.Recent[:min(len(c.Recent), maxRuns-1)]...)
	c.Found, c.Run.Faults, c.Run.Cursor = r.Faults, nil, ""
	job.End(c)
	c.WakeAt = checkAfter(now)
	facts := CheckData{Run: r.No, Day: s.Day, Bills: r.Bills, Agreements: r.Agreements, Faults: r.Count}
	if r.Count > 0 {
		c.Publish(CheckFailed.Of(facts), "", models.Clockwork, now)
		return nil
	}
	c.Publish(CheckDone.Of(facts), "", models.Clockwork, now)
	return nil
}
