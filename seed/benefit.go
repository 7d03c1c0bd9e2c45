package seed

import (
	"context"
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/models/identity"
	"xinyi/models/release"
	"xinyi/usecase"
)

//go:embed scenes.csv
var scenesCSV string

// readScenes reads the city's scenes. Columns: code, zh, en, field, subjects, providers, forms (each with blanks between), public
// ("yes"), served (the capability that serves it itself).
//
// Source: docs/sources.md#benefit-scenes.
func readScenes(text string) ([]*benefit.Scene, error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, err
	}
	var all []*benefit.Scene
	for _, r := range rows[1:] {
		s := &benefit.Scene{Meta: models.Meta{ID: r[0]}, Name: models.Words{ZH: r[1], EN: r[2]}, Field: r[3], Public: r[7] == "yes", Served: r[8]}
		for _, x := range strings.Fields(r[4]) {
			s.Subjects = append(s.Subjects, models.SubjectKind(x))
		}
		for _, x := range strings.Fields(r[5]) {
			s.Providers = append(s.Providers, models.Role(x))
		}
		for _, x := range strings.Fields(r[6]) {
			if !slices.Contains(benefit.Forms, benefit.Form(x)) {
				return nil, fmt.Errorf("scene %s: no form %q", r[0], x)
			}
			s.Forms = append(s.Forms, benefit.Form(x))
		}
		if !slices.Contains(benefit.Fields, s.Field) {
			return nil, fmt.Errorf("scene %s: no field %q", r[0], s.Field)
		}
		all = append(all, s)
	}
	return all, nil
}

func sameScene(a, b *benefit.Scene) bool {
	return a.Name == b.Name && a.Field == b.Field && a.Public == b.Public && a.Served == b.Served && slices.Equal(a.Subjects, b.Subjects) &&
		slices.Equal(a.Providers, b.Providers) && slices.Equal(a.Forms, b.Forms)
}

// scenes keeps the city's scenes.
func (s Stores) scenes(ctx context.Context) error {
	if s.Benefit.Scenes == nil {
		return nil
	}
	return s.once(ctx, "scenes", scenesCSV, func() error {
		all, err := readScenes(scenesCSV)
		if err != nil {
			return err
		}
		return keep(ctx, s.Benefit.Scenes, all, func(old, x *benefit.Scene) bool {
			same := sameScene(old, x)
			old.Name, old.Field, old.Public, old.Served, old.Subjects, old.Providers, old.Forms = x.Name, x.Field, x.Public, x.Served, x.Subjects,
				x.Providers, x.Forms
			return same
		})
	})
}

// The providers of the demo's offers.
const (
	library  = "provider-changsha-tushuguan"
	buses    = "provider-changsha-gongjiao"
	alliance = "provider-changsha-xinyi"
	permits  = "department-changsha-shenpi"
)

// A planned offer of the demo city.
type planned struct {
	scene, provider string
	zh, en          string
	form            benefit.Form
	cap             models.Fen
	total           int
	bring           int
	needs           []benefit.Need
}

func atLeast(b benefit.Band) []benefit.Need {
	return []benefit.Need{{Kind: benefit.MinBand, Text: b.String()}}
}

// offers are one of each of 17 scenes.
func plannedOffers() []planned {
	named := []benefit.Need{{Kind: benefit.RealName}}
	either := []benefit.Need{{Kind: benefit.MinBand, Text: "A", AnyOf: "trusted"}, {Kind: benefit.MedicalPay, AnyOf: "trusted"}}
	return []planned{
		{"XYB", library, "图书馆免押金借书", "Borrow books without a deposit", benefit.DepositFree, 0, 0, 30, named},
		{"XYX", buses, "公交月票九折", "A tenth off the monthly bus pass", benefit.Discount, 1000, 0, 0, atLeast(benefit.B)},
		{"XYT", buses, "公共停车多停十五分钟", "Fifteen more minutes of parking", benefit.FreeTime, 300, 0, 0, atLeast(benefit.B)},
		{"XYY", "provider-liuyang-wenlv", "景区门票八折", "A fifth off tickets to the sights", benefit.Discount, 2000, 1000, 0, either},
		{"XYZ", alliance, "人才公寓免押金", "A flat without a deposit", benefit.DepositFree, 200000, 50, 365, atLeast(benefit.A)},
		{"XYG", alliance, "超市五元券", "Five yuan off at the supermarket", benefit.Coupon, 500, 2000, 0, named},
		{"XYJ", alliance, "技能培训先学后付", "Learn a trade first, pay later", benefit.PayLater, 0, 100, 0, atLeast(benefit.B)},
		{"XYL", alliance, "养老床位优先", "First for a bed in the home", benefit.Priority, 0, 30, 0, append([]benefit.Need{{Kind: benefit.MinAge, Number: 60}}, named...)},
		{"XYH", alliance, "酒店免押金入住", "A hotel room without a deposit", benefit.DepositFree, 30000, 200, 7, atLeast(benefit.B)},
		{"XYK", alliance, "体育馆免费场次", "A free hour at the sports hall", benefit.Coupon, 4000, 300, 0, atLeast(benefit.B)},
		{"XYW", alliance, "物业爱心礼包", "A gift from the neighbourhood", benefit.Gift, 5000, 100, 0, atLeast(benefit.A)},
		{"XYSX", alliance, "水电开户免押金", "Water and power without a deposit", benefit.DepositFree, 20000, 0, 365, named},
		{"XYV", alliance, "志愿者咖啡券", "A coffee for volunteers", benefit.Coupon, 1500, 500, 0, named},
		{"XYF", alliance, "公证费九折", "A tenth off the notary's fee", benefit.Discount, 5000, 0, 0, atLeast(benefit.B)},
		{"XYP", permits, "容缺受理", "A permit while papers follow", benefit.OnPromise, 0, 0, 0, named},
		{"XYZF", permits, "公租房资格快审", "Public housing: a faster check", benefit.FastLane, 0, 0, 0, named},
		{"XYC", permits, "求职一对一指导", "Help with finding work", benefit.Priority, 0, 0, 0, append([]benefit.Need{{Kind: benefit.Living, Regions: []models.Region{"4301"}}}, named...)},
	}
}

// benefits are the demo city's offers, lived through by the models' own methods.
type benefits struct {
	now      time.Time
	pol      benefit.Policy
	scenes   map[string]*benefit.Scene
	profiles []*benefit.Profile

	offers      []*benefit.Offer
	versions    []*benefit.Version
	simulations []*benefit.Simulation
	shares      []*benefit.Share
	claims      []*benefit.Claim
	tallies     map[models.Day]*benefit.Tally
}

// keepBenefits keeps everybody's profile, the offers and what was used of them in the last weeks. approver is the second person.
func keepBenefits(ctx context.Context, s Stores, p *Population, approver models.Actor, now time.Time) error {
	if s.Benefit.Scenes == nil {
		return nil
	}
	b := &benefits{now: now, pol: benefit.Standard, scenes: map[string]*benefit.Scene{}, tallies: map[models.Day]*benefit.Tally{}}
	all, err := readScenes(scenesCSV)
	if err != nil {
		return err
	}
	for _, x := range all {
		b.scenes[x.ID] = x
	}
	facts := usecase.StandardBenefitFacts(nil)
	var holders []*identity.Person
	for _, who := range p.People {
		k, err := s.Benefit.Known(ctx, models.Actor{Person: who.ID, Role: models.Resident}, facts)
		if err != nil {
			return err
		}
		profile := benefit.NewProfile(who.ID, k, b.pol, now)
		b.profiles = append(b.profiles, profile)
		if who.Adult(models.DayOf(now)) && !who.Phone.Empty() && len(who.Memberships) == 0 &&
			!slices.ContainsFunc(namedPeople, func(n named) bool { return n.id == who.ID }) {
			holders = append(holders, who)
		}
	}
	for i, plan := range plannedOffers() {
		if err := b.offer(i, plan, approver, holders); err != nil {
			return fmt.Errorf("%s: %w", plan.scene, err)
		}
	}
	return b.keep(ctx, s.Benefit)
}

// offer leads one offer from its draft to its uses.
func (b *benefits) offer(i int, plan planned, approver models.Actor, holders []*identity.Person) error {
	at := slices.IndexFunc(Institutions, func(x Institution) bool { return x.ID == plan.provider })
	from := Institutions[at]
	began := b.now.AddDate(0, 0, -80)
	desk := models.Actor{Role: from.Kind, Org: from.ID, Client: from.ID, Region: from.Region}
	scene := b.scenes[plan.scene]
	o, err := scene.NewOffer("offer-"+strings.ToLower(plan.scene), benefit.Provider{Org: from.ID, Name: from.Name, Region: from.Region},
		models.PersonSubject, desk, began)
	if err != nil {
		return err
	}
	no, err := o.Draft()
	if err != nil {
		return err
	}
	quota := benefit.Quota{Total: plan.total, PerPerson: 1, Period: benefit.Month}
	if plan.total > 0 {
		quota.Period = benefit.Once
	}
	t := benefit.Terms{
		Name: models.Words{ZH: plan.zh, EN: plan.en}, Form: plan.form, Needs: plan.needs, Quota: quota, Cap: plan.cap, Regions: []models.Region{from.Region.City()},
		From: models.DayOf(began), Until: models.DayOf(b.now).Add(400), Good: 30, Bring: plan.bring,
		Details: models.Words{ZH: plan.zh + "。由" + from.Name + "提供，凭手机上的领取码使用。", EN: plan.en + ". Show the code on your phone."},
		Consent: models.Words{ZH: "我同意" + from.Name + "核对我能不能享受这项优惠。对方只看到能或不能和打码的姓名，看不到分档、评分和原因。", EN: "I agree that the provider is told whether I may have this: yes or no and a masked name, never a band, a score or a reason."},
	}
	if scene.Public {
		t.Otherwise = models.Words{ZH: "不使用这项优惠，照常按规定办理，条件和时限不变。", EN: "Without it the service is given as always, on the same terms and in the same time."}
	}
	v := benefit.NewVersion(o, no, t, desk, began)
	if err := v.Validate(scene, desk, began); err != nil {
		return err
	}
	if err := b.simulate(v, desk, began); err != nil {
		return err
	}
	if err := v.Approve(b.pol, approver, began); err != nil {
		return err
	}
	if err := v.Publish(models.DayOf(began), "", b.pol, desk, began); err != nil {
		return err
	}
	if !o.Start(v, began) {
		return fmt.Errorf("%s did not start", o.ID)
	}
	if err := b.use(o, v, plan, i, holders); err != nil {
		return err
	}
	v.Outbox, o.Outbox = nil, nil
	b.offers, b.versions = append(b.offers, o), append(b.versions, v)
	return nil
}

// simulate tries a version on everybody of the demo city.
func (b *benefits) simulate(v *benefit.Version, desk models.Actor, now time.Time) error {
	s, err := v.Simulate("simulation-"+v.Offer, nil, int64(len(b.profiles)), desk, now)
	if err != nil {
		return err
	}
	program, err := v.Program()
	if err != nil {
		return err
	}
	trial, part := benefit.NewTrial(nil, program), benefit.Part{Cells: map[[2]string]*benefit.Counts{}, Last: true}
	for _, p := range b.profiles {
		before, after, err := trial.Outcomes(p.Facts(s.Today, 0, b.pol))
		if err != nil {
			return err
		}
		part.Count(p, s.Today, before, after)
	}
	if _, err := s.Step(part, now); err != nil {
		return err
	}
	if err := release.Try(v, s.Trial(), now); err != nil {
		return err
	}
	s.Outbox = nil
	b.simulations = append(b.simulations, s)
	return nil
}

// use has three residents use an offer who may.
func (b *benefits) use(o *benefit.Offer, v *benefit.Version, plan planned, i int, holders []*identity.Person) error {
	program, err := v.Program()
	if err != nil {
		return err
	}
	var places []*benefit.Share
	for no, size := range benefit.Sizes(o.Terms.Quota.Total, b.pol.SharePlace) {
		places = append(places, benefit.NewShare(o.ID, benefit.Whole, no, size))
	}
	done := 0
	for j, who := range holders {
		p := b.profiles[slices.IndexFunc(b.profiles, func(p *benefit.Profile) bool { return p.ID == who.ID })]
		outcome, err := program.Outcome(p.Facts(models.DayOf(b.now), 0, b.pol))
		if err != nil {
			return err
		}
		if outcome != models.Pass || len(plan.needs) == 1 && plan.needs[0].Kind == benefit.RealName && (j+i)%7 != 0 {
			continue
		}
		if err := b.one(o, p, who, done, places); err != nil {
			return err
		}
		if done++; done == 3 {
			break
		}
	}
	b.shares = append(b.shares, places...)
	return nil
}

// one is one use, so many days ago.
func (b *benefits) one(o *benefit.Offer, p *benefit.Profile, who *identity.Person, n int, places []*benefit.Share) error {
	at := models.DayOf(b.now).Add(-3-11*n).Clock(10, 15)
	id := fmt.Sprintf("claim-%s-%d", o.Scene, n+1)
	by := models.Actor{Person: who.ID, Role: models.Resident}
	g := benefit.Grant{ID: id, Holder: who.ID, Person: who.ID, Name: who.Name,
		Slot: benefit.SlotOf(o.ID, who.ID, o.Terms.Quota.Period.Key(models.DayOf(at)), 0), Until: at.Add(b.pol.Hold), By: by}
	if len(places) > 0 {
		if err := places[0].Reserve(id, g.Until); err != nil {
			return err
		}
		if _, err := places[0].Take(id); err != nil {
			return err
		}
		g.Shares = []string{places[0].ID}
	}
	c := benefit.NewClaim(o, g, b.pol, at)
	if err := c.Claim("seed", by, at); err != nil {
		return err
	}
	saved := o.Terms.Cap / 2
	desk := models.Actor{Role: models.Provider, Org: o.Provider, Client: o.Provider}
	if err := c.Redeem(benefit.Use{No: fmt.Sprintf("%s-%03d", o.Scene, n+1), Amount: 4 * saved, Saved: saved}, desk,
		at.Add(time.Hour)); err != nil {
		return err
	}
	for c.WakeAt != nil && !c.WakeAt.After(b.now) {
		if err := c.Wake(*c.WakeAt); err != nil {
			return err
		}
	}
	p.Use(c.Day)
	c.Outbox = nil
	b.claims = append(b.claims, c)
	t := b.tallies[c.Day]
	if t == nil {
		t = benefit.NewTally(c.Day, b.pol)
		t.Scenes = map[string]benefit.SceneUses{}
		b.tallies[c.Day] = t
	}
	key := benefit.UsesKey(o.Region, c.Scene)
	t.Scenes[key] = t.Scenes[key].Add(benefit.SceneUses{Uses: 1, Saved: saved})
	return nil
}

// keep writes them; what an interrupted seed wrote before stays as it is.
func (b *benefits) keep(ctx context.Context, s usecase.Benefit) error {
	var tallies []*benefit.Tally
	for _, t := range b.tallies {
		tallies = append(tallies, t)
	}
	slices.SortFunc(tallies, func(x, y *benefit.Tally) int { return strings.Compare(x.ID, y.ID) })
	for _, err := range []error{
		fresh(ctx, s.Profiles, b.profiles), fresh(ctx, s.Simulations, b.simulations), fresh(ctx, s.Versions, b.versions),
		fresh(ctx, s.Shares, b.shares),
		fresh(ctx, s.Claims, b.claims), fresh(ctx, s.Tallies, tallies), fresh(ctx, s.Offers, b.offers),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}
