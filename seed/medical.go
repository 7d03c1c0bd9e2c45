package seed

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/models/journal"
	"xinyi/models/medical"
	"xinyi/store"
)

// consents are the three texts every scheme asks for, one purpose each.
var consents = []medical.ConsentText{
	{ID: "credit_query", Version: "2026-1", Text: models.Words{
		ZH: "我同意为办理信用医疗查询我在本方案中的履约记录，以及法律规定须查的严重失信名单。只用于这一目的。我可以随时撤回；撤回后不能再新增先诊疗后付费，已出账单照常履行。",
		EN: "I agree that my own record of performance in this scheme, and the serious-dishonesty lists the law names, are looked up for credit medical care and nothing else. I can withdraw at any time; then no new credit is possible, and bills already issued go on.",
	}},
	{ID: "health_cost", Version: "2026-1", Text: models.Words{
		ZH: "我单独同意处理我的就医费用金额、日期、医院和就诊类别，以及付款渠道信息。不收集病情、科室和药品名称。",
		EN: "I separately agree that amounts, dates, hospital and kind of visit, and the channel I pay by, are processed. No illness, department or drug is collected.",
	}},
	{ID: "data_sharing", Version: "2026-1", Text: models.Words{
		ZH: "我同意将“可信用支付 / 请即时支付”、可用额度和账单状态告知我就诊的医院和（如有）垫付银行。医院看不到任何评分和原因。",
		EN: "I agree that the hospital I visit, and the bank that advances the money if there is one, are told “credit possible / please pay now”, what is available, and the state of the bill. They see no score and no reason.",
	}},
}

// bands are the steps of the limit. Source: docs/sources.md#medical-money-13.
var bands = []medical.Band{
	{ID: "C", Outpatient: 50000, Inpatient: 500000},
	{ID: "B", Outpatient: 100000, Inpatient: 1000000},
	{ID: "A", Outpatient: 200000, Inpatient: 1500000},
	{ID: "AA", Outpatient: 300000, Inpatient: 2000000},
}

// Schemes are the schemes of the demo counties. Limits and windows are data of each; the pilot county starts a band higher and
// takes a hospital across the provincial border.
func Schemes() []*medical.Scheme {
	all := []medical.VisitType{medical.Outpatient, medical.Inpatient, medical.Emergency, medical.Registration}
	scheme := func(region models.Region, zh, en, start string, types []medical.VisitType, hospitals ...string) *medical.Scheme {
		return &medical.Scheme{
			Meta: models.Meta{ID: "scheme-" + string(region)}, Name: models.Words{ZH: zh, EN: en}, Region: region, Funding: medical.HospitalDeferred,
			Types: types, Hospitals: hospitals, Bands: bands, StartBand: start, MinLevel: 1, Consents: consents, Terms: medical.Standard, From: "2023-06-02",
		}
	}
	liuyang := scheme("430181", "浏阳市信用医疗", "Liuyang credit medical care", "B", all,
		"hospital-liuyang-zhongyi", "hospital-liuyang-renmin", "hospital-pingxiang-renmin")
	changsha := scheme("430121", "长沙县信用医疗", "Changsha County credit medical care", "C", all[:1], "hospital-changshaxian-renmin")
	changsha.Terms.OutpatientDays = 10
	return []*medical.Scheme{
		liuyang,
		scheme("430182", "宁乡市信用医疗", "Ningxiang credit medical care", "C", all, "hospital-ningxiang-renmin"),
		changsha,
		scheme("430112", "望城区信用医疗", "Wangcheng credit medical care", "C", all, "hospital-wangcheng-renmin"),
	}
}

// care is the credit medical care of the demo city, lived through in memory by the models' own methods.
type care struct {
	schemes    []*medical.Scheme
	hospitals  []*medical.Hospital
	agreements []*medical.Agreement
	encounters []*medical.Encounter
	bills      []*medical.Bill
	conducts   []*medical.Conduct
	events     []models.Event
}

// A life is one resident's dealings with one hospital, up to the moment it has reached.
type life struct {
	c        *care
	scheme   *medical.Scheme
	hospital *medical.Hospital
	person   *identity.Person
	a        *medical.Agreement
	e        *medical.Encounter
	b        *medical.Bill
	conduct  *medical.Conduct
	now      time.Time
	visits   int
	err      error
}

// do runs one act unless an earlier one failed, and what follows from it as the flows would.
func (l *life) do(act func() error) {
	if l.err == nil {
		l.err = act()
	}
	if l.err == nil {
		l.err = l.follow()
	}
}

// follow brings the agreement and the record of conduct to where the bill stands.
func (l *life) follow() error {
	if l.b == nil || l.b.State == medical.BillDraft {
		return nil
	}
	l.a.Lower(l.e.ID, l.e.Type, l.b.Principal, 1, l.now)
	l.a.Draw(medical.Drawing{Bill: l.b.ID, Visit: l.e.ID, Outstanding: l.b.Drawn()}, l.e.Type, int64(len(l.b.Ledger)+len(l.b.Done)), l.now)
	overdue := l.b.State == medical.PastDue || l.b.State == medical.InCollection
	switch dpd := l.b.Dpd(models.DayOf(l.now)); {
	case !overdue:
		if _, err := l.a.Unblock(l.b.ID, l.now, medical.Freeze, medical.Overdue7); err != nil {
			return err
		}
	case dpd >= l.b.Terms.SuspendDpd:
		if _, err := l.a.Block(medical.Overdue7, l.b.ID, models.Clockwork, l.now); err != nil {
			return err
		}
		fallthrough
	default:
		if _, err := l.a.Block(medical.Freeze, l.b.ID, models.Clockwork, l.now); err != nil {
			return err
		}
	}
	return l.conducted()
}

func (l *life) conducted() error {
	for _, e := range l.b.Outbox {
		if e.Kind == medical.BillNoticed.Name() && l.conduct == nil {
			l.conduct = medical.Notice(l.b, l.now)
			l.c.conducts = append(l.c.conducts, l.conduct)
		}
	}
	if l.conduct == nil || l.b.Owes() {
		return nil
	}
	return l.conduct.Cure(l.a.DefaultsBy(models.DayOf(l.now)), l.now)
}

// until lets days pass, waking whatever is due on the way.
func (l *life) until(days int) { l.reach(models.DayOf(l.now).Add(days).Clock(10, 0)) }

func (l *life) reach(end time.Time) {
	for l.err == nil {
		next := l.a.WakeAt
		if l.b != nil {
			next = models.Earliest(next, l.b.WakeAt)
		}
		if l.conduct != nil {
			next = models.Earliest(next, l.conduct.WakeAt)
		}
		if next == nil || next.After(end) {
			break
		}
		l.now = *next
		l.do(func() error { return l.wake() })
	}
	l.now = end
}

func (l *life) wake() error {
	if due(l.a.WakeAt, l.now) {
		if err := l.a.Wake(l.now); err != nil {
			return err
		}
	}
	if l.b != nil && due(l.b.WakeAt, l.now) {
		if err := l.b.Wake(l.now); err != nil {
			return err
		}
	}
	if l.conduct != nil && due(l.conduct.WakeAt, l.now) {
		return l.conduct.Wake(l.now)
	}
	return nil
}

func due(at *time.Time, now time.Time) bool { return at != nil && !at.After(now) }

// sign signs the scheme; one that is refused is kept too.
func (l *life) sign(who medical.Applicant) {
	l.do(func() error {
		signed := make([]medical.Consent, len(consents))
		for i, c := range consents {
			signed[i] = medical.Consent{ID: c.ID, Version: c.Version}
		}
		who.Person, who.Birth, who.Level = l.person.ID, l.person.Birth, 1
		if who.Restricted != "" {
			who = listed(who)
		}
		a, err := l.scheme.Sign("agreement-"+l.person.ID, who, signed, l.person.Self(), l.now)
		if a == nil {
			return err
		}
		l.a = a
		l.c.agreements = append(l.c.agreements, a)
		return nil
	})
}

// visit opens a visit and posts charges, in fen.
func (l *life) visit(typ medical.VisitType, charges ...models.Fen) {
	l.do(func() error {
		l.visits++
		l.b, l.conduct = nil, nil
		no := l.person.ID + "-" + strconv.Itoa(l.visits)
		desk := models.Actor{Role: models.Hospital, Org: l.hospital.ID, Region: l.hospital.Region, Client: l.hospital.ID}
		l.e = medical.Open(medical.Arrival{ID: "visit-" + no, Hospital: l.hospital.ID, VisitNo: no, Type: typ, Person: l.person.ID,
			Agreement: l.a, Reason: l.a.Creditable(typ), Region: l.hospital.Region}, desk, l.now)
		l.c.encounters = append(l.c.encounters, l.e)
		lines := make([]medical.Line, len(charges))
		for i, f := range charges {
			lines[i] = medical.Line{ID: "L" + strconv.Itoa(i+1), Revision: 1, Category: "OTHER", Amount: f, At: *models.At(l.now)}
		}
		need := l.e.Fit(lines, l.a.Room(l.e.ID, typ), l.now)
		if err := l.a.Reserve(l.e.ID, typ, need, 1, l.now); err != nil {
			return err
		}
		if _, err := l.e.Charge(lines, need, desk, l.now); err != nil {
			return err
		}
		id := l.e.ID + "-1"
		l.b = medical.NewBill(medical.BillHead{ID: id, No: medical.BillNumber(id, models.DayOf(l.now)), Seq: 1, Hospital: l.hospital.Name,
			Funding: l.scheme.Funding}, l.e, l.a, l.now)
		l.c.bills = append(l.c.bills, l.b)
		return nil
	})
}

// settle posts the insurer's word: of all charges, cash is left to the patient.
func (l *life) settle(cash models.Fen) {
	l.do(func() error {
		sum := l.e.Total()
		m := medical.Amounts{MedfeeSum: sum, FundPaySum: sum - cash, PsnPart: cash, CashPay: cash}
		hold, _ := l.a.HeldFor(l.e.ID, l.e.Type)
		s, err := l.e.Settle(medical.InsurerWord{SetlID: "setl-" + l.e.VisitNo, Revision: len(l.e.Settlements) + 1, Amounts: m,
			MulaidInside: false}, hold, models.Actor{Role: models.Hospital, Org: l.hospital.ID}, l.now)
		if err != nil {
			return err
		}
		return l.b.Carry(s.Deferred, int64(len(l.e.Settlements)+1), l.now)
	})
}

// pay pays through a channel; "" of desk is the app.
func (l *life) pay(amount models.Fen, desk string) {
	l.do(func() error {
		if desk != "" {
			return l.b.PaidAtDesk(desk, amount, models.Actor{Role: models.Hospital, Org: l.hospital.ID}, l.now)
		}
		no := l.b.ID + "p" + strconv.Itoa(len(l.b.Payments)+1)
		if err := l.b.Pay(no, "wechat", amount, l.person.Self(), l.now); err != nil {
			return err
		}
		return l.b.Confirm(no, "SBX"+no, amount, l.now)
	})
	if l.err == nil && l.b.State == medical.Paid && l.b.OnTime() {
		l.a.PaidOnTime(l.b.ID, l.now)
	}
}

// A story is a life that ends in a state worth seeing. started is how many days ago it begins.
type story struct {
	name    string
	started int
	tell    func(*life)
	who     medical.Applicant // facts that stand in the way of signing
}

var (
	officer1 = models.Actor{Person: "staff-health-1", Role: models.CountyHealth, Org: countyHealth, Region: "430181"}
	officer2 = models.Actor{Person: "staff-health-2", Role: models.CountyHealth, Org: countyHealth, Region: "430181"}
)

// stories cover every state an agreement and a bill can be kept in.
var stories = []story{
	{name: "paid on time", started: 60, tell: func(l *life) { l.usual(18735); l.until(3); l.pay(18735, "") }},
	{name: "just issued", started: 2, tell: func(l *life) { l.usual(12050) }},
	{name: "partly paid", started: 5, tell: func(l *life) { l.usual(20000); l.until(2); l.pay(8000, "") }},
	{name: "overdue and frozen", started: 10, tell: func(l *life) { l.usual(15600); l.until(9) }},
	{name: "suspended", started: 18, tell: func(l *life) { l.usual(23100); l.until(17) }},
	{name: "noticed", started: 26, tell: func(l *life) { l.usual(30500); l.until(25) }},
	{name: "in collection", started: 45, tell: func(l *life) { l.usual(42800); l.until(44) }},
	{name: "paid late", started: 30, tell: func(l *life) { l.usual(9900); l.until(12); l.pay(9900, "") }},
	{name: "still in treatment", started: 1, tell: func(l *life) { l.visit(medical.Outpatient, 8800, 12600) }},
	{name: "on the ward", started: 3, tell: func(l *life) { l.visit(medical.Inpatient, 120000, 88000, 45000) }},
	{name: "refund waits at the desk", started: 9, tell: func(l *life) { l.usual(18735); l.until(1); l.pay(18735, "R-1"); l.settle(12000) }},
	{name: "nothing left to pay", started: 20, tell: func(l *life) { l.visit(medical.Outpatient, 5000); l.settle(0) }},
	{name: "settlement reversed", started: 8, tell: func(l *life) { l.usual(16000); l.reverse() }},
	{name: "written off", started: 90, tell: func(l *life) { l.usual(14000); l.until(3); l.writeOff() }},
	{name: "disputed", started: 6, tell: func(l *life) {
		l.usual(26000)
		l.until(2)
		l.do(func() error { return l.b.Object(l.person.Self(), "有一项检查没有做。", l.now) })
	}},
	{name: "waiver asked", started: 6, tell: func(l *life) {
		l.usual(36000)
		l.until(2)
		l.do(func() error {
			return l.b.AskWaiver(medical.Waiver{ID: "waiver-" + l.b.ID, Amount: 10000, Reason: "HARDSHIP", Note: "低保户"}, officer1, l.now)
		})
	}},
	{name: "suspended by the office", started: 30, tell: func(l *life) { l.do(func() error { return l.a.Suspend(officer1, "证件核对中", l.now) }) }},
	{name: "closing with a debt", started: 4, tell: func(l *life) { l.usual(11000); l.do(func() error { return l.a.Close(l.person.Self(), l.now) }) }},
	{name: "closed", started: 50, tell: func(l *life) {
		l.usual(7700)
		l.until(2)
		l.pay(7700, "")
		l.do(func() error { return l.a.Close(l.person.Self(), l.now) })
	}},
	{name: "run out with a debt", started: 368, tell: func(l *life) { l.until(360); l.usual(21000); l.until(7) }},
	{name: "refused", started: 12, tell: func(*life) {}, who: medical.Applicant{Restricted: "serious-list"}},
	{name: "refused, review asked", started: 9, tell: func(l *life) {
		l.do(func() error { return l.a.AskReview(l.person.Self(), "名单上的不是我。", l.now) })
	}, who: medical.Applicant{Restricted: "serious-list"}},
	{name: "punctual", started: 200, tell: func(l *life) {
		for i := range models.Fen(6) {
			l.usual(6000 + 100*i)
			l.until(4)
			l.pay(6000+100*i, "")
			l.until(20)
		}
	}},
}

// usual is a visit of 423.77 yuan or more, of which cash is left to pay.
func (l *life) usual(cash models.Fen) {
	l.visit(medical.Outpatient, 1200, 26850, max(14327, cash-20000))
	l.settle(cash)
}

func (l *life) reverse() {
	l.do(func() error {
		if err := l.e.Reverse(l.e.SetlID, models.Actor{Role: models.Hospital, Org: l.hospital.ID}, l.now); err != nil {
			return err
		}
		return l.b.VoidBy(int64(len(l.e.Settlements)+2), l.now)
	})
}

func (l *life) writeOff() {
	l.do(func() error {
		id := "waiver-" + l.b.ID
		if err := l.b.AskWaiver(medical.Waiver{ID: id, Amount: 0, Reason: "DEATH", Note: ""}, officer1, l.now); err != nil {
			return err
		}
		return l.b.DecideWaiver(id, true, officer2, l.now)
	})
}

// newCare lives through the stories, in turn, with the adult residents of the schemes' counties who are nobody's demo person.
func newCare(p *Population, now time.Time) (*care, error) {
	c := &care{schemes: Schemes()}
	for _, i := range Hospitals() {
		c.hospitals = append(c.hospitals, &medical.Hospital{Meta: models.Meta{ID: i.ID}, Name: i.Name, Region: i.Region, Grade: "二级甲等"})
	}
	told := 0
	for _, r := range p.People {
		s := c.schemeOf(r)
		if s == nil || len(r.ID) < 8 || r.ID[:8] != "resident" || !r.Adult(models.DayOf(now)) || told >= 6*len(stories) {
			continue
		}
		st := stories[told%len(stories)]
		told++
		if err := c.live(s, r, st, now); err != nil {
			return nil, fmt.Errorf("seed %q for %s: %w", st.name, r.ID, err)
		}
	}
	return c, nil
}

func (c *care) schemeOf(r *identity.Person) *medical.Scheme {
	for _, s := range c.schemes {
		if s.Region == r.Region.County() {
			return s
		}
	}
	return nil
}

func (c *care) hospital(id string) *medical.Hospital {
	for _, h := range c.hospitals {
		if h.ID == id {
			return h
		}
	}
	return nil
}

// live tells one story so that it ends by now. Amounts that need more than the county's first band wait for another county.
func (c *care) live(s *medical.Scheme, r *identity.Person, st story, now time.Time) error {
	l := &life{c: c, scheme: s, hospital: c.hospital(s.Hospitals[0]), person: r, now: models.DayOf(now).Add(-st.started).Clock(10, 0)}
	l.sign(st.who)
	if l.err == nil {
		st.tell(l)
	}
	if l.err == nil && l.a != nil && now.After(l.now) {
		l.reach(now)
	}
	l.rest()
	return l.err
}

// rest sets what the documents remember of each other's versions to the first, which they will have once kept.
func (l *life) rest() {
	if l.a == nil {
		return
	}
	for _, p := range []*medical.Pool{&l.a.Outpatient, &l.a.Inpatient} {
		for i := range p.Holds {
			p.Holds[i].Seq = 1
		}
		for i := range p.Drawn {
			p.Drawn[i].Seq = 1
		}
	}
	if l.b != nil {
		l.b.SetlSeq = 1
	}
}

// keep writes it all, and the event log of what happened.
func (c *care) keep(ctx context.Context, m store.Medical, log *store.Repo[journal.Entry]) error {
	for _, s := range []func() error{
		func() error { return fresh(ctx, m.Schemes, c.schemes) },
		func() error { return fresh(ctx, m.Hospitals, c.hospitals) },
		func() error { return fresh(ctx, m.Agreements, lived(c, c.agreements)) },
		func() error { return fresh(ctx, m.Encounters, lived(c, c.encounters)) },
		func() error { return fresh(ctx, m.Bills, lived(c, c.bills)) },
		func() error { return fresh(ctx, m.Conducts, lived(c, c.conducts)) },
	} {
		if err := s(); err != nil {
			return err
		}
	}
	entries := make([]*journal.Entry, len(c.events))
	for i, e := range c.events {
		entries[i] = journal.EntryOf(e)
	}
	return fresh(ctx, log, entries)
}

// lived moves the events of documents to the log: that happened before the city opened, nobody is told again.
func lived[T models.Document](c *care, docs []T) []T {
	for _, d := range docs {
		c.events = append(c.events, d.Head().Outbox...)
		d.Head().Outbox = nil
	}
	return docs
}
