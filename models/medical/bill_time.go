package medical

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"xinyi/models"
)

// A StopKind says why a bill's clock stands still.
type StopKind string

// The kinds of stops.
const (
	Dispute StopKind = "DISPUTE" // the person says it is wrong, until somebody decides
	Pause   StopKind = "PAUSE"   // an office: awaiting insurance, hardship, death
)

// A Stop is a time in which the due clock stands still and no default can be recorded.
type Stop struct {
	Kind    StopKind   `bson:"kind"`
	Reason  string     `bson:"reason"` // the person's words, or the office's reason code
	From    time.Time  `bson:"from"`
	Until   *time.Time `bson:"until,omitempty"` // a pause that ends by itself
	Ended   *time.Time `bson:"ended,omitempty"`
	Verdict string     `bson:"verdict,omitempty"` // of a dispute: UPHELD, REJECTED
}

// Stopped says whether the clock stands still, and by what.
func (b *Bill) Stopped() (StopKind, bool) {
	for _, s := range b.Stops {
		if s.Ended == nil {
			return s.Kind, true
		}
	}
	return "", false
}

// Object files a dispute: the due clock stops until it is decided. Errors: InvalidTransition unless money is owed; Conflict while one is
// open.
func (b *Bill) Object(by models.Actor, statement string, now time.Time) error {
	return b.stop(Stop{Kind: Dispute, Reason: statement, From: now}, BillDisputed, by, now)
}

// PauseFor stops the clock for a reason of the office, at most Terms.PauseMaxDays unless the person has died.
func (b *Bill) PauseFor(reason string, days int, by models.Actor, now time.Time) error {
	s := Stop{Kind: Pause, Reason: reason, From: now}
	if reason != "DEATH" {
		if days < 1 || days > b.Terms.PauseMaxDays {
			return models.Bad("/days", "pause_days", "medical.pause_days").With("max", strconv.Itoa(b.Terms.PauseMaxDays))
		}
		s.Until = models.At(models.DayOf(now).Add(days).End())
	}
	return b.stop(s, BillPaused, by, now)
}

func (b *Bill) stop(s Stop, event models.Kind[BillData], by models.Actor, now time.Time) error {
	if !b.Owes() {
		return models.Refused(b.Life, billMoves[b.State], "medical.bill_not_payable")
	}
	if slices.ContainsFunc(b.Stops, func(o Stop) bool { return o.Kind == s.Kind && o.Ended == nil }) {
		return models.E(models.Conflict, "medical.bill_already_stopped")
	}
	b.Stops = append(b.Stops, s)
	b.Publish(event.Of(BillData{BillNo: b.BillNo}), b.Person, by, now)
	b.plan()
	return nil
}

// DecideDispute ends a dispute. Upheld or not, the clock resumes with at least Terms.ResumeDays left; an upheld one is followed by
// the hospital's corrected settlement. Errors: Conflict when none is open; Forbidden for one's own bill.
func (b *Bill) DecideDispute(by models.Actor, upheld bool, now time.Time) error {
	if by.Person == b.Person {
		return models.E(models.Forbidden, "medical.own_case")
	}
	verdict := "REJECTED"
	if upheld {
		verdict = "UPHELD"
	}
	return b.resume(Dispute, verdict, by, now)
}

// Resume ends a pause early.
func (b *Bill) Resume(by models.Actor, now time.Time) error { return b.resume(Pause, "", by, now) }

func (b *Bill) resume(kind StopKind, verdict string, by models.Actor, now time.Time) error {
	i := slices.IndexFunc(b.Stops, func(s Stop) bool { return s.Kind == kind && s.Ended == nil })
	if i < 0 {
		return models.E(models.Conflict, "medical.bill_not_stopped")
	}
	b.Stops[i].Ended, b.Stops[i].Verdict = models.At(now), verdict
	if !b.Owes() && kind == Pause {
		b.plan()
		return nil // nobody waits for the clock of a bill that owes nothing
	}
	if _, still := b.Stopped(); !still && b.Owes() {
		b.shift(b.stoppedSince(i), now)
	}
	b.Publish(BillResumed.Of(ResumedData{BillNo: b.BillNo, Due: b.DueOn, Verdict: verdict}), b.Person, by, now)
	b.plan()
	return nil
}

// stoppedSince is when the standstill that ends with stop i began: stops may overlap.
func (b *Bill) stoppedSince(i int) time.Time {
	since := b.Stops[i].From
	for range b.Stops {
		for _, s := range b.Stops {
			if s.From.Before(since) && s.Ended != nil && !s.Ended.Before(since) {
				since = s.From
			}
		}
	}
	return since
}

// shift moves the due day by the days of a standstill; a bill not yet overdue keeps at least ResumeDays.
func (b *Bill) shift(since, now time.Time) {
	if b.DueOn == "" {
		return
	}
	today := models.DayOf(now)
	due := b.DueOn.Add(today.Since(models.DayOf(since)))
	if b.State == Issued || b.State == PartlyPaid {
		due = max(due, today.Add(b.Terms.ResumeDays))
	}
	b.setDue(due)
	for _, s := range b.steps() { // who got time gets its reminders again
		if s.at.After(now) && strings.HasPrefix(s.name, "remind") {
			b.Done = slices.DeleteFunc(b.Done, func(name string) bool { return name == s.name })
		}
	}
}

// A step is something the plan of a bill brings on its day.
type step struct {
	name string
	at   time.Time
	days int // relative to the due day, grace included for those after it
}

// steps are the bill's plan in order of time. Source: docs/sources.md#medical-clock.
func (b *Bill) steps() []step {
	late := b.DueOn.Add(b.Terms.GraceDays)
	plan := []step{
		{"overdue", late.Add(1).Start(), 1},
		{"suspend", late.Add(b.Terms.SuspendDpd).Start(), b.Terms.SuspendDpd},
		{"notice", late.Add(b.Terms.NoticeDpd).Clock(b.Terms.RemindHour, 0), b.Terms.NoticeDpd},
		{"collect", late.Add(b.Terms.CollectDpd).Start(), b.Terms.CollectDpd},
	}
	for _, d := range b.Terms.RemindDays {
		day := b.DueOn.Add(d)
		if d > 0 {
			day = late.Add(d)
		}
		plan = append(plan, step{"remind" + strconv.Itoa(d), day.Clock(b.Terms.RemindHour, 0), d})
	}
	slices.SortStableFunc(plan, func(x, y step) int { return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.name, y.name)) })
	return plan
}

// next is the first step not yet done; false when none is left or the clock stands still.
func (b *Bill) next() (step, bool) {
	if _, stopped := b.Stopped(); stopped || !b.Owes() || b.DueOn == "" {
		return step{}, false
	}
	for _, s := range b.steps() {
		if !slices.Contains(b.Done, s.name) {
			return s, true
		}
	}
	return step{}, false
}

// Wake does what time alone brings: reminders, overdue, suspension, notice, collection; intents run out, pauses end.
// It acts for everything due up to now, so a bill asleep through an outage catches up in order, and each step happens once.
func (b *Bill) Wake(now time.Time) error {
	for b.plan(); b.WakeAt != nil && !b.WakeAt.After(now); b.plan() {
		if err := b.act(*b.WakeAt, now); err != nil {
			return err
		}
	}
	return nil
}

// act does the one thing that is due at a moment of the plan. A pause ends at its own time, however late the waking,
// so an outage of ours never moves a due day.
func (b *Bill) act(at, now time.Time) error {
	for i := range b.Payments {
		if p := &b.Payments[i]; p.unasked() && !p.Expires.After(at) {
			p.Asked = true
			b.Publish(PaymentLapsed.Of(PaymentData{PayNo: p.PayNo}), "", models.Clockwork, now)
			return nil
		}
	}
	for _, s := range b.Stops {
		if s.Ended == nil && s.Until != nil && s.Until.Before(at) {
			return b.resume(s.Kind, "", models.Clockwork, s.Until.Add(time.Millisecond))
		}
	}
	if s, ok := b.next(); ok && !s.at.After(at) {
		return b.do(s, now)
	}
	return nil
}

// do performs one step.
func (b *Bill) do(s step, now time.Time) error {
	b.Done = append(b.Done, s.name)
	suspends := b.DueOn.Add(b.Terms.GraceDays + b.Terms.SuspendDpd)
	facts := DueData{BillNo: b.BillNo, Outstanding: b.Outstanding(), Due: b.DueOn, Days: max(s.days, -s.days), Suspends: suspends}
	tell := func(kind models.Kind[DueData]) { b.Publish(kind.Of(facts), b.Person, models.Clockwork, now) }
	switch {
	case s.name == "overdue":
		if err := b.move(PastDue, models.Clockwork, now); err != nil {
			return err
		}
		tell(BillOverdue)
	case s.name == "suspend":
		tell(BillSuspends)
	case s.name == "notice":
		tell(BillNoticed)
	case s.name == "collect":
		if err := b.move(InCollection, models.Clockwork, now); err != nil {
			return err
		}
		tell(BillCollected)
	case s.at.Before(b.IssuedOn.Start()): // the window is shorter than the reminder reaches back
	case s.days < 0:
		tell(BillDueSoon)
	case s.days == 0:
		tell(BillDueToday)
	default:
		tell(BillReminded)
	}
	return nil
}

// Reminders are how many reminders the plan has sent.
func (b *Bill) Reminders() int {
	n := 0
	for _, name := range b.Done {
		if len(name) > 6 && name[:6] == "remind" {
			n++
		}
	}
	return n
}

// plan sets the next waking.
func (b *Bill) plan() {
	b.WakeAt = nil
	for _, p := range b.Payments {
		if p.unasked() {
			b.WakeAt = models.Earliest(b.WakeAt, p.Expires)
		}
	}
	for _, s := range b.Stops {
		if s.Ended == nil && s.Until != nil {
			b.WakeAt = models.Earliest(b.WakeAt, models.At(s.Until.Add(time.Millisecond)))
		}
	}
	if s, ok := b.next(); ok {
		b.WakeAt = models.Earliest(b.WakeAt, models.At(s.at))
	}
}
