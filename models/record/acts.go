package record

import (
	"time"

	"xinyi/models"
)

// Object puts the mark on the record: its subject says that it is wrong. The mark stays until Resolve or Uphold.
// Errors: InvalidTransition.
func (r *Record) Object(id string, by models.Actor, now time.Time) error {
	before := r.State
	if err := r.Move(moves, Objected, by.At(now), "record.not_objectable"); err != nil {
		return err
	}
	r.Before, r.Case = before, id
	r.publish(EventObjected, by, now, "")
	r.plan()
	return nil
}

// Uphold takes the mark off: the objection of case id was refused or withdrawn. Errors: InvalidTransition, Conflict "record.other_case".
func (r *Record) Uphold(id string, by models.Actor, why string, now time.Time) error {
	if r.State != Objected {
		return models.Refused(r.Life, moves[r.State], "record.not_objected")
	}
	if r.Case != id {
		return models.E(models.Conflict, "record.other_case")
	}
	if err := r.Move(moves, r.Before, by.At(now).Because(why), "record.not_objected"); err != nil {
		return err
	}
	r.Before = ""
	r.publish(EventUpheld, by, now, why)
	r.plan()
	return nil
}

// A Change is what a new version says instead. Attributes and Private are whole, not a difference.
type Change struct {
	Attributes map[string]any
	Private    map[string]models.Secret
	Valid      models.Day // since when it holds; "" as before
	Why        string
	Case       string // of the objection that led to it; "" none
	Batch      string // that brought it; "" none
	Row        int
}

// Correct keeps a new version because the one before was wrong. Errors: InvalidTransition; Conflict "record.other_case" when the
// record is under another objection.
func (r *Record) Correct(c Change, by models.Actor, now time.Time) error {
	if r.State == Objected && c.Case != "" && r.Case != c.Case {
		return models.E(models.Conflict, "record.other_case")
	}
	if err := r.Move(moves, Corrected, by.At(now).Because(c.Why), "record.not_correctable"); err != nil {
		return err
	}
	r.Before = ""
	r.version(c, by, now)
	r.publish(EventCorrected, by, now, c.Why)
	r.plan()
	return nil
}

// Revise keeps a new version because its source's fact changed: a licence was renewed. The state stays.
// Errors: InvalidTransition unless the record counts.
func (r *Record) Revise(c Change, by models.Actor, now time.Time) error {
	if !r.Used() {
		return models.Refused(r.Life, moves[r.State], "record.not_revisable")
	}
	r.version(c, by, now)
	r.publish(EventRevised, by, now, c.Why)
	r.plan()
	return nil
}

func (r *Record) version(c Change, by models.Actor, now time.Time) {
	old := r.Current
	r.Earlier = append(r.Earlier, old)
	r.Current = Version{No: old.No + 1, Known: now, Valid: c.Valid, Attributes: c.Attributes, Private: c.Private, Why: c.Why, By: by.Role}
	if c.Valid == "" {
		r.Current.Valid = old.Valid
	}
	if c.Batch != "" {
		r.Batch, r.Row = c.Batch, c.Row
	}
	if c.Case != "" {
		r.Case = c.Case
	}
}

// Repairable says whether its subject may ask for repair on a day, and if not yet, from which day.
// "" with false: there is nothing to repair.
func (r *Record) Repairable(on models.Day) (from models.Day, may bool) {
	if r.Publication.Severity == "" || r.State != Active && r.State != Corrected {
		return "", false
	}
	return r.Publication.Eligible, on >= r.Publication.Eligible
}

// Repair ends showing and using it before its time. Errors: InvalidTransition, Denied "record.not_repairable_yet" with the day.
func (r *Record) Repair(id string, by models.Actor, now time.Time) error {
	from, may := r.Repairable(models.DayOf(now))
	if from != "" && !may {
		return &models.Error{Code: models.Denied, Reason: "record.not_repairable_yet", Clauses: []models.Clause{
			{ID: "record.clause_eligible", Outcome: models.Fail, Required: string(from), ChangeableBy: models.ByTime, From: &from, Source: r.ID},
		}}
	}
	if !may {
		return models.Refused(r.Life, moves[r.State], "record.not_repairable")
	}
	if err := r.Move(moves, Repaired, by.At(now), "record.not_repairable"); err != nil {
		return err
	}
	r.Case = id
	r.publish(EventRepaired, by, now, "")
	r.plan()
	return nil
}

// Restore undoes a repair that rested on false materials. A record whose time is over meanwhile ends at once.
// Errors: InvalidTransition, Conflict "record.other_case".
func (r *Record) Restore(id string, by models.Actor, why string, now time.Time) error {
	if r.State == Repaired && r.Case != id {
		return models.E(models.Conflict, "record.other_case")
	}
	if r.State != Repaired {
		return models.Refused(r.Life, moves[r.State], "record.not_repaired")
	}
	if err := r.Move(moves, Active, by.At(now).Because(why), "record.not_repaired"); err != nil {
		return err
	}
	r.publish(EventRestored, by, now, why)
	r.plan()
	return r.Wake(now)
}

// Withdraw takes back what should never have been there: its decision was revoked, or its batch was wrong.
// Errors: InvalidTransition.
func (r *Record) Withdraw(by models.Actor, why string, now time.Time) error {
	if err := r.Move(moves, Withdrawn, by.At(now).Because(why), "record.withdrawn_already"); err != nil {
		return err
	}
	r.Before = ""
	r.publish(EventWithdrawn, by, now, why)
	r.plan()
	return nil
}

// Hear notes how its person heard of it; the first way counts. It says whether anything changed.
func (r *Record) Hear(how string, now time.Time) bool {
	if r.Told != nil {
		return false
	}
	r.Told = &Told{At: now, How: how}
	return true
}

// Bind ties the record to the account of its person, and tells of a negative one. It says whether anything changed.
func (r *Record) Bind(person string, now time.Time) bool {
	if r.Subject.Kind != models.PersonSubject || r.Subject.Person == person {
		return false
	}
	r.Subject.Person = person
	if person != "" && r.Nature == models.Negative && r.Used() {
		r.publish(EventKept, models.Clockwork, now, "")
	}
	r.plan()
	return true
}

// Reschedule works the publication out anew under another policy. It says whether anything changed.
func (r *Record) Reschedule(p Policy, now time.Time) (bool, error) {
	if !r.Used() {
		return false, nil
	}
	next := p.Publish(r.Nature, r.Publication.Severity, r.DecidedOn)
	next.Asked = r.Publication.Asked && next.Eligible == r.Publication.Eligible
	if next == r.Publication {
		return false, nil
	}
	r.Publication = next
	r.plan()
	return true, r.Wake(now)
}

// Wake does what time alone brings: the word that repair may be asked for, then the end of publication. Deletion follows KeptUntil.
func (r *Record) Wake(now time.Time) error {
	today := models.DayOf(now)
	if from, may := r.Repairable(today); may && from != "" && !r.Publication.Asked && !r.over(now) {
		r.Publication.Asked = true
		if r.Subject.Addressee() != "" {
			r.publish(EventEligible, models.Clockwork, now, "")
		}
	}
	if r.Used() && r.over(now) {
		if err := r.Move(moves, Ended, models.Clockwork.At(now).Because("time"), "record.not_endable"); err != nil {
			return err
		}
		r.Before = ""
		r.publish(EventEnded, models.Clockwork, now, "")
	}
	r.plan()
	return nil
}

// over says whether its time of publication has passed.
func (r *Record) over(now time.Time) bool {
	return r.Publication.Ends != "" && models.DayOf(now) >= r.Publication.Ends
}

// plan sets when the record next wakes and when it is deleted.
func (r *Record) plan() {
	r.WakeAt = nil
	if r.Used() && r.Publication.Severity != "" {
		if !r.Publication.Asked && r.State != Objected && r.Subject.Addressee() != "" {
			r.WakeAt = models.At(r.Publication.Eligible.Start())
		}
		if r.Publication.Ends != "" {
			r.WakeAt = models.Earliest(r.WakeAt, models.At(r.Publication.Ends.Start()))
		}
	}
	r.GoneAt = nil
	if r.KeptUntil != "" {
		r.GoneAt = models.At(r.KeptUntil.Add(1).Start())
	}
}

// publish tells an event to whom the record is about.
func (r *Record) publish(kind models.Kind[Data], by models.Actor, now time.Time, why string) {
	data := Data{Record: r.ID, Version: r.Current.No, Item: r.Item, Unit: r.Unit, Why: why}
	if r.Publication.Eligible != "" {
		data.Eligible, data.Ends = r.Publication.Eligible, r.Publication.Ends
	}
	r.Publish(kind.Of(data), r.Subject.Addressee(), by, now)
}
