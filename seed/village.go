package seed

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/farmer"
	"xinyi/models/flow"
	"xinyi/models/identity"
	"xinyi/models/notice"
	"xinyi/models/release"
	"xinyi/models/village"
	"xinyi/store"
)

// The schemes the product comes with, as the city's office would send them.
//
// Source: docs/sources.md#village-standard, docs/sources.md#village-town, docs/sources.md#village-points.
var (
	//go:embed villagescheme.json
	villageSchemeJSON string
	//go:embed townscheme.json
	townSchemeJSON string
)

// VillageSchemes are the schemes of villages and of towns, in force.
func VillageSchemes(now time.Time) ([]*village.Scheme, error) {
	var all []*village.Scheme
	for level, text := range map[village.Level]string{village.OfVillages: villageSchemeJSON, village.OfTowns: townSchemeJSON} {
		var p village.Plan
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			return nil, fmt.Errorf("scheme of %s: %w", level, err)
		}
		s, err := village.NewScheme(level, 1, p, formAuthor, now)
		if err == nil {
			err = s.Publish(formApprover, now)
		}
		if err != nil {
			return nil, fmt.Errorf("scheme of %s: %w", level, err)
		}
		s.Outbox = nil
		all = append(all, s)
	}
	return all, nil
}

// villages keeps the schemes. What is there already stays as it is.
func (s Stores) villages(ctx context.Context) error {
	if s.Village.Schemes == nil {
		return nil
	}
	return s.once(ctx, "villages", villageSchemeJSON+townSchemeJSON, func() error {
		all, err := VillageSchemes(s.Farmer.Now())
		if err != nil {
			return err
		}
		return fresh(ctx, s.Village.Schemes, all)
	})
}

// gugang is the demo's village that may apply with good hope: nearly all of its households are credit households. Their heads have no
// account; they are filed on paper.
const gugang = models.Region("430181108240")

// creditHouseholds are gugang's households, twelve on file, eleven of them credit households.
func (fs *farms) creditHouseholds(p *Population) error {
	birth := models.Day("1958-02-11")
	for i := range 12 {
		n, err := models.SyntheticIDNumber("430181", birth)
		for ; err == nil && p.byNumber(n) != nil; n, err = models.SyntheticIDNumber("430181", birth) {
			birth = birth.Add(1)
		}
		if err != nil {
			return err
		}
		birth = birth.Add(401)
		head := &identity.Person{
			Name: models.NewSecret(surnames[(7*i)%len(surnames)] + given[(11*i)%len(given)]), IDNumber: n.Secret, Phone: models.NewSecret(fmt.Sprintf("199000003%02d", i+1)),
		}
		if err := fs.creditHousehold(i, head); err != nil {
			return fmt.Errorf("household %d of 古港村: %w", i+1, err)
		}
	}
	return nil
}

func (fs *farms) creditHousehold(i int, head *identity.Person) error {
	at := models.DayOf(fs.now).Add(-150-3*i).Clock(10, 0)
	f, err := farmer.NewFile(fmt.Sprintf("farm-g%02d", i+1), fmt.Sprintf("%04d", 201+i), gugang, fs.town, at)
	if err != nil {
		return err
	}
	f.Tie(fs.subjects.Ref(models.IDNumber{Secret: head.IDNumber}).Ref, "", at)
	fs.seats = append(fs.seats, farmer.NewSeat(f.Seat, f))
	proof := farmer.Photo{ID: "farmphoto-" + f.ID, About: "signature", Width: 800, Height: 600}
	if err := f.Picture(proof, fs.town, at); err != nil {
		return err
	}
	for _, text := range []string{farmer.TextFile, farmer.TextAdverse, farmer.TextWritten} {
		if err := f.Agree(farmer.Agreement{Text: text, Version: "2026-1", Hash: "seed", Lang: "zh", How: farmer.OnPaper, Proof: proof.ID},
			fs.town, at); err != nil {
			return err
		}
	}
	verdicts, err := f.Apply(farmer.Operation{ID: "seed", Edits: fs.cells(5*(i%3), head, true), Skew: 0}, fs.forms, fs.town, at)
	if err != nil {
		return err
	}
	for _, v := range verdicts {
		if v.Outcome == farmer.Refused {
			return fmt.Errorf("%s: %s", v.At, v.Code)
		}
	}
	if err := f.Submit(fs.forms, fs.town, at.Add(time.Hour)); err != nil {
		return err
	}
	if err := f.Verify(fs.town2, at.Add(24*time.Hour)); err != nil {
		return err
	}
	fs.files = append(fs.files, f)
	told := farmer.Known{Village: f.Village, Facts: f.Facts(fs.pol.Mean(f.Village), models.DayOf(fs.now)), Open: f.Open()}
	sc := &farmer.Score{Meta: models.Meta{ID: f.ID}}
	if err := sc.Learn(told, fs.scorer, "", fs.now); err != nil {
		return err
	}
	fs.scores = append(fs.scores, sc)
	if i == 11 {
		return nil // has not asked
	}
	return fs.certified(i, f, at.Add(48*time.Hour))
}

// certified leads a household of gugang to its title.
func (fs *farms) certified(i int, f *farmer.File, at time.Time) error {
	e, err := f.Evaluate("farmeval-"+f.ID, headLabel(f), fs.pol, fs.town, at)
	if err != nil {
		return err
	}
	var neighbours []string
	for j := range 6 {
		neighbours = append(neighbours, fmt.Sprintf("farmer-%02d", 1+(i+j)%14))
	}
	if err := e.Invite(neighbours, fs.pol, fs.town, at); err != nil {
		return err
	}
	for _, who := range neighbours {
		a := farmer.Answers{"promises": 2, "repute": 2, "diligence": 2, "community": 2}
		if err := e.Answer(a, false, models.Actor{Person: who, Role: models.Resident}, at.Add(time.Hour)); err != nil {
			return err
		}
	}
	closed := e.Until.Add(1).Start()
	if err := e.Wake(closed); err != nil {
		return err
	}
	told := farmer.Known{Village: f.Village, Facts: f.Facts(fs.pol.Mean(f.Village), models.DayOf(fs.now)), Open: f.Open()}
	told.Facts[farmer.FactPeers] = *e.Mean
	sc := fs.scores[len(fs.scores)-1]
	if err := sc.Learn(told, fs.scorer, "", fs.now); err != nil {
		return err
	}
	r, err := fs.scorer.Score(sc.Input())
	if err != nil {
		return err
	}
	if err := e.Score(told, r); err != nil {
		return err
	}
	n := "notice-" + e.ID
	if err := e.Propose(fs.town, closed); err != nil {
		return err
	}
	if err := e.Show(n, models.DayOf(closed).Add(7), fs.town, closed); err != nil {
		return err
	}
	e.Pass(n, fs.pol, closed.Add(8*24*time.Hour))
	if err := e.Certify(fmt.Sprintf("XYH430181%s%012d", string(models.DayOf(at))[:4], 202800+i), fs.pol, fs.town2,
		closed.Add(9*24*time.Hour)); err != nil {
		return err
	}
	e.Outbox = nil
	fs.evaluations = append(fs.evaluations, e)
	return nil
}

// headLabel is a head's name, masked.
func headLabel(f *farmer.File) string {
	return models.NewSecret(f.Cells[farmer.HeadName].Text()).String()
}

// years are the demo's rounds and what became of the entries in them.
type years struct {
	now    time.Time
	scheme *village.Scheme
	names  map[models.Region]string

	town, town2, one, two, three models.Actor

	rounds  []*village.Round
	entries []*village.Entry
	frozens []*village.Snapshot
	figures []*village.Figure
	notices []*notice.Notice
	plaques []*farmer.Village
}

// keepVillages keeps three rounds: one long over, with plaques that are up, under review, mended and down; one that is reviewed, with
// entries at every step and an open notice; and an open one in the next county.
func keepVillages(ctx context.Context, s Stores, p *Population, now time.Time) error {
	if s.Village.Schemes == nil || s.Farmer.Files == nil {
		return nil
	}
	scheme, err := s.Village.Schemes.First(ctx, store.VillageSchemesAt(release.InForce, village.OfVillages))
	if err != nil {
		return err
	}
	at := func(id string) models.Actor { return p.byID[id].Actors(now)[1] }
	y := &years{
		now: now, scheme: scheme, names: map[models.Region]string{}, town: at("staff-town"), town2: at("staff-town-2"), one: at("staff-credit-1"), two: at("staff-credit-2"),
		three: at("staff-credit-3"),
	}
	ds, err := readDivisions(divisionsCSV)
	if err != nil {
		return err
	}
	for _, d := range ds {
		y.names[d.Region()] = d.DisplayName
	}
	if err := y.live(); err != nil {
		return err
	}
	for _, e := range y.entries {
		e.Outbox = nil
	}
	for _, r := range y.rounds {
		r.Outbox = nil
	}
	for _, keep := range []func() error{
		func() error { return fresh(ctx, s.Village.Figures, y.figures) },
		func() error { return fresh(ctx, s.Village.Snapshots, y.frozens) },
		func() error { return fresh(ctx, s.Village.Rounds, y.rounds) },
		func() error { return fresh(ctx, s.Village.Entries, y.entries) },
		func() error { return fresh(ctx, s.Village.Notices, y.notices) },
		func() error { return fresh(ctx, s.Farmer.Villages, y.plaques) },
	} {
		if err == nil {
			err = keep()
		}
	}
	return err
}

// day is so many days from now.
func (y *years) day(n int) models.Day { return models.DayOf(y.now).Add(n) }

// A case is how far one entry is led, and what is frozen of its village: of a hundred households on the roster so many on file, so
// many credit households, and the sum that is bad of ¥1,000,000.
type villageCase struct {
	place         models.Region
	to            village.State
	filed, credit int
	bad           models.Fen
	step          int // of REVIEW: how many offices have looked
}

func (y *years) live() error {
	old, err := y.round("430181", term{-2, -430, -400, -370}, []villageCase{
		{fanshi, village.Certified, 96, 76, 2_000_000, 0}, {"430181108227", village.Annual, 97, 82, 500_000, 0}, {"430181108237", village.Grace, 96, 80, 900_000, 0},
		{"430181108242", village.Revoked, 96, 75, 900_000, 0}, {"430181108239", village.Annual, 98, 90, 100_000, 0},
	})
	if err != nil {
		return err
	}
	if err := old.Wake(old.Ends.Add(1).Start()); err != nil {
		return err
	}
	if _, err := y.round("430181", term{-1, -80, -24, 15}, []villageCase{
		{"430181108229", village.InReview, 95, 81, 300_000, 0}, {"430181108232", village.InReview, 96, 84, 300_000, 1}, {"430181108233", village.Prelim, 97, 79, 800_000, 2},
		{"430181108234", village.Shown, 96, 88, 100_000, 2}, {"430181108236", village.Deciding, 95, 77, 1_500_000, 2}, {"430181108238", village.Rejected, 80, 62, 300_000, 0},
		{"430181108241", village.Certified, 98, 86, 100_000, 2},
	}); err != nil {
		return err
	}
	_, err = y.round("430182", term{0, -10, 20, 51}, nil)
	if err != nil {
		return err
	}
	return y.applying()
}

// A term is when a round runs: its year, counted from this one, and its days, counted from today.
type term struct{ year, opens, cutOff, ends int }

// round is a county's round of a year from now, from one day to another, with its entries.
func (y *years) round(county models.Region, on term, cases []villageCase) (*village.Round, error) {
	began := y.day(on.opens).Clock(9, 0)
	at := 0
	if _, err := fmt.Sscanf(string(y.day(0)), "%d", &at); err != nil {
		return nil, err
	}
	office := y.one
	office.Region = county
	r, err := y.scheme.NewRound(village.RoundPlan{County: county, Year: at + on.year,
		Dates: village.Dates{Opens: y.day(on.opens), CutOff: y.day(on.cutOff), Ends: y.day(on.ends)},
		Seed:  "demo seed " + village.RoundID(county, at+on.year, village.OfVillages)}, office, began)
	if err != nil {
		return nil, err
	}
	y.rounds = append(y.rounds, r)
	if cases == nil {
		return r, nil
	}
	var entries []*village.Entry
	for _, c := range cases {
		e, err := y.file(r, c.place, began.Add(24*time.Hour))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.place, err)
		}
		r.File(e.ID, true)
		entries = append(entries, e)
	}
	closed := r.CutOff.Add(1).Start()
	if err := r.Wake(closed); err != nil {
		return nil, err
	}
	r.Salt("demo salts of " + r.ID)
	part := village.Part{Done: int64(len(cases)), Last: true}
	for i, c := range cases {
		if err := y.freeze(r, entries[i], c, closed); err != nil {
			return nil, fmt.Errorf("%s: %w", c.place, err)
		}
		part.Households += int64(c.filed)
	}
	if _, err := r.Step(part, closed.Add(time.Minute)); err != nil {
		return nil, err
	}
	for i, c := range cases {
		if err := y.lead(r, entries[i], c); err != nil {
			return nil, fmt.Errorf("%s to %s: %w", c.place, c.to, err)
		}
	}
	return r, y.shown(r, entries)
}

// file begins an entry, with evidence and its sheet, and files it.
func (y *years) file(r *village.Round, place models.Region, at time.Time) (*village.Entry, error) {
	e, err := y.draft(r, place, at)
	if err != nil {
		return nil, err
	}
	var writes []village.Write
	for code, n := range map[string]int64{"committee": 2, "rules": 2, "notices": 4, "education": 3} {
		writes = append(writes, village.Write{Op: "seed-" + code, Indicator: code, Value: n,
			Evidence: []string{"villageproof-" + e.ID + "-" + code}, Wrote: at})
	}
	for _, w := range writes {
		if err := e.Attach(village.Evidence{ID: w.Evidence[0], About: w.Indicator, Type: "image/jpeg", Size: 180_000,
			Hash: models.Derived(w.Evidence[0]), Place: place, Taken: at}, y.scheme, y.town, at); err != nil {
			return nil, err
		}
	}
	if _, err := e.Write(village.Sync{Second: false, Writes: writes, Skew: 0}, y.scheme, y.town, at); err != nil {
		return nil, err
	}
	return e, e.Apply(100, 98, y.town, at.Add(time.Hour))
}

// draft begins an entry with its roster.
func (y *years) draft(r *village.Round, place models.Region, at time.Time) (*village.Entry, error) {
	by := y.town
	by.Region = place.Town()
	e, err := r.NewEntry(y.scheme, village.Place{Entry: fmt.Sprintf("ventry-%d-%s", r.Year, place), Code: place, Name: y.names[place]},
		village.Standard, by, at)
	if err != nil {
		return nil, err
	}
	y.entries = append(y.entries, e)
	return e, e.Attach(village.Evidence{
		ID: "villageproof-" + e.ID + "-roster", About: village.AboutRoster, Type: "application/pdf", Size: 90_000, Hash: models.Derived(e.ID), Place: place, Taken: at,
	}, y.scheme, by, at)
}

// freeze freezes an entry's made-up households, and begins its review.
func (y *years) freeze(r *village.Round, e *village.Entry, c villageCase, at time.Time) error {
	salts, err := village.NewSalter(r.Salts)
	if err != nil {
		return err
	}
	rows := make([]village.Row, c.filed)
	for i := range rows {
		id := fmt.Sprintf("demo-%s-%04d", c.place, i+1)
		rows[i] = village.Row{Household: id, Filed: true, Credit: i < c.credit, Borrower: i%3 == 0, Clean: i%3 == 0 && i%30 != 0,
			Salt: salts.Salt(id)}
	}
	bank := models.Actor{Client: "bank-liuyang-nongshang", Role: models.Bank, Org: "bank-liuyang-nongshang", Region: "430181"}
	f, err := village.NewFigure(village.Figure{Village: c.place, Day: r.CutOff, Balance: 100_000_000, Bad: c.bad, NewBad: c.bad / 4}, bank, at)
	if err != nil {
		return err
	}
	y.figures = append(y.figures, f)
	var l village.Loans
	l.Add([]*village.Figure{f})
	frozen, err := village.Freeze(e, rows, l, at)
	if err != nil {
		return err
	}
	frozen.Outbox = nil
	y.frozens = append(y.frozens, frozen)
	var sample []village.Sampled
	for _, n := range village.DrawRows(r.Seed.Reveal(), frozen.Root, len(rows), e.Terms) {
		sample = append(sample, village.Sampled{Row: n, Household: rows[n].Household})
	}
	_, err = e.Begin(frozen, y.scheme, sample, village.Survey{Answers: 24, Satisfied: 22}, at)
	return err
}

// lead leads an entry through the offices.
func (y *years) lead(r *village.Round, e *village.Entry, c villageCase) error {
	at := r.CutOff.Add(2).Clock(10, 0)
	sv := village.Survey{Answers: 24, Satisfied: 22}
	vote := func(v flow.Verdict, note string, by models.Actor) error {
		return e.Vote(village.Word{Verdict: v, Note: note}, y.scheme, sv, by, at)
	}
	switch {
	case c.to == village.Rejected:
		return vote(flow.Reject, "信用户占比没有到线", y.town2)
	case c.to == village.InReview && c.step == 0:
		return nil
	}
	if err := vote(flow.Approve, "", y.town2); err != nil {
		return err
	}
	at = at.Add(48 * time.Hour)
	for i, x := range e.Sample {
		if c.to == village.InReview && i > 7 {
			return nil // the county is on its way
		}
		if err := e.Check(x.Household, village.Confirmed, "", y.one, at); err != nil {
			return err
		}
	}
	if err := vote(flow.Approve, "抽查相符", y.one); err != nil || c.to == village.Prelim || c.to == village.Shown {
		return err
	}
	n := "notice-v-" + r.ID
	e.Show(n, at)
	at = models.DayOf(at).AddWorking(5).Add(1).Start()
	if e.Pass(n, at); c.to == village.Deciding {
		return vote(flow.Approve, "", y.two)
	}
	for _, by := range []models.Actor{y.two, y.three} {
		if err := vote(flow.Approve, "", by); err != nil {
			return err
		}
	}
	if err := y.after(e, c); err != nil {
		return err
	}
	return y.plaque(e)
}

// after is what came after the plaque.
func (y *years) after(e *village.Entry, c villageCase) error {
	if c.to == village.Revoked {
		return e.Revoke("名册不实", y.two, y.day(-200).Clock(10, 0))
	}
	if e.WakeAt.After(y.now) {
		return nil
	}
	if err := e.Wake(*e.WakeAt); err != nil {
		return err
	}
	facts := map[string]int64{}
	for k, v := range e.Frozen {
		facts[k] = v
	}
	switch c.to { //nolint:exhaustive // the others are where they should be
	case village.Grace:
		facts[village.FactCredit] = 66
	case village.Annual:
		e.WakeAt = models.At(e.Until.Add(1).Start())
		return nil
	}
	return e.Renew(facts, y.scheme, y.two, y.day(-5).Clock(10, 0))
}

// plaque is what loans look at.
func (y *years) plaque(e *village.Entry) error {
	v := &farmer.Village{Meta: models.Meta{ID: string(e.Village)}}
	today := models.DayOf(y.now)
	if !e.Title() {
		return nil
	}
	if err := v.Star(farmer.Rating{Stars: e.Stars, Since: e.Since, Until: e.Stands(today), Paper: e.No}, y.two, y.now); err != nil {
		return err
	}
	y.plaques = append(y.plaques, v)
	return nil
}

// shown is the notice of a round, open for those that are still shown.
func (y *years) shown(r *village.Round, entries []*village.Entry) error {
	began := y.now.Add(-26 * time.Hour)
	var now, then []notice.Line
	for _, e := range entries {
		line := notice.Line{Ref: e.ID, Label: e.Name, Text: e.Result.Grade + " " + e.Result.Total.String()}
		switch {
		case e.Notice != "":
			then = append(then, line)
		case e.State == village.Prelim && e.Village == "430181108234":
			now = append(now, line)
		}
	}
	if len(then) > 0 {
		n, err := y.notice("notice-v-"+r.ID, r, then, r.CutOff.Add(4).Clock(10, 0))
		if err != nil {
			return err
		}
		if err := n.Wake(*n.WakeAt); err != nil {
			return err
		}
		for _, e := range entries {
			if e.No != "" || e.State == village.Rejected {
				n.Publish(e.ID, e.Outcome())
			}
		}
		n.Outbox = nil
	}
	if len(now) == 0 {
		return nil
	}
	n, err := y.notice("notice-villages-1", r, now, began)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if n.Line(e.ID) != nil {
			e.Show(n.ID, began)
		}
	}
	return nil
}

func (y *years) notice(id string, r *village.Round, lines []notice.Line, at time.Time) (*notice.Notice, error) {
	n, err := notice.New(id, notice.Draft{About: "village.entry", Title: fmt.Sprintf("浏阳市%d年度信用村拟认定公示", r.Year), Region: r.County, Level: models.County, Lines: lines}, y.scheme.Terms.Notice, y.one, at)
	if err != nil {
		return nil, err
	}
	n.Outbox = nil
	y.notices = append(y.notices, n)
	return n, nil
}

// applying are entries of the open round in the next county: being filled in, filed, and taken back.
func (y *years) applying() error {
	r := y.rounds[len(y.rounds)-1]
	at := y.day(-5).Clock(9, 0)
	var places []models.Region
	for code := range y.names {
		if r.County.Contains(code) && village.Standard.Rural(code, village.OfVillages) {
			places = append(places, code)
		}
	}
	slices.Sort(places)
	if len(places) < 3 {
		return fmt.Errorf("%s has too few villages", r.County)
	}
	if _, err := y.draft(r, places[0], at); err != nil {
		return err
	}
	for _, place := range places[1:3] {
		was := y.town
		y.town.Region = place.Town()
		e, err := y.file(r, place, at)
		y.town = was
		if err != nil {
			return err
		}
		if place == places[2] {
			by := was
			by.Region = place.Town()
			if err := e.Withdraw("明年再申报", by, at.Add(48*time.Hour)); err != nil {
				return err
			}
			continue
		}
		r.File(e.ID, true)
	}
	return nil
}
