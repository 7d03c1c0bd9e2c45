package seed

import (
	"time"

	"xinyi/models"
	"xinyi/models/casework"
	"xinyi/models/decision"
	"xinyi/models/record"
)

// casebook are the cases of the demo city.
type casebook struct{ opened []*casework.Case }

// about is the filing of a case about a record.
func about(r *record.Record, words string) casework.Filing {
	return casework.Filing{
		Subject: r.Subject, About: casework.About{Kind: "record", ID: r.ID, Version: r.Current.No, Item: r.Item, Unit: r.Unit},
		Desk: casework.StandardDesks.Of(r.Region), Region: r.Region, Words: words,
	}
}

// add keeps a case; nobody is told of the past.
func (b *casebook) add(c *casework.Case) {
	c.Outbox = nil
	b.opened = append(b.opened, c)
}

// cases opens one case of each way a file is put right: an objection just made, one that the unit checks, a repair that waits for
// its firm to confirm, and one that is over.
func (c *credit) cases() error {
	office := c.people.byID["staff-credit-city"].Actors(c.now)[1]
	farmer := c.people.byID[DemoFarmer].Self()
	yesterday := models.DayOf(c.now).Add(-1).Clock(9, 30)
	if err := c.objected(c.byName["farmer"], "case-objection-new", farmer, yesterday, nil); err != nil {
		return err
	}
	firm := models.Actor{Role: models.Business, Org: c.byName["objected"].Subject.Ref}
	check := func(k *casework.Case) error { return k.Check(office, yesterday.Add(time.Hour)) }
	if err := c.objected(c.byName["objected"], "case-objection-checking", firm, yesterday, check); err != nil {
		return err
	}
	if err := c.prepared(c.byName["eligible"]); err != nil {
		return err
	}
	return c.repaired(c.byName["repaired"], office)
}

func (c *credit) objected(r *record.Record, id string, by models.Actor, at time.Time, then func(*casework.Case) error) error {
	f := about(r, "罚款已按期缴清，违法行为类型与决定书不一致，请核对。")
	f.Changes = []casework.Change{{Field: "CF_WFXW", Old: models.NewSecret(text(r, "CF_WFXW")), New: models.NewSecret("未亮照经营")}}
	k, err := f.Object(id, casework.Standard, by, at)
	if err == nil && then != nil {
		err = then(k)
	}
	if err != nil {
		return err
	}
	c.add(k)
	return r.Object(k.ID, by, at)
}

// text is what a record says of a plain field.
func text(r *record.Record, field string) string {
	s, _ := r.Current.Attributes[field].(string) //nolint:errcheck // "" for a field that says nothing
	return s
}

// prepared is what the first lawful day brought: a repair filled in, to be confirmed by the firm.
func (c *credit) prepared(r *record.Record) error {
	k, err := about(r, "").Prepare(models.Derived("repair", r.ID, string(r.Publication.Eligible)),
		casework.RepairFile{Eligible: r.Publication.Eligible, Ends: r.Publication.Ends}, casework.Standard, r.Publication.Eligible.Clock(0, 0))
	if err != nil {
		return err
	}
	c.add(k)
	return nil
}

// repaired is a repair from its request to the day on which everybody had been told.
func (c *credit) repaired(r *record.Record, office models.Actor) error {
	at := r.Publication.Eligible.Add(3).Clock(10, 0)
	firm := models.Actor{Role: models.Business, Org: r.Subject.Ref}
	k, err := about(r, "已经改正，罚款已缴清。").AskRepair("case-repair-closed", casework.RepairFile{Eligible: r.Publication.Eligible, Ends: r.Publication.Ends, Commitment: casework.Promise.Hash()}, casework.Standard, firm, at)
	if err != nil {
		return err
	}
	day := 24 * time.Hour
	for _, step := range []func() error{
		func() error { return k.Accept(office, at.Add(day)) },
		func() error { return k.Answer(c.clerk, true, "核实已改正并缴清罚款", at.Add(2*day)) },
		func() error { return k.GrantRepair(office, "符合修复条件", at.Add(3*day)) },
		func() error { return r.Repair(k.ID, models.Clockwork, at.Add(3*day)) },
		func() error { return k.Sync(at.Add(3*day + time.Hour)) },
		func() error { return k.Close("", at.Add(3*day+2*time.Hour)) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	c.add(k)
	return nil
}

// review asks for a person to look at the last decision that stands against somebody.
func (c *credit) review(decisions []*decision.Decision) error {
	for i := len(decisions) - 1; i >= 0; i-- {
		d := decisions[i]
		if d.State != decision.Standing || len(d.Uses) == 0 || d.Person == "" {
			continue
		}
		person := c.people.byID[d.Person]
		k, err := casework.Filing{
			Subject: d.Subject, About: casework.About{Kind: "decision", ID: d.ID}, Desk: casework.StandardDesks.Of(person.Region),
			Region: person.Region, Words: "名单上的事已经了结，请人工看一看。",
		}.AskReview("case-review-new", casework.Standard, person.Self(), models.DayOf(c.now).Add(-1).Clock(15, 0))
		if err == nil {
			c.add(k)
		}
		return err
	}
	return nil
}
