package job_test

import (
	"errors"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/models/job"
)

var noon = time.Date(2026, 5, 4, 4, 0, 0, 0, time.UTC)

type work struct {
	models.Meta
	job.Job
	over bool
}

var (
	events  models.Events
	partDue = models.Declare[job.PartData](&events, "work.part_due")
)

func (w *work) PartDue() models.Happening   { return partDue.Of(w.Due()) }
func (w *work) Busy() bool                  { return !w.over }
func (w *work) DoneOf() (done, total int64) { return int64(w.Part), 3 }
func (w *work) Abort(_ models.Actor, _ string, _ time.Time) error {
	w.over = true
	job.End(w)
	return nil
}

// A part that fails again and again is asked for after pauses that grow to an hour, for ever; when it is done nothing of it is left.
func TestAStallAsksAgainAndEnds(t *testing.T) {
	w, now := &work{}, noon
	job.Ask(w, now)
	last := time.Duration(0)
	for n := 1; n <= 20; n++ {
		w.Outbox = nil // told
		job.Fail(w, models.E(models.NotFound, "not_found"), now)
		if w.Working != job.Stalled || w.Stall.Reason != "job.missing" || w.Stall.Tries != n || !w.Stall.Since.Equal(noon) {
			t.Fatalf("%+v", w.Stall)
		}
		rest := w.WakeAt.Sub(now)
		if rest < last || rest > time.Hour {
			t.Fatalf("rests %v after %v", rest, last)
		}
		last, now = rest, *w.WakeAt
		job.Wake(w, now)
		if len(w.Outbox) != 1 || w.Stall.Tries != n {
			t.Fatalf("%v %+v", w.Outbox, w.Stall)
		}
	}
	if !job.Took(w, 0) || job.Took(w, 0) || w.Stall != nil || w.Working != job.Running || w.Part != 1 {
		t.Errorf("%+v", w.Job)
	}
}

// A part of which nobody speaks any more, because its event was given up or whoever did it died, stalls too.
func TestSilenceStalls(t *testing.T) {
	w := &work{}
	job.Ask(w, noon)
	job.Wake(w, *w.WakeAt)
	if w.Stall != nil || len(w.Outbox) != 1 {
		t.Fatal("it stalls while its event is still being told")
	}
	w.Outbox = nil
	since := *w.WakeAt
	job.Wake(w, since)
	if w.Stall == nil || w.Stall.Reason != "job.no_answer" || !w.Stall.Since.Equal(since) || len(w.Outbox) != 1 {
		t.Errorf("%+v", w.Job)
	}
}

func TestResumeAndCancel(t *testing.T) {
	w := &work{}
	job.Begin(w, models.Actor{Person: "starter"}, noon)
	w.Outbox[0].AgainAt = models.At(noon.Add(time.Hour))
	if err := job.Resume(w, "work", models.Clockwork, noon); err != nil || len(w.Outbox) != 2 || w.Outbox[0].AgainAt != nil {
		t.Errorf("%v %+v", err, w.Outbox)
	}
	if err := job.Cancel(w, "work", "not needed", models.Clockwork, noon); err != nil || w.WakeAt != nil || job.Awaits(w, 0) {
		t.Errorf("%v %+v", err, w.Job)
	}
	if e := w.Outbox[2]; e.Kind != job.EventCancelled.Name() || e.Person != "starter" || e.Data["kind"] != "work" || e.Data["reason"] != "not needed" {
		t.Errorf("%+v", e)
	}
	for _, err := range []error{job.Resume(w, "work", models.Clockwork, noon), job.Cancel(w, "work", "again", models.Clockwork, noon)} {
		if !errors.Is(err, models.Conflict) {
			t.Error(err)
		}
	}
}
