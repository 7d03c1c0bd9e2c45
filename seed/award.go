package seed

import (
	"context"
	"fmt"
	"time"

	"xinyi/models"
	"xinyi/models/award"
	"xinyi/models/flow"
	"xinyi/models/identity"
	"xinyi/models/jury"
	"xinyi/models/notice"
	"xinyi/models/record"
	"xinyi/models/score"
	"xinyi/usecase"
)

// honours are the demo city's awards: last year's, which hold; this year's persons, whose seats are given; this year's firms, nominated
// now.
type honours struct {
	now      time.Time
	people   *Population
	subjects usecase.Subjects
	files    *credit

	one, two, clerk models.Actor

	programmes  []*award.Programme
	nominations []*award.Nomination
	notices     []*notice.Notice
	awards      []*award.Award
	measures    []*award.Measure
	records     []*record.Record
}

// keepAwards keeps programmes, nominations and awards, lived through by the models' own methods.
func keepAwards(ctx context.Context, s Stores, p *Population, files *credit, now time.Time) error {
	if s.Award.Awards == nil || files == nil {
		return nil
	}
	at := func(id string) models.Actor { return p.byID[id].Actors(now)[1] }
	h := &honours{now: now, people: p, subjects: s.Subjects, files: files, one: at("staff-credit-city"), two: at("staff-credit-city-2"),
		clerk: at("staff-data-1")}
	for _, step := range []func() error{h.lastYear, h.persons, h.firms} {
		if err := step(); err != nil {
			return fmt.Errorf("seed awards: %w", err)
		}
	}
	for _, n := range h.nominations {
		n.Outbox = nil
	}
	for _, x := range h.programmes {
		x.Outbox = nil
	}
	for _, x := range h.awards {
		x.Outbox = nil
	}
	for _, x := range h.notices {
		x.Outbox = nil
	}
	err := fresh(ctx, s.Award.Programmes, h.programmes)
	for _, keep := range []func() error{
		func() error { return fresh(ctx, s.Award.Nominations, h.nominations) },
		func() error { return fresh(ctx, s.Award.Awards, h.awards) },
		func() error { return fresh(ctx, s.Award.Measures, h.measures) },
		func() error { return fresh(ctx, s.Records, h.records) },
		func() error { return fresh(ctx, s.Farmer.Notices, h.notices) },
	} {
		if err == nil {
			err = keep()
		}
	}
	return err
}

// day is noon of a day so many days ago.
func (h *honours) day(ago int) time.Time { return models.DayOf(h.now).Add(-ago).Clock(12, 0) }

// opened is a published and open programme that began so many days ago.
func (h *honours) opened(id string, kind award.Kind, year, ago int) (*award.Programme, error) {
	title := models.Words{ZH: "诚信之星", EN: "Star of honesty"}
	measures := []award.Plan{
		{Code: "fast-lane", Kind: award.FastLane, Name: models.Words{ZH: "政务服务绿色通道", EN: "Fast lane at government desks"}, How: models.Words{ZH: "在窗口出示证书", EN: "Show the certificate at the desk"}, Owner: marketUnit},
		{Code: "scene", Kind: award.Scene, Name: models.Words{ZH: "信易+ 场景优待", EN: "Offers of 信易+"}, How: models.Words{ZH: "同意记入信用档案后，在信易+里自动可见", EN: "Shown in 信易+ once you agree to be recorded"}, Owner: marketUnit},
	}
	criteria, vetting := award.PersonCriteria, award.PersonVetting
	if kind == award.Unit {
		title = models.Words{ZH: "诚信经营企业", EN: "Honest business"}
		criteria, vetting = award.UnitCriteria, award.UnitVetting
		measures = append(measures, award.Plan{Code: "fewer-checks", Kind: award.FewerChecks, Name: models.Words{ZH: "降低抽查比例", EN: "Fewer inspections"},
			How: models.Words{ZH: "由市场监管部门自动落实，不影响投诉举报核查", EN: "Done by the bureau itself; complaints are still looked into"}, Owner: marketUnit, Months: 12})
	}
	begins := h.day(ago)
	p, err := award.NewProgramme(id, award.Call{
		Kind: kind, Year: year, Title: title, Level: 3, Unit: "长沙市信用办", Opens: models.DayOf(begins),
		Categories: []award.Category{{Code: "star", Title: title, Seats: 3, Regions: map[string]int{"430181": 2, "430182": 2}, Industry: map[string]int{"food": 2}}},
		Criteria:   criteria, Weights: award.StandardWeights, Terms: award.StandardTerms, Vetting: vetting, Departments: []string{marketUnit}, Measures: measures,
	}, h.one, begins)
	if err != nil {
		return nil, err
	}
	if err := p.Publish("seed of "+id, h.two, begins); err != nil {
		return nil, err
	}
	var experts []award.Expert
	for i := range 8 {
		experts = append(experts, award.Expert{Person: fmt.Sprintf("farmer-%02d", i+1), Unit: fmt.Sprintf("示例单位%d", i+1)})
	}
	if err := p.Register(experts, h.one); err != nil {
		return nil, err
	}
	h.programmes = append(h.programmes, p)
	return p, p.Wake(begins)
}

// nominees are residents of age with a phone and a real name, from the i-th on.
func (h *honours) nominees(skip, count int) (all []*identity.Person) {
	for i, who := range h.people.People {
		if i%7 != 3 || !who.Adult(models.DayOf(h.now)) || who.Phone.Empty() || who.IDNumber.Empty() || len(who.Memberships) > 0 {
			continue
		}
		if skip--; skip >= 0 {
			continue
		}
		if all = append(all, who); len(all) == count {
			return all
		}
	}
	return all
}

// a nominee is somebody a nomination is about, and who acts for it.
type nominee struct {
	who award.Nominee
	by  models.Actor
}

func (h *honours) person(p *identity.Person) nominee {
	sub := h.subjects.Ref(models.IDNumber{Secret: p.IDNumber})
	sub.Person = p.ID
	return nominee{award.Nominee{Subject: sub, Name: p.Name, Birth: p.Birth, Region: p.Region},
		models.Actor{Person: p.ID, Role: models.Resident}}
}

func (h *honours) firm(i int) nominee {
	f := firmOf(i)
	sub := models.Subject{Kind: models.Organisation, Ref: string(f.code)}
	return nominee{award.Nominee{Subject: sub, Name: models.NewSecret(f.name), Region: f.county},
		models.Actor{Person: fmt.Sprintf("head-%d", i), Role: models.Business, Org: sub.Ref}}
}

// led leads a nomination of an open programme as far as the scores, or to a state before.
func (h *honours) led(p *award.Programme, x nominee, to award.State, promises int, at time.Time) (*award.Nomination, error) {
	who := models.Actor{Person: DemoGuardian, Role: models.Resident}
	n, err := award.New(p, award.Draft{Category: "star", Nominee: x.who, How: award.ByPublic, Reason: "说到做到，邻里都信得过"}, who, at)
	if err != nil {
		return nil, err
	}
	h.nominations = append(h.nominations, n)
	place := x.who.Region
	if place == "" || !p.Region.Contains(place) {
		place = "430104"
	}
	steps := []func() error{
		func() error { return n.Agree(true, true, x.by, at) },
		func() error {
			return n.File(award.Filing{Deed: models.NewSecret("多年诚实守信，承诺的事件件办到。"), Since: "2012-05-01", Region: place, Industry: ""}, p, x.by, at)
		},
		func() error { return n.Check(flow.Approve, "", p.Terms, h.one, at.Add(48*time.Hour)) },
		func() error {
			n.Asked(p.Departments)
			_, err := n.Vet(award.Vetting{Decision: "seed-" + n.ID, Outcome: models.Pass, Clauses: []models.Clause{}, At: at}, p.Terms,
				at.Add(48*time.Hour))
			return err
		},
		func() error {
			points := score.Points(9000)
			return n.Opine(award.Opinion{Say: award.Support, Record: "", Ground: "", Points: &points}, h.clerk, at.Add(72*time.Hour))
		},
		func() error { n.Draw(p, at.Add(72*time.Hour)); return nil },
		func() error {
			for _, s := range n.Jury.Seats {
				marks := map[string]score.Points{}
				for _, c := range p.Criteria {
					marks[c.Code] = score.Points(c.Points-1) * 100
				}
				marks[p.Criteria[0].Code] = score.Points(promises) * 100
				if err := n.Score(jury.Sheet{Marks: marks}, p, models.Actor{Person: s.Person, Role: models.Resident},
					at.Add(96*time.Hour)); err != nil {
					return err
				}
			}
			return nil
		},
	}
	for _, step := range steps {
		if n.State == to {
			if to == award.InScoring {
				n.Draw(p, at.Add(72*time.Hour))
			}
			break
		}
		if err := step(); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// given seats a programme's nominees as of a day; nobody voted.
func (h *honours) given(p *award.Programme, ns []*award.Nomination, voted, seated int) error {
	if err := p.Wake(p.Closes.Add(1).Start()); err != nil {
		return err
	}
	if _, err := p.OpenVote(0, h.day(voted)); err != nil {
		return err
	}
	if err := p.Wake(p.VoteUntil.Add(1).Start()); err != nil {
		return err
	}
	var all []award.Candidate
	for _, n := range ns {
		all = append(all, n.Candidate(p.Weights, 0, 0))
	}
	placed := award.Select(p.Categories[0], p.Terms, all)
	for _, n := range ns {
		n.Seat(placed[n.ID], h.day(seated))
	}
	p.Seat(map[string]int{}, h.day(seated))
	return nil
}

// granted leads a seated nomination to its award, past its notice.
func (h *honours) granted(p *award.Programme, n *award.Nomination, noticeID string, shown, passed int) error {
	n.Show(noticeID, models.DayOf(h.day(shown)).AddWorking(5), h.day(shown))
	n.Pass(noticeID, p, h.day(passed))
	if _, err := n.Vet(award.Vetting{Decision: "seed-again-" + n.ID, Outcome: models.Pass, Clauses: []models.Clause{}, At: h.day(passed)},
		p.Terms, h.day(passed)); err != nil {
		return err
	}
	for _, by := range []models.Actor{h.one, h.two} {
		if err := n.Judge(flow.Approve, "", by, h.day(passed)); err != nil {
			return err
		}
	}
	a, err := award.Grant(award.Given{
		Nomination: n.ID, Programme: p.ID, Year: p.Year, Category: n.Category, Title: n.Title, Level: p.Level, Region: p.Region, Unit: p.Unit, Org: p.Org,
		Holder: n.Nominee, Name: n.Name, Deed: n.Deed(), Named: true, Recorded: true, Decision: n.Vetting.Decision, Terms: p.Terms,
	}, h.two, h.day(passed))
	if err != nil {
		return err
	}
	n.Granted(a.ID, h.day(passed))
	h.awards, h.measures = append(h.awards, a), append(h.measures, a.Begin(p.Measures, h.day(passed))...)
	return h.recorded(a)
}

// recorded is the honour of an award in the credit file.
func (h *honours) recorded(a *award.Award) error {
	c := usecase.StandardAwardFacts.Honours
	cells := map[string]string{
		c.Name: a.Name.Reveal(), c.Kind: c.Organisation, c.No: a.No, c.Title: a.Title.ZH, c.Level: c.Levels[a.Level], c.Reason: a.Deed,
		c.Day:   string(a.Since),
		c.Until: string(a.Until), c.Office: a.Unit, c.Source: a.Unit, c.SourceCode: a.Org,
	}
	if a.Holder.Kind == models.Organisation {
		cells[c.Code] = a.Holder.Ref
	} else {
		cells[c.Kind], cells[c.IDKind], cells[c.Number] = c.Person, c.ResidentID, h.people.byID[a.Holder.Person].IDNumber.Reveal()
	}
	row, faults := h.files.forms[c.Item].Read(cells)
	if len(faults) > 0 {
		return fmt.Errorf("the record of an award: %+v", faults)
	}
	d := h.subjects.Drafted(h.files.items[c.Item], row, a.Org, a.Region)
	d.Subject = a.Holder
	r, err := record.New(d, record.Standard, models.Actor{Role: models.System, Org: a.Org, Region: a.Region}, a.Since.Clock(13, 0))
	if err != nil {
		return err
	}
	r.Outbox = nil
	h.records = append(h.records, r)
	return nil
}

// lastYear are two persons and a firm whose awards hold.
func (h *honours) lastYear() error {
	for i, kind := range []award.Kind{award.Person, award.Unit} {
		p, err := h.opened([]string{"award-star-last", "award-firm-last"}[i], kind, h.now.Year()-1, 420)
		if err != nil {
			return err
		}
		all := []nominee{h.firm(30)}
		if kind == award.Person {
			all = all[:0]
			for _, who := range h.nominees(0, 2) {
				all = append(all, h.person(who))
			}
		}
		var ns []*award.Nomination
		for j, x := range all {
			n, err := h.led(p, x, award.InVote, p.Criteria[0].Points-j, h.day(415))
			if err != nil {
				return err
			}
			ns = append(ns, n)
		}
		if err := h.given(p, ns, 330, 318); err != nil {
			return err
		}
		for _, n := range ns {
			if n.State == award.Shortlisted {
				if err := h.granted(p, n, "award-notice-last", 317, 300); err != nil {
					return err
				}
			}
		}
		p.Finish(h.day(299))
	}
	return nil
}

// persons are this year's: seats are given, and the notice is open.
func (h *honours) persons() error {
	p, err := h.opened("award-star", award.Person, h.now.Year(), 130)
	if err != nil {
		return err
	}
	var ns []*award.Nomination
	for i, who := range h.nominees(2, 9) {
		n, err := h.led(p, h.person(who), award.InVote, []int{30, 29, 28, 27, 26, 25, 5, 24, 23}[i], h.day(125))
		if err != nil {
			return err
		}
		ns = append(ns, n)
	}
	if err := ns[8].Withdraw("award.own_word", h.person(h.nominees(10, 1)[0]).by, h.day(90)); err != nil {
		return err
	}
	x, err := h.led(p, h.person(h.nominees(11, 1)[0]), award.InVetting, 0, h.day(124))
	if err != nil {
		return err
	}
	hit := award.Hit{ID: "seed-record", No: 1, Item: "YZSX", Unit: marketUnit, On: models.DayOf(h.day(200)), Stops: true}
	if _, err := x.Vet(award.Vetting{Decision: "seed-" + x.ID, Outcome: models.Fail, Clauses: []models.Clause{}, Hits: []award.Hit{hit},
		At: h.day(122)}, p.Terms, h.day(122)); err != nil {
		return err
	}
	if err := x.Wake(h.day(100)); err != nil {
		return err
	}
	if err := h.given(p, ns[:8], 16, 3); err != nil {
		return err
	}
	var lines []notice.Line
	for _, n := range ns {
		if n.State == award.Shortlisted {
			lines = append(lines, notice.Line{Ref: n.ID, Person: n.Nominee.Person, Label: n.Label(), Text: n.Title.ZH})
		}
	}
	d := notice.Draft{About: "award.nominees", Title: fmt.Sprintf("%s%d年拟入选名单公示", p.Title.ZH, p.Year), Region: p.Region, Level: p.Region.Level(), Lines: lines}
	v, err := notice.New("award-notice-star", d, p.Terms.Notice(), models.Clockwork, h.day(3))
	if err != nil {
		return err
	}
	h.notices = append(h.notices, v)
	for _, n := range ns {
		n.Show(v.ID, v.Closes, h.day(3))
	}
	return nil
}

// firms are this year's, nominated now: one in each state up to the vote.
func (h *honours) firms() error {
	p, err := h.opened("award-firm", award.Unit, h.now.Year(), 20)
	if err != nil {
		return err
	}
	for i, to := range []award.State{award.Nominated, award.Drafting, award.InMaterials, award.InVetting, award.InOpinions, award.InScoring,
		award.InVote} {
		n, err := h.led(p, h.firm(31+i), to, 27, h.day(10))
		if err != nil {
			return err
		}
		if n.State != to {
			return fmt.Errorf("%s is %s, not %s", n.Name, n.State, to)
		}
	}
	return nil
}
