package medical

import (
	"strconv"
	"time"

	"xinyi/models"
)

// A ConductState is where a record of conduct stands.
type ConductState string

// The states of a conduct record.
const (
	Noticed   ConductState = "NOTICED"
	Objected  ConductState = "OBJECTED"
	Dropped   ConductState = "DROPPED"
	Confirmed ConductState = "CONFIRMED"
	Cured     ConductState = "CURED"
	Repaired  ConductState = "REPAIRED"
	Archived  ConductState = "ARCHIVED"
)

// conductMoves is the whole life of a record.
var conductActs = models.Acts[ConductState]{
	models.From(Noticed).To(Objected).By("Object", models.Resident),
	models.From(Noticed).To(Confirmed).By("Confirm", models.CountyHealth),
	models.From(Noticed, Objected).To(Dropped).By("Cure", models.System),
	models.From(Noticed, Objected, Confirmed, Cured).To(Dropped).By("Drop", models.CountyHealth),
	models.From(Objected).To(Noticed, Dropped).By("DecideObjection", models.CountyHealth),
	models.From(Confirmed).To(Cured).By("Cure", models.System),
	models.From(Cured).To(Repaired).By("Wake", models.System),
	models.From(Repaired).To(Archived).By("Wake", models.System),
}

var conductMoves = conductActs.Machine()

// A Conduct is the scheme's own record of a bill that was not paid: its id is the bill's. It can rest credit in this scheme and nothing
// else; it is never published, never shared and heals by itself after payment. Only a person confirms one.
//
// Source: docs/sources.md#medical-conduct.
type Conduct struct {
	models.Meta               `bson:",inline"`
	models.Life[ConductState] `bson:",inline"`

	Person      string        `bson:"person"`
	Agreement   string        `bson:"agreement"`
	Scheme      string        `bson:"scheme"`
	Region      models.Region `bson:"region"`
	BillNo      string        `bson:"billNo"`
	Terms       Terms         `bson:"terms"`
	ObjectUntil models.Day    `bson:"objectUntil"` // last day to object, pay or ask for help
	Objection   string        `bson:"objection,omitempty"`
	Statement   string        `bson:"statement,omitempty"` // the person's own words, shown with the record
	CuredAt     *time.Time    `bson:"curedAt,omitempty"`
	RepairAt    *time.Time    `bson:"repairAt,omitempty"`
	ArchiveAt   *time.Time    `bson:"archiveAt,omitempty"`
	Confirmer   string        `bson:"confirmer,omitempty"`
}

// Notice opens a record: the person is told before anything negative is kept, and has ObjectDays working days.
func Notice(b *Bill, now time.Time) *Conduct {
	c := &Conduct{
		Meta: models.Meta{ID: b.ID}, Life: models.Life[ConductState]{State: Noticed, Moved: models.Moved{By: models.System, At: now}},
		Person: b.Person, Agreement: b.Agreement, Scheme: b.Scheme, Region: b.Region, BillNo: b.BillNo, Terms: b.Terms,
		ObjectUntil: models.DayOf(now).AddWorking(b.Terms.ObjectDays),
	}
	c.Publish(DefaultNoticed.Of(NoticedData{
		BillNo: c.BillNo, Until: c.ObjectUntil, Outstanding: b.Outstanding(), Days: c.Terms.ObjectDays,
	}), c.Person, models.Clockwork, now)
	return c
}

// Object is the person's objection, in time. Errors: InvalidTransition; Conflict "medical.objection_late" after ObjectUntil.
func (c *Conduct) Object(by models.Actor, statement string, now time.Time) error {
	if models.DayOf(now) > c.ObjectUntil && c.State == Noticed {
		return models.E(models.Conflict, "medical.objection_late").With("until", string(c.ObjectUntil))
	}
	if err := c.move(Objected, by, now); err != nil {
		return err
	}
	c.Objection = statement
	c.Publish(DefaultObjected.Of(BillData{BillNo: c.BillNo}), c.Person, by, now)
	return nil
}

// DecideObjection drops the record or lets it stand; then the person has at least three days more.
func (c *Conduct) DecideObjection(by models.Actor, upheld bool, now time.Time) error {
	if by.Person == c.Person {
		return models.E(models.Forbidden, "medical.own_case")
	}
	if c.State != Objected {
		return models.Refused(c.Life, conductMoves[c.State], "medical.conduct_not_objected")
	}
	if upheld {
		return c.Drop(by, now)
	}
	if err := c.move(Noticed, by, now); err != nil {
		return err
	}
	c.ObjectUntil = max(c.ObjectUntil, models.DayOf(now).Add(c.Terms.ResumeDays))
	c.Publish(DefaultUpheld.Of(UpheldData{BillNo: c.BillNo, Until: c.ObjectUntil}), c.Person, by, now)
	return nil
}

// Drop ends a record that has no ground: paid in time, objection upheld, bill void or written off. One that is final stays.
func (c *Conduct) Drop(by models.Actor, now time.Time) error {
	if c.State == Dropped || c.State == Repaired || c.State == Archived {
		return nil
	}
	if err := c.move(Dropped, by, now); err != nil {
		return err
	}
	c.Publish(DefaultDropped.Of(BillData{BillNo: c.BillNo}), c.Person, by, now)
	c.plan()
	return nil
}

// Served is what was delivered to the person before a default: the caller counts it from the inbox and the channels.
type Served struct{ Reminders, Channels int }

// Confirm is a person's decision that this is a default. Every guard is a clause of the refusal.
//
// Errors: Denied with the clauses that fail; InvalidTransition; Forbidden for one's own bill.
func (c *Conduct) Confirm(by models.Actor, b *Bill, served Served, now time.Time) error {
	today := models.DayOf(now)
	if by.Person == "" || by.Person == c.Person {
		return models.E(models.Forbidden, "medical.own_case")
	}
	if err := conductMoves.Check(c.Life, Confirmed, "medical.conduct_not_confirmable"); err != nil {
		return err
	}
	if clauses := c.guards(b, served, today); anyFails(clauses) {
		return &models.Error{Code: models.Denied, Reason: "medical.no_default_yet", Clauses: clauses}
	}
	if err := c.move(Confirmed, by, now); err != nil {
		return err
	}
	c.Confirmer = by.Person
	t := c.Terms
	c.Publish(DefaultConfirmed.Of(ConfirmedData{
		BillNo: c.BillNo, Days: t.RepairDays, DaysMore: t.RepairDaysMore, Years: t.KeepYears,
	}), c.Person, by, now)
	return nil
}

func (c *Conduct) guards(b *Bill, served Served, today models.Day) []models.Clause {
	t := c.Terms
	_, stopped := b.Stopped()
	notice, collect := c.ObjectUntil.Add(1), b.DueOn.Add(t.GraceDays+t.CollectDpd)
	clause := func(id string, ok bool, observed, required, who string, from *models.Day) models.Clause {
		out := models.Fail
		if ok {
			out = models.Pass
		}
		return models.Clause{ID: "medical.clause_" + id, Outcome: out, Observed: observed, Required: required, ChangeableBy: who, From: from}
	}
	return []models.Clause{
		clause("notice_over", today > c.ObjectUntil, string(today), string(notice), models.ByTime, &notice),
		clause("days_overdue", b.Owes() && today >= collect, strconv.Itoa(b.Dpd(today)), strconv.Itoa(t.CollectDpd), models.ByTime, &collect),
		clause("enough_owed", b.Drawn() >= t.DefaultMin, b.Drawn().Yuan(), t.DefaultMin.Yuan(), models.ByNobody, nil),
		clause("not_stopped", !stopped, "", "", models.ByDepartment, nil),
		clause("reminders", served.Reminders >= t.MinReminders, strconv.Itoa(served.Reminders), strconv.Itoa(t.MinReminders), models.ByTime, nil),
		clause("channels", served.Channels >= t.MinChannels, strconv.Itoa(served.Channels), strconv.Itoa(t.MinChannels), models.ByDepartment,
			nil),
	}
}

// Cure is payment: a confirmed record heals from here, one that was not confirmed is dropped. defaults counts the
// confirmed ones of the last year, this one included. Again changes nothing.
func (c *Conduct) Cure(defaults int, now time.Time) error {
	switch c.State {
	case Noticed, Objected:
		return c.Drop(models.Clockwork, now)
	case Confirmed:
	default:
		return nil
	}
	if err := c.move(Cured, models.Clockwork, now); err != nil {
		return err
	}
	days := c.Terms.RepairDays
	if defaults > 1 {
		days = c.Terms.RepairDaysMore
	}
	repair := models.DayOf(now).Add(days)
	c.CuredAt, c.RepairAt = models.At(now), models.At(repair.Clock(c.Terms.RemindHour, 0))
	c.GoneAt = models.At(models.DayOf(now).AddMonths(12 * c.Terms.KeepYears).Start())
	c.Publish(DefaultCured.Of(CuredData{BillNo: c.BillNo, Repaired: repair}), c.Person, models.Clockwork, now)
	c.plan()
	return nil
}

// Say keeps the person's own statement with the record; "" takes it back. Errors: InvalidTransition once it is archived or dropped.
func (c *Conduct) Say(statement string) error {
	if c.State == Archived || c.State == Dropped {
		return models.Refused(c.Life, conductMoves[c.State], "medical.conduct_over")
	}
	c.Statement = statement
	return nil
}

// Wake repairs, then archives.
func (c *Conduct) Wake(now time.Time) error {
	if c.State == Cured && c.RepairAt != nil && !c.RepairAt.After(now) {
		if err := c.move(Repaired, models.Clockwork, now); err != nil {
			return err
		}
		c.ArchiveAt = models.At(models.DayOf(*c.RepairAt).Add(c.Terms.ArchiveDays).Start())
		c.Publish(DefaultRepaired.Of(BillData{BillNo: c.BillNo}), c.Person, models.Clockwork, now)
	}
	if c.State == Repaired && c.ArchiveAt != nil && !c.ArchiveAt.After(now) {
		if err := c.move(Archived, models.Clockwork, now); err != nil {
			return err
		}
		c.Publish(DefaultArchived, "", models.Clockwork, now)
	}
	c.plan()
	return nil
}

func (c *Conduct) plan() {
	c.WakeAt = nil
	switch c.State {
	case Cured:
		c.WakeAt = c.RepairAt
	case Repaired:
		c.WakeAt = c.ArchiveAt
	case Noticed, Objected, Dropped, Confirmed, Archived: // a person's turn, or the end
	}
}

func (c *Conduct) move(to ConductState, by models.Actor, now time.Time) error {
	return c.Move(conductMoves, to, by.At(now), "medical.conduct_not_"+conductRefusal[to])
}

var conductRefusal = map[ConductState]string{
	Noticed: "objected", Objected: "objectable", Dropped: "droppable", Confirmed: "confirmable",
	Cured: "curable", Repaired: "repairable", Archived: "archivable",
}
