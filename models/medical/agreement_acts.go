package medical

import (
	"slices"
	"time"

	"xinyi/models"
)

// AskReview is the right to have a person look at a rejection. slot must still be free, which the store's unique index decides.
//
// Errors: InvalidTransition unless rejected. Source: docs/sources.md#red-line-8.
func (a *Agreement) AskReview(by models.Actor, plea string, now time.Time) error {
	if a.State != Rejected {
		return models.Refused(a.Life, agreementMoves[a.State], "medical.agreement_not_reviewable")
	}
	if err := a.move(Review, by, now, ""); err != nil {
		return err
	}
	a.Slot, a.Plea = a.Person+"/"+a.Scheme, plea
	a.Publish(AgreementReview, a.Person, by, now)
	return nil
}

// Decide ends a human review. A refusal keeps the clauses that were there.
func (a *Agreement) Decide(by models.Actor, admit bool, s *Scheme, now time.Time) error {
	if by.Person == a.Person {
		return models.E(models.Forbidden, "medical.own_case")
	}
	if a.State != Review {
		return models.Refused(a.Life, agreementMoves[a.State], "medical.agreement_not_in_review")
	}
	if admit {
		band, _, err := s.band(a.Band)
		if err != nil {
			return err
		}
		return a.activate(band, by, now)
	}
	if err := a.move(Rejected, by, now, ""); err != nil {
		return err
	}
	a.Slot = "ended/" + a.ID
	a.Publish(AgreementRejected, a.Person, by, now)
	return nil
}

// Creditable says why a visit cannot be put on credit: "" when it can, else one of NO_AGREEMENT, SUSPENDED, LIMIT. A hospital learns no
// more.
func (a *Agreement) Creditable(typ VisitType) string {
	switch {
	case a.State == Suspended || a.State == Active && len(a.Blocks) > 0:
		return "SUSPENDED"
	case a.State != Active:
		return "NO_AGREEMENT"
	case a.pool(typ).Available() < 100: // less than a yuan is nothing to work with
		return "LIMIT"
	}
	return ""
}

// Reserve raises a visit's hold to amount. seq is the version the encounter will have when it records what the hold covers.
// It renews the hold's time. Errors: Denied when new holds are stopped or the limit does not reach; nothing changes then.
func (a *Agreement) Reserve(visit string, typ VisitType, amount models.Fen, seq int64, now time.Time) error {
	p := a.pool(typ)
	if amount > p.hold(visit).Amount && (a.State != Active || len(a.Blocks) > 0) {
		return models.E(models.Denied, "medical.no_new_holds")
	}
	days := a.Terms.HoldDays
	if typ == Inpatient {
		days = a.Terms.StayDays
	}
	if err := p.reserve(visit, amount, seq, *models.At(now.AddDate(0, 0, days))); err != nil {
		return err
	}
	a.plan()
	return nil
}

// Room is what a visit may hold in all; for a stopped agreement only what it holds already.
func (a *Agreement) Room(visit string, typ VisitType) models.Fen {
	p := a.pool(typ)
	if a.State != Active || len(a.Blocks) > 0 {
		return p.hold(visit).Amount
	}
	return p.Room(visit)
}

// HeldFor is the hold of a visit, with the version of the visit it belongs to.
func (a *Agreement) HeldFor(visit string, typ VisitType) (models.Fen, int64) {
	h := a.pool(typ).hold(visit)
	return h.Amount, h.Seq
}

// Lower gives back what a visit holds beyond amount, unless a newer version of it has reserved since. It says whether anything changed.
func (a *Agreement) Lower(visit string, typ VisitType, amount models.Fen, seq int64, now time.Time) bool {
	changed := a.pool(typ).lower(visit, amount, seq)
	if changed {
		a.finish(models.Clockwork, now)
	}
	return changed
}

// A Drawing is what a bill of a visit uses of a limit.
type Drawing struct {
	Bill, Visit string
	Outstanding models.Fen
}

// Draw sets what a bill uses of the limit: its outstanding amount at version seq. It says whether anything changed.
func (a *Agreement) Draw(d Drawing, typ VisitType, seq int64, now time.Time) bool {
	changed := a.pool(typ).draw(d.Bill, d.Visit, max(d.Outstanding, 0), seq, now)
	if changed {
		a.finish(models.Clockwork, now)
	}
	return changed
}

// Block adds a reason against new credit, once per kind and ref; all but a freeze suspend. It says whether it was new.
func (a *Agreement) Block(kind BlockKind, ref string, by models.Actor, now time.Time) (bool, error) {
	if a.State == Closed || a.State == Rejected ||
		slices.ContainsFunc(a.Blocks, func(b Block) bool { return b.Kind == kind && b.Ref == ref && b.Until == nil }) {
		return false, nil
	}
	b := Block{Kind: kind, Ref: ref, Since: now}
	if kind != Freeze && a.State == Active {
		if err := a.move(Suspended, by, now, string(kind)); err != nil {
			return false, err
		}
		facts := SuspendedData{Cause: kind, Days: a.Terms.SuspendDpd}
		if kind == ByOffice {
			facts.Reason = ref
		}
		a.Publish(AgreementSuspended.Of(facts), a.Person, by, now)
	} else if kind == Freeze && a.State == Active {
		a.Publish(AgreementFrozen, a.Person, by, now)
	}
	a.Blocks = append(a.Blocks, b)
	a.plan()
	return true, nil
}

// Suspend is an office's suspension, with its reason. Errors: InvalidTransition unless active.
func (a *Agreement) Suspend(by models.Actor, reason string, now time.Time) error {
	if err := agreementMoves.Check(a.Life, Suspended, "medical.agreement_not_suspendable"); err != nil {
		return err
	}
	_, err := a.Block(ByOffice, reason, by, now)
	return err
}

// Reinstate lifts an office's suspension. Other reasons stay. Errors: InvalidTransition when no office suspended it.
func (a *Agreement) Reinstate(by models.Actor, now time.Time) error {
	if !slices.ContainsFunc(a.Blocks, func(b Block) bool { return b.Kind == ByOffice }) || a.State != Suspended {
		return models.Refused(a.Life, agreementMoves[a.State], "medical.agreement_not_suspended")
	}
	_, err := a.lift(func(b Block) bool { return b.Kind == ByOffice }, by, now)
	return err
}

// Unblock lifts the reasons that a paid bill or a dropped record leaves without ground; a default without ground counts no more.
// It says whether anything changed.
func (a *Agreement) Unblock(ref string, now time.Time, kinds ...BlockKind) (bool, error) {
	return a.lift(func(b Block) bool { return b.Ref == ref && slices.Contains(kinds, b.Kind) }, models.Clockwork, now)
}

func (a *Agreement) lift(which func(Block) bool, by models.Actor, now time.Time) (bool, error) {
	before := len(a.Blocks)
	a.Blocks = slices.DeleteFunc(a.Blocks, which)
	if len(a.Blocks) == before {
		return false, nil
	}
	suspends := slices.ContainsFunc(a.Blocks, func(b Block) bool { return b.Kind != Freeze })
	switch {
	case a.State == Suspended && !suspends:
		if err := a.move(Active, by, now, ""); err != nil {
			return false, err
		}
		a.Publish(AgreementReinstated, a.Person, by, now)
	case a.State == Active && len(a.Blocks) == 0:
		a.Publish(AgreementThawed, a.Person, by, now)
	}
	a.plan()
	return true, nil
}

// Close ends the agreement at the person's wish. Debts and holds run off first. Errors: InvalidTransition.
func (a *Agreement) Close(by models.Actor, now time.Time) error {
	if err := a.move(Closing, by, now, ""); err != nil {
		return err
	}
	a.Publish(AgreementClosing.Of(ClosingData{}), a.Person, by, now)
	a.finish(by, now)
	return nil
}

// Withdraw takes back a consent. Without the credit query or the sharing no new credit is possible, so the agreement is suspended;
// bills already issued go on, as a contract's performance. Errors: NotFound for a consent that was not given or is withdrawn.
func (a *Agreement) Withdraw(consent string, by models.Actor, now time.Time) error {
	i := slices.IndexFunc(a.Consents, func(c Consent) bool { return c.ID == consent && c.Withdrawn == nil })
	if i < 0 || !a.Live() {
		return models.E(models.NotFound, "medical.consent_not_given")
	}
	today := models.DayOf(now)
	a.Consents[i].Withdrawn = &today
	_, err := a.Block(ConsentWithdrawn, consent, by, now)
	return err
}

// finish closes what is ending and has nothing left to settle.
func (a *Agreement) finish(by models.Actor, now time.Time) {
	ending := a.State == Closing || a.State == Expired
	empty := a.Outpatient.Held()+a.Outpatient.Owed()+a.Inpatient.Held()+a.Inpatient.Owed() == 0
	if ending && empty && a.move(Closed, by, now, "") == nil {
		a.Slot = "ended/" + a.ID
		a.Publish(AgreementClosed, a.Person, by, now)
	}
	a.plan()
}

// SetLimit is an office's change of the outpatient limit. It may not go below what is held and drawn.
//
// Errors: Conflict "medical.limit_below_used" with the least possible; InvalidTransition unless active or suspended.
func (a *Agreement) SetLimit(limit models.Fen, by models.Actor, reason string, now time.Time) error {
	if a.State != Active && a.State != Suspended {
		return models.Refused(a.Life, agreementMoves[a.State], "medical.agreement_not_running")
	}
	if used := a.Outpatient.Held() + a.Outpatient.Owed(); limit < used {
		e := models.E(models.Conflict, "medical.limit_below_used").With("least", used.Yuan())
		e.Fields = []models.Field{{Pointer: "/limitFen", Code: "limit_below_used", Args: map[string]string{"least": used.Yuan()}}}
		return e
	}
	a.setLimit(limit, by, reason, now)
	return nil
}

func (a *Agreement) setLimit(limit models.Fen, by models.Actor, reason string, now time.Time) {
	old := a.Outpatient.Limit
	if limit == old {
		return
	}
	a.Outpatient.Limit = limit
	a.Limits = append(a.Limits, LimitChange{At: now, Old: old, New: limit, Reason: reason, By: by.Role})
	a.Publish(LimitChanged.Of(LimitData{Old: old, New: limit, Cause: reason}), a.Person, by, now)
}

// PaidOnTime counts a bill paid by its due day; every RaiseEvery-th raises the limit towards the next band, while the
// consent to the credit query stands. It says whether the bill was new.
func (a *Agreement) PaidOnTime(bill string, now time.Time) bool {
	if slices.Contains(a.Punctual, bill) || !a.Live() {
		return false
	}
	a.Punctual = append(a.Punctual, bill)
	if over := len(a.Punctual) - 100; over > 0 {
		a.Punctual = slices.Delete(a.Punctual, 0, over)
	}
	a.OnTime++
	consents := !slices.ContainsFunc(a.Consents, func(c Consent) bool { return c.Withdrawn != nil })
	if consents && a.Terms.RaiseEvery > 0 && a.OnTime%a.Terms.RaiseEvery == 0 {
		a.setLimit(a.Terms.Raised(a.Outpatient.Limit, a.Top), models.Clockwork, "punctual", now)
	}
	return true
}

// Defaulted enters a default a person has confirmed: the agreement is suspended, after CloseAfter within a year it ends.
// It says whether the record was new.
func (a *Agreement) Defaulted(conduct string, now time.Time) (bool, error) {
	if slices.ContainsFunc(a.Defaults, func(d Default) bool { return d.Conduct == conduct }) {
		return false, nil
	}
	a.Defaults = append(a.Defaults, Default{Conduct: conduct, Confirmed: models.DayOf(now)})
	if _, err := a.Block(InDefault, conduct, models.Clockwork, now); err != nil {
		return false, err
	}
	if a.DefaultsBy(models.DayOf(now)) >= a.Terms.CloseAfter && (a.State == Active || a.State == Suspended) {
		if err := a.move(Closing, models.Clockwork, now, string(InDefault)); err != nil {
			return false, err
		}
		a.Publish(AgreementClosing.Of(ClosingData{
			Cause: InDefault, Times: a.DefaultsBy(models.DayOf(now)), Days: a.Terms.YearDays,
		}), a.Person, models.Clockwork, now)
	}
	return true, nil
}

// Cured starts the cooling of a default whose bill is paid and halves the limit, never below what is in use. It says whether it was news.
func (a *Agreement) Cured(conduct string, now time.Time) (bool, error) {
	i := slices.IndexFunc(a.Defaults, func(d Default) bool { return d.Conduct == conduct })
	if i < 0 || a.Defaults[i].Cured != nil {
		return false, nil
	}
	today := models.DayOf(now)
	a.Defaults[i].Cured = &today
	if before := a.Outpatient.Limit; a.Live() {
		a.setLimit(min(before, max(a.Terms.Cut(before), a.Outpatient.Held()+a.Outpatient.Owed())), models.Clockwork, "cured_default", now)
		a.Defaults[i].Cut = before - a.Outpatient.Limit
	}
	cooling := a.Terms.Cooling(a.DefaultsBy(today))
	if cooling == 0 {
		_, err := a.lift(func(b Block) bool { return b.Kind == InDefault && b.Ref == conduct }, models.Clockwork, now)
		return true, err
	}
	for j := range a.Blocks {
		if a.Blocks[j].Kind == InDefault && a.Blocks[j].Ref == conduct {
			a.Blocks[j].Until = models.At(today.Add(cooling).End())
		}
	}
	a.plan()
	return true, nil
}

// Cleared takes back a default whose record was dropped: it never counted, and what it took off the limit comes back.
// It says whether anything changed.
func (a *Agreement) Cleared(conduct string, now time.Time) (bool, error) {
	i := slices.IndexFunc(a.Defaults, func(d Default) bool { return d.Conduct == conduct })
	if i >= 0 {
		if back := a.Defaults[i].Cut; back > 0 && a.Live() {
			a.setLimit(a.Outpatient.Limit+back, models.Clockwork, "default_dropped", now)
		}
		a.Defaults = slices.Delete(a.Defaults, i, i+1)
	}
	lifted, err := a.lift(func(b Block) bool { return b.Kind == InDefault && b.Ref == conduct }, models.Clockwork, now)
	return lifted || i >= 0, err
}

// DefaultsBy counts the defaults confirmed within the last YearDays.
func (a *Agreement) DefaultsBy(today models.Day) int {
	n := 0
	for _, d := range a.Defaults {
		if today.Since(d.Confirmed) < a.Terms.YearDays {
			n++
		}
	}
	return n
}

// CoolingUntil is the last day on which a cured default still rests credit, "" for none.
func (a *Agreement) CoolingUntil() models.Day {
	var last models.Day
	for _, b := range a.Blocks {
		if b.Kind == InDefault && b.Until != nil {
			last = max(last, models.DayOf(*b.Until))
		}
	}
	return last
}

// Wake lets holds lapse, cooling end, and the term run out.
func (a *Agreement) Wake(now time.Time) error {
	for _, p := range []*Pool{&a.Outpatient, &a.Inpatient} {
		for _, visit := range p.lapse(now) {
			a.Publish(HoldLapsed.Of(HoldData{Visit: visit}), a.Person, models.Clockwork, now)
		}
	}
	if _, err := a.lift(func(b Block) bool { return b.Until != nil && b.Until.Before(now) }, models.Clockwork, now); err != nil {
		return err
	}
	running := a.State == Active || a.State == Suspended
	if running && !a.ToldEnding && !now.Before(a.tellEnding()) {
		a.ToldEnding = true
		a.Publish(AgreementExpiring.Of(EndsData{Ends: a.Ends}), a.Person, models.Clockwork, now)
	}
	if running && now.After(a.Ends.End()) {
		if err := a.move(Expired, models.Clockwork, now, ""); err != nil {
			return err
		}
		a.Publish(AgreementExpired, a.Person, models.Clockwork, now)
	}
	a.finish(models.Clockwork, now)
	return nil
}

func (a *Agreement) tellEnding() time.Time {
	return a.Ends.Add(-a.Terms.ExpiringDays).Clock(a.Terms.RemindHour, 0)
}

// plan sets the next waking.
func (a *Agreement) plan() {
	next := models.Earliest(a.Outpatient.next(), a.Inpatient.next())
	for _, b := range a.Blocks {
		if b.Until != nil {
			next = models.Earliest(next, models.At(b.Until.Add(time.Millisecond)))
		}
	}
	if a.State == Active || a.State == Suspended {
		if !a.ToldEnding {
			next = models.Earliest(next, models.At(a.tellEnding()))
		}
		next = models.Earliest(next, models.At(a.Ends.End().Add(time.Millisecond)))
	}
	a.WakeAt = next
}
