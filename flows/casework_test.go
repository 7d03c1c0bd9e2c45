package flows_test

import (
	"context"
	"testing"
	"time"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/casework"
	"xinyi/models/record"
	"xinyi/store"
)

// desk is a replica where cases are decided about penalties.
type desk struct {
	*intake
	flows.Casework
	erased []string
}

var (
	atDesk = models.Actor{Person: "p-desk", Role: models.CreditOffice, Org: "desk", Region: "4301"}
	ownFor = models.Actor{Person: "p-ann", Role: models.Resident}
)

func desks(t *testing.T) *desk {
	t.Helper()
	d := &desk{intake: intakes(t)}
	d.Casework = flows.Casework{
		Cases: store.NewRepo[casework.Case](d.store, store.Cases), Records: d.intake.Records, Entries: store.NewRepo[access.Entry](d.store, store.Accesses),
		Items: d.Catalogue.Items, Uses: store.OpenRecall(d.store).Uses, Terms: casework.Standard, Desks: casework.Desks{"": "desk"}, Now: d.clock.now,
		Erase: func() []flows.Eraser {
			return []flows.Eraser{func(_ context.Context, person string, _ time.Time) error {
				d.erased = append(d.erased, person)
				return nil
			}}
		},
	}
	must(t, d.relay.Subscribe(d.Subscribers()...))
	must(t, d.store.Ensure(t.Context()))
	return d
}

// fined keeps a penalty of a firm, decided so many months ago.
func (d *desk) fined(months int) *record.Record {
	d.Helper()
	cells := d.form.Sample(models.Organisation)
	cells["CF_JDRQ"], cells["CF_YZCD"] = string(models.DayOf(d.clock.now()).AddMonths(-months)), "2"
	delete(cells, "CF_XWZZRQ")
	row, faults := d.form.Read(cells)
	if len(faults) > 0 {
		d.Fatalf("%+v", faults)
	}
	r, err := record.New(d.Subjects.Drafted(d.item, row, officer.Org, officer.Region), record.Standard, officer, d.clock.now())
	must(d.T, err)
	must(d.T, d.intake.Records.Insert(d.Context(), r))
	d.tell()
	return r
}

func (d *desk) tell() { d.Helper(); must(d.T, d.relay.Drain(d.Context())) }

func (d *desk) objects(r *record.Record) *casework.Case {
	d.Helper()
	f := casework.Filing{Subject: r.Subject, About: flows.About(r), Desk: "desk", Region: "4301", Words: "不对",
		Changes: []casework.Change{{Field: "CF_WFXW", Old: models.NewSecret("示例"), New: models.NewSecret("另一种")}}}
	c, err := casework.Object("case-"+r.ID, f, casework.Standard, ownFor, d.clock.now())
	must(d.T, err)
	must(d.T, d.Cases.Insert(d.Context(), c))
	return c
}

// does changes a case and answers the events it would tell.
func (d *desk) does(id string, act func(*casework.Case) error) []models.Event {
	d.Helper()
	c, err := d.Cases.Update(d.Context(), id, act)
	must(d.T, err)
	return c.Outbox
}

func (d *desk) record(id string) *record.Record {
	d.Helper()
	r, err := d.intake.Records.Get(d.Context(), id)
	must(d.T, err)
	return r
}

func (d *desk) one(id string) *casework.Case {
	d.Helper()
	c, err := d.Cases.Get(d.Context(), id)
	must(d.T, err)
	return c
}

// again tells events once more, and in the wrong order.
func (d *desk) again(events ...models.Event) {
	d.Helper()
	for i := len(events) - 1; i >= 0; i-- {
		for _, s := range d.Subscribers() {
			if s.Kinds(events[i].Kind) {
				must(d.T, s.Do(d.Context(), events[i]))
			}
		}
	}
}

// An objection that is right makes a second version, once, however often it is told.
func TestObjectionFollowed(t *testing.T) {
	t.Parallel()
	d := desks(t)
	r := d.fined(1)
	c := d.objects(r)
	d.tell()
	if got := d.record(r.ID); got.State != record.Objected || got.Case != c.ID {
		t.Fatalf("%s %s", got.State, got.Case)
	}
	events := append(c.Outbox, d.does(c.ID, func(c *casework.Case) error {
		return c.Uphold(atDesk, casework.Correction{Values: map[string]string{"CF_WFXW": "另一种"}, Reason: "w"}, d.clock.now())
	})...)
	d.tell()
	check := func() {
		t.Helper()
		got := d.record(r.ID)
		if got.State != record.Corrected || got.Current.No != 2 || got.Current.Attributes["CF_WFXW"] != "另一种" || got.Earlier[0].Attributes["CF_WFXW"] != "示例" {
			t.Errorf("%s, version %d: %v", got.State, got.Current.No, got.Current.Attributes["CF_WFXW"])
		}
		if got := d.one(c.ID); got.State != casework.Closed {
			t.Errorf("the case is %s", got.State)
		}
	}
	check()
	d.again(events...)
	d.again(events...)
	check()
}

// Refused, given up before it was told of, or withdrawn: the record is as it was.
func TestObjectionThatCameToNothing(t *testing.T) {
	t.Parallel()
	d := desks(t)
	for name, act := range map[string]func(*casework.Case) error{
		"refused":  func(c *casework.Case) error { return c.Reject(atDesk, "w", d.clock.now()) },
		"given up": func(c *casework.Case) error { return c.Withdraw(ownFor, d.clock.now()) },
	} {
		for _, told := range []bool{true, false} {
			d := desks(t)
			r := d.fined(1)
			c := d.objects(r)
			if told {
				d.tell()
			}
			events := append(c.Outbox, d.does(c.ID, act)...)
			d.tell()
			d.again(events...)
			if got := d.record(r.ID); got.State != record.Active || got.Current.No != 1 || got.Before != "" {
				t.Errorf("%s, told in between %v: %s, version %d", name, told, got.State, got.Current.No)
			}
		}
	}
}

// A record that ended or went while the case was on a desk is left alone; the case ends.
func TestRecordGoesFirst(t *testing.T) {
	t.Parallel()
	for name, goes := range map[string]func(*desk, *record.Record) error{
		"withdrawn": func(d *desk, r *record.Record) error { return r.Withdraw(officer, "w", d.clock.now()) },
		"ended":     func(_ *desk, r *record.Record) error { return r.Wake(r.Publication.Ends.Start()) },
	} {
		d := desks(t)
		r := d.fined(1)
		c := d.objects(r)
		d.tell()
		gone, err := d.intake.Records.Update(t.Context(), r.ID, func(r *record.Record) error { return goes(d, r) })
		must(t, err)
		d.does(c.ID, func(c *casework.Case) error {
			return c.Uphold(atDesk, casework.Correction{Values: map[string]string{"CF_WFXW": "另一种"}, Reason: "w"}, d.clock.now())
		})
		d.tell()
		if got := d.record(r.ID); got.State != gone.State || got.Current.No != 1 {
			t.Errorf("%s: %s, version %d", name, got.State, got.Current.No)
		}
		if got := d.one(c.ID); got.State != casework.Closed {
			t.Errorf("%s: the case is %s", name, got.State)
		}
	}
}

// The whole record goes when the objection was granted so.
func TestObjectionWithdrawsTheRecord(t *testing.T) {
	t.Parallel()
	d := desks(t)
	r := d.fined(1)
	c := d.objects(r)
	d.tell()
	d.does(c.ID, func(c *casework.Case) error {
		return c.Uphold(atDesk, casework.Correction{Withdraw: true, Reason: "不是本人"}, d.clock.now())
	})
	d.tell()
	if got := d.record(r.ID); got.State != record.Withdrawn || d.one(c.ID).State != casework.Closed {
		t.Errorf("%s %s", got.State, d.one(c.ID).State)
	}
}

// The autopilot prepares one repair for a record, whatever it hears twice; a repair that an objection holds up follows after it.
func TestAutopilotAndObjection(t *testing.T) {
	t.Parallel()
	d := desks(t)
	r := d.fined(3)
	e := models.Event{ID: "e", Kind: record.EventEligible.Name(), Subject: r.ID, Data: map[string]string{"record": r.ID}}
	d.again(e)
	d.again(e)
	page, err := d.Cases.Find(t.Context(), store.CasesAbout(r.ID, casework.Repair))
	must(t, err)
	if len(page.Items) != 1 || page.Items[0].State != casework.Draft {
		t.Fatalf("%d repairs", len(page.Items))
	}
	id := page.Items[0].ID
	c := d.objects(r)
	d.tell()
	d.does(id, func(k *casework.Case) error { return k.Confirm(casework.Promise.Hash(), "", ownFor, d.clock.now()) })
	d.does(id, func(k *casework.Case) error { return k.Accept(atDesk, d.clock.now()) })
	d.does(id, func(k *casework.Case) error { return k.Answer(officer, true, "done", d.clock.now()) })
	d.does(id, func(k *casework.Case) error { return k.GrantRepair(atDesk, "right", d.clock.now()) })
	d.tell()
	if got := d.record(r.ID); got.State != record.Objected || d.one(id).State != casework.Approved {
		t.Fatalf("while it is under objection: %s %s", got.State, d.one(id).State)
	}
	d.does(c.ID, func(c *casework.Case) error { return c.Reject(atDesk, "w", d.clock.now()) })
	d.tell()
	if got := d.record(r.ID); got.State != record.Repaired || got.Case != id {
		t.Errorf("after it: %s %s", got.State, got.Case)
	}
}

// A granted erasure is carried out, and as often as it is told; one that was refused is not.
func TestErasure(t *testing.T) {
	t.Parallel()
	d := desks(t)
	for i, grant := range []bool{true, false} {
		c, err := casework.Erase(string(rune('a'+i)), casework.Filing{
			Subject: models.Subject{Kind: models.PersonSubject, Person: "p-" + string(rune('a'+i))}, About: casework.About{Kind: "account", ID: "p"}, Desk: "desk", Region: "4301", Words: "w",
		}, casework.Standard, ownFor, d.clock.now())
		must(t, err)
		must(t, d.Cases.Insert(t.Context(), c))
		d.does(c.ID, func(c *casework.Case) error {
			if grant {
				return c.Grant(atDesk, "w", d.clock.now())
			}
			return c.Reject(atDesk, "w", d.clock.now())
		})
	}
	d.tell()
	if len(d.erased) != 1 || d.erased[0] != "p-a" || d.one("a").State != casework.Closed || d.one("b").State != casework.Rejected {
		t.Errorf("%v %s %s", d.erased, d.one("a").State, d.one("b").State)
	}
}
