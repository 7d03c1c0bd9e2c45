package organisation

import (
	"time"

	"xinyi/models"
)

// Object is an officer's word against an appointment to the own organisation, or against a dismissal from it. A person whose
// office began at most days ago does not act in it until somebody decides.
//
// Errors: NotFound for anybody but the organisation's officers; Forbidden "organisation.may_not_contest" for the person and for who did
// it; Conflict "organisation.contested_already"; InvalidTransition when it is neither held nor over.
func (a *Appointment) Object(why string, p Policy, by models.Actor, now time.Time) error {
	switch {
	case by.Org == "" || by.Org != a.Org:
		return models.E(models.NotFound, "not_found")
	case by.Agent != "" || by.Person == a.Person || second(a.makers(), by) != nil:
		return models.E(models.Forbidden, "organisation.may_not_contest")
	case a.Contest != nil:
		return models.E(models.Conflict, "organisation.contested_already")
	case a.State != Serving && a.State != Left:
		return models.Refused(a.Life, appointmentMoves[a.State], "organisation.office_not_held")
	}
	c := &Contest{By: by, Why: why, At: now, Makers: a.makers()}
	if a.State == Serving && now.Before(a.From.AddDate(0, 0, p.ContestDays)) {
		if err := a.Move(appointmentMoves, Suspended, by, now, "organisation.office_not_held", "organisation.contested"); err != nil {
			return err
		}
	}
	a.Contest, a.Contested = c, true
	a.Publish(EventContested.Of(a.data()), a.Person, by, now)
	return nil
}

// makers are who did what can be contested now: the appointment, or the dismissal.
func (a *Appointment) makers() models.Makers {
	if a.State == Left {
		return a.Leavers
	}
	return a.Makers
}

// Decide ends the contest: what was done stands, or it is undone. Who decides has the organisation in scope and had no hand in it.
//
// Errors: as Propose; Conflict "organisation.not_contested"; Forbidden "second_person".
func (a *Appointment) Decide(undo bool, why string, by models.Actor, now time.Time) error {
	if err := a.mayAppoint(by); err != nil {
		return err
	}
	if !a.Contested || a.Contest == nil {
		return models.E(models.Conflict, "organisation.not_contested")
	}
	if by.Person == a.Contest.By.Person {
		return models.E(models.Forbidden, "second_person")
	}
	if err := second(a.Contest.Makers, by); err != nil {
		return err
	}
	to := a.State
	switch {
	case a.State == Left && undo, a.State == Suspended && !undo:
		to = Serving
	case a.State != Left && undo:
		to = Left
	}
	if to != a.State {
		if err := a.Move(appointmentMoves, to, by, now, "organisation.office_not_held", why); err != nil {
			return err
		}
	}
	switch {
	case to == Left && undo:
		a.EndedAt = models.At(now)
	case to == Serving && undo:
		a.EndedAt = nil
	}
	a.Contested = false
	a.Contest.Judge, a.Contest.Undone, a.Contest.Decision = by, undo, why
	for _, person := range []string{a.Person, a.Contest.By.Person} {
		a.Publish(EventContestDecided.Of(a.data()), person, by, now)
	}
	return nil
}
