package award

import (
	"slices"
	"strconv"
	"time"

	"xinyi/models"
)

// A Given is what an award is made from.
type Given struct {
	Nomination string
	Programme  string
	Year       int
	Category   string
	Title      models.Words
	Level      int
	Region     models.Region
	Unit       string // the office, as people call it
	Org        string // its code as a source unit
	Holder     models.Subject
	Name       models.Secret
	Deed       string
	Named      bool
	Recorded   bool
	Decision   string
	Terms      Terms
}

// IDOf is the id of the award of a nomination.
func IDOf(nomination string) string { return models.Derived("award", nomination) }

// Number is the number of an award's certificate: the code of the place, the year, and ten digits of the nomination. It says nothing of the
// holder.
func Number(region models.Region, year int, nomination string) string {
	n, err := strconv.ParseUint(models.Derived("award-no", nomination)[:12], 16, 64)
	if err != nil {
		return "" // twelve hex digits are always a number
	}
	digits := strconv.FormatUint(n%10_000_000_000, 10)
	for len(digits) < 10 {
		digits = "0" + digits
	}
	return string(region) + "-" + strconv.Itoa(year) + "-" + digits
}

// Grant gives an award from today on. Errors: Invalid "award.incomplete".
//
// Source: docs/sources.md#award-terms.
func Grant(g Given, by models.Actor, now time.Time) (*Award, error) {
	today := models.DayOf(now)
	if g.Nomination == "" || g.Programme == "" || g.Holder.Kind == "" || g.Holder.Ref == "" || g.Level < 1 || g.Level > 5 ||
		g.Terms.Months < 1 {
		return nil, models.E(models.Invalid, "award.incomplete")
	}
	a := &Award{
		Nomination: g.Nomination, Programme: g.Programme, Year: g.Year, Category: g.Category, Title: g.Title, Level: g.Level, Region: g.Region,
		Unit: g.Unit, Org: g.Org, Holder: g.Holder, Name: g.Name, Deed: g.Deed, No: Number(g.Region, g.Year, g.Nomination), Since: today,
		Until: today.AddMonths(g.Terms.Months).Add(-1), Named: g.Named, Recorded: g.Recorded, Terms: g.Terms, Decision: g.Decision,
	}
	a.ID, a.State, a.Moved = IDOf(g.Nomination), Valid, models.Moved{By: by.Role, At: now}
	a.label()
	a.publish(EventGranted, by, now)
	a.plan()
	return a, nil
}

// label is how the holder is shown: a person who did not agree to be named is masked; a firm is always named.
//
// Source: docs/sources.md#award-named.
func (a *Award) label() {
	a.Label = a.Name.String()
	if a.Named || a.Holder.Kind == models.Organisation {
		a.Label = a.Name.Reveal()
	}
}

func (a *Award) publish(kind models.Kind[HonourData], by models.Actor, now time.Time) {
	a.Publish(kind.Of(a.data()), a.Holder.Addressee(), by, now)
}

func (a *Award) data() HonourData {
	return HonourData{
		Within: Within{a.Programme}, Category: a.Category, No: a.No, Until: a.Until, Title: a.Title.ZH, TitleEN: a.Title.EN,
		Named: yes(a.Named), Recorded: yes(a.Recorded), Reason: a.Why,
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// InForce says whether the award counts on a day: also while its revocation is only asked for.
func (a *Award) InForce(on models.Day) bool {
	return (a.State == Valid || a.State == Answering) && a.Since <= on && on <= a.Until
}

// Mine says whether by is the holder, or acts for it.
func (a *Award) Mine(by models.Actor) bool { return holds(a.Holder, by) }

// holds says whether by is a subject, or acts for it.
func holds(s models.Subject, by models.Actor) bool {
	if s.Kind == models.Organisation {
		return by.Is(models.Business) && by.Org == s.Ref
	}
	return by.Is(models.Resident) && by.Person == s.Person && s.Person != ""
}

// office says whether by is the office that gives the award, or a wider one. Errors: Forbidden "award.other_office".
func office(region models.Region, by models.Actor) error {
	if !by.Is(models.CreditOffice) || by.Person == "" || by.Agent != "" || !by.Region.Contains(region) {
		return models.E(models.Forbidden, "award.other_office")
	}
	return nil
}

// plan sets when time next changes something.
func (a *Award) plan() {
	a.WakeAt = nil
	if a.State != Valid && a.State != Answering {
		return
	}
	a.WakeAt = models.At(a.Until.Add(1).Start())
	if !a.Warned {
		a.WakeAt = models.At(a.Until.Add(-a.Terms.WarnDays).Start())
	}
}

// Wake warns before the award ends, and ends it.
func (a *Award) Wake(now time.Time) error {
	for a.WakeAt != nil && !a.WakeAt.After(now) {
		if !a.Warned {
			a.Warned = true
			a.publish(EventExpiring, models.Clockwork, now)
		} else if err := a.Move(awardMoves, Expired, models.Clockwork.At(now), "award.state"); err != nil {
			return err
		} else {
			a.Renewal = ""
			a.publish(EventExpired, models.Clockwork, now)
		}
		a.plan()
	}
	return nil
}

// Choose says whether the holder is named in public and recorded in the credit file; it may be changed at any time. It says
// whether anything changed. Errors: NotFound for anybody else.
//
// Source: docs/sources.md#award-named.
func (a *Award) Choose(named, recorded bool, by models.Actor, now time.Time) (bool, error) {
	if !a.Mine(by) && !by.Is(models.System) {
		return false, models.E(models.NotFound, "not_found")
	}
	if a.Named == named && a.Recorded == recorded {
		return false, nil
	}
	a.Named, a.Recorded = named, recorded
	a.label()
	a.publish(EventDeclined, by, now)
	return true, nil
}

// AskRevoke starts a revocation: the holder is told the ground and may answer. Errors: Forbidden; Invalid "award.ground",
// "award.text"; InvalidTransition.
//
// Source: docs/sources.md#award-revoke.
func (a *Award) AskRevoke(g Ground, text, record string, by models.Actor, now time.Time) error {
	switch err := office(a.Region, by); {
	case err != nil:
		return err
	case !slices.Contains(Grounds, g):
		return models.Bad("/ground", "oneof", "award.ground")
	case text == "":
		return models.Bad("/text", "required", "award.text")
	}
	if err := a.Move(awardMoves, Answering, by.At(now).Because(string(g)), "award.state"); err != nil {
		return err
	}
	today := models.DayOf(now)
	a.Ask = &Ask{By: by, On: today, Ground: g, Text: text, Record: record, Until: today.AddWorking(a.Terms.AnswerDays)}
	d := a.data()
	d.Reason, d.Until = string(g), a.Ask.Until
	a.Publish(EventAnswer.Of(d), a.Holder.Addressee(), by, now)
	return nil
}

// Reply is the holder's answer; a second one takes the place of the first. Errors: NotFound for anybody else; InvalidTransition
// when nothing is asked; Conflict "award.answer_over" after its day; Invalid.
func (a *Award) Reply(text string, by models.Actor, now time.Time) error {
	switch {
	case !a.Mine(by):
		return models.E(models.NotFound, "not_found")
	case a.State != Answering:
		return models.Refused(a.Life, awardMoves[a.State], "award.state")
	case models.DayOf(now) > a.Ask.Until:
		return models.E(models.Conflict, "award.answer_over")
	case text == "":
		return models.Bad("/text", "required", "award.text")
	}
	a.Ask.Answer, a.Ask.Heard = models.NewSecret(text), models.At(now)
	return nil
}

// Revoke ends the award, for what was asked: not before the holder answered or the days to answer went by, and not by who asked.
// why is what the public is shown. Errors: Forbidden "second_person"; Conflict "award.answer_open"; Invalid; InvalidTransition.
//
// Source: docs/sources.md#award-revoke.
func (a *Award) Revoke(why string, by models.Actor, now time.Time) error {
	if err := a.judged(why, by, now); err != nil {
		return err
	}
	if err := a.Move(awardMoves, Revoked, by.At(now).Because(why), "award.state"); err != nil {
		return err
	}
	a.Ask.Judge, a.Ask.Upheld, a.Ask.Verdict = by, true, why
	a.EndedOn, a.Why, a.Renewal = models.DayOf(now), why, ""
	a.Barred = a.EndedOn.AddMonths(a.Terms.BarMonths)
	d := a.data()
	d.Reason = why
	a.Publish(EventRevoked.Of(d), a.Holder.Addressee(), by, now)
	a.plan()
	return nil
}

// Drop lets the award stand: the ground was none. Errors: as Revoke.
func (a *Award) Drop(why string, by models.Actor, now time.Time) error {
	if err := a.judged(why, by, now); err != nil {
		return err
	}
	if err := a.Move(awardMoves, Valid, by.At(now).Because(why), "award.state"); err != nil {
		return err
	}
	a.Ask.Judge, a.Ask.Verdict = by, why
	a.publish(EventKept, by, now)
	return nil
}

func (a *Award) judged(why string, by models.Actor, now time.Time) error {
	switch err := office(a.Region, by); {
	case err != nil:
		return err
	case a.State != Answering:
		return models.Refused(a.Life, awardMoves[a.State], "award.state")
	}
	if err := (models.Makers{a.Ask.By}).Second(by); err != nil {
		return err
	}
	switch {
	case a.Ask.Heard == nil && models.DayOf(now) <= a.Ask.Until:
		return models.E(models.Conflict, "award.answer_open")
	case why == "":
		return models.Bad("/reason", "required", "award.text")
	}
	return nil
}

// AskRenewal asks that the award go on after its end: the records are looked at anew. Errors: NotFound for anybody else;
// Conflict "award.renew_early", "award.renewing"; InvalidTransition.
//
// Source: docs/sources.md#award-renew.
func (a *Award) AskRenewal(id string, by models.Actor, now time.Time) error {
	switch {
	case !a.Mine(by):
		return models.E(models.NotFound, "not_found")
	case a.State != Valid:
		return models.Refused(a.Life, awardMoves[a.State], "award.state")
	case models.DayOf(now) < a.Until.Add(-a.Terms.WarnDays):
		return models.E(models.Conflict, "award.renew_early").With("from", string(a.Until.Add(-a.Terms.WarnDays)))
	case a.Renewal == id:
		return nil
	case a.Renewal != "":
		return models.E(models.Conflict, "award.renewing")
	}
	a.Renewal = id
	a.publish(EventRenewing, by, now)
	return nil
}

// Renew ends a renewal by what the vetting came to: decision passed or did not. Only the renewal that waits counts; it says
// whether anything changed.
func (a *Award) Renew(renewal, decision string, passed bool, now time.Time) bool {
	if a.Renewal != renewal || renewal == "" || a.State != Valid {
		return false
	}
	a.Renewal, a.Decision = "", decision
	if !passed {
		a.publish(EventLapsing, models.Clockwork, now)
		return true
	}
	a.Until, a.Warned, a.Renewed = a.Until.AddMonths(a.Terms.Months), false, a.Renewed+1
	a.publish(EventRenewed, models.Clockwork, now)
	a.plan()
	return true
}

// Recheck notes a record that may be a ground to revoke the award: an office decides whether it is. It says whether anything changed.
func (a *Award) Recheck(record string, now time.Time) bool {
	if a.State != Valid || a.Alert == record {
		return false
	}
	a.Alert = record
	a.Publish(EventAlert.Of(AlertData{Programme: a.Programme, Record: record}), "", models.Clockwork, now)
	return true
}

// Recommend names the holder to the wider office. Errors: Forbidden; Conflict "award.no_wider" above a province,
// "award.recommended_already"; InvalidTransition unless it is in force.
func (a *Award) Recommend(by models.Actor, now time.Time) error {
	to := a.Region.Parent()
	switch err := office(a.Region, by); {
	case err != nil:
		return err
	case a.State != Valid || !a.InForce(models.DayOf(now)):
		return models.Refused(a.Life, awardMoves[a.State], "award.state")
	case to == "":
		return models.E(models.Conflict, "award.no_wider")
	case a.Upward != nil:
		return models.E(models.Conflict, "award.recommended_already")
	}
	a.Upward = &Upward{to, by, models.DayOf(now)}
	a.publish(EventUpward, by, now)
	return nil
}
