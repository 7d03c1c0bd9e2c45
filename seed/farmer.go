package seed

import (
	"context"
	"fmt"
	"time"

	"xinyi/models"
	"xinyi/models/farmer"
	"xinyi/models/identity"
	"xinyi/models/notice"
	"xinyi/models/score"
	"xinyi/usecase"
)

// The demo's villages of farmers. DemoFarmer lives in the first and has no file yet: the walk files him.
const (
	fanshi   = models.Region("430181108203")
	xianzhou = models.Region("430181108210")
)

// farmers are the heads of the demo's farming households: 14 in the first village, 10 in the second.
func (m *maker) farmers() ([]*identity.Person, error) {
	var ps []*identity.Person
	for i := range 24 {
		home := fanshi
		if i >= 14 {
			home = xianzhou
		}
		name := surnames[m.rng.IntN(len(surnames))] + given[m.rng.IntN(len(given))]
		p, err := m.person(fmt.Sprintf("farmer-%02d", i+1), fmt.Sprintf("199000002%02d", i+1), name, home, m.birthday(home.County(), 1950, 1990))
		if err != nil {
			return nil, err
		}
		ps = append(ps, p)
	}
	return ps, nil
}

// farms are the demo city's households, lived through by the models' own methods.
type farms struct {
	now      time.Time
	pol      farmer.Policy
	forms    farmer.Forms
	scorer   *score.Scorer
	subjects usecase.Subjects

	village, village2, town, town2 models.Actor

	files       []*farmer.File
	seats       []*farmer.Seat
	scores      []*farmer.Score
	changes     []*farmer.Change
	evaluations []*farmer.Evaluation
	notices     []*notice.Notice
}

// keepFarms keeps the demo's households: files in every state, scores, evaluations at every step, an open notice.
func keepFarms(ctx context.Context, s Stores, p *Population, now time.Time) error {
	if s.Farmer.Files == nil {
		return nil
	}
	forms, err := s.Farmer.FormsAt(ctx, fanshi)
	if err != nil {
		return err
	}
	scorer, err := s.Farmer.Scorer(ctx)
	if err != nil || scorer == nil {
		return fmt.Errorf("no model is in force: %w", err)
	}
	at := func(id string) models.Actor { return p.byID[id].Actors(now)[1] }
	fs := &farms{
		now: now, pol: farmer.Standard, forms: forms, scorer: scorer, subjects: s.Subjects,
		village: at("staff-village-1"), village2: at("staff-village-2"), town: at("staff-town"), town2: at("staff-town-2"),
	}
	for i := range 24 {
		if err := fs.household(i, p.byID[fmt.Sprintf("farmer-%02d", i+1)]); err != nil {
			return fmt.Errorf("household %d: %w", i+1, err)
		}
	}
	if err := fs.evaluate(); err != nil {
		return err
	}
	if err := fs.creditHouseholds(p); err != nil {
		return err
	}
	for _, f := range fs.files {
		f.Outbox = nil
	}
	err = fresh(ctx, s.Farmer.Files, fs.files)
	for _, keep := range []func() error{
		func() error { return fresh(ctx, s.Farmer.Seats, fs.seats) },
		func() error { return fresh(ctx, s.Farmer.Scores, fs.scores) },
		func() error { return fresh(ctx, s.Farmer.Changes, fs.changes) },
		func() error { return fresh(ctx, s.Farmer.Evaluations, fs.evaluations) },
		func() error { return fresh(ctx, s.Farmer.Notices, fs.notices) },
	} {
		if err == nil {
			err = keep()
		}
	}
	return err
}

// household files one household, so many days ago.
func (fs *farms) household(i int, head *identity.Person) error {
	at := models.DayOf(fs.now).Add(-200-7*i).Clock(10, 30)
	by, second := fs.village, fs.village2
	village, no := fanshi, fmt.Sprintf("%04d", 101+i)
	if i >= 14 {
		by, second, village = fs.town, fs.town2, xianzhou
	}
	f, err := farmer.NewFile(fmt.Sprintf("farm-%02d", i+1), no, village, by, at)
	if err != nil {
		return err
	}
	f.Tie(fs.subjects.Ref(models.IDNumber{Secret: head.IDNumber}).Ref, head.ID, at)
	fs.seats = append(fs.seats, farmer.NewSeat(f.Seat, f))
	self := models.Actor{Person: head.ID, Role: models.Resident}
	texts := []string{farmer.TextFile, farmer.TextAdverse, farmer.TextWritten}
	if i%4 == 3 { // does not want to tell incomes and savings
		texts = texts[:1]
	}
	for _, text := range texts {
		if err := f.Agree(farmer.Agreement{Text: text, Version: "2026-1", Hash: "seed", Lang: "zh", How: farmer.InApp}, self, at); err != nil {
			return err
		}
	}
	verdicts, err := f.Apply(farmer.Operation{ID: "seed", Edits: fs.cells(i, head, len(texts) > 1), Skew: 0}, fs.forms, by, at)
	if err != nil {
		return err
	}
	for _, v := range verdicts {
		if v.Outcome == farmer.Refused {
			return fmt.Errorf("%s: %s", v.At, v.Code)
		}
	}
	fs.files = append(fs.files, f)
	if i == 0 || i == 14 {
		return nil // being filled in
	}
	if err := f.Submit(fs.forms, by, at.Add(time.Hour)); err != nil || i == 1 || i == 15 {
		return err // waits for a second person
	}
	if err := f.Verify(second, at.Add(24*time.Hour)); err != nil {
		return err
	}
	if i == 2 {
		if err := fs.asks(f, self); err != nil {
			return err
		}
	}
	told := farmer.Known{Village: f.Village, Facts: f.Facts(fs.pol.Mean(f.Village), models.DayOf(fs.now)), Open: f.Open()}
	sc := &farmer.Score{Meta: models.Meta{ID: f.ID}}
	if err := sc.Learn(told, fs.scorer, "", fs.now); err != nil {
		return err
	}
	fs.scores = append(fs.scores, sc)
	return nil
}

// asks wants a correction.
func (fs *farms) asks(f *farmer.File, self models.Actor) error {
	c, err := farmer.Ask("farmchange-1", f, farmer.Change{Kind: farmer.Correct, Reason: "去年又流转了三亩", Wants: []farmer.Want{farmer.NewWant("land/transferredIn", int64(1800))}}, self, fs.now.Add(-48*time.Hour))
	if err != nil {
		return err
	}
	c.Outbox = nil
	fs.changes = append(fs.changes, c)
	return nil
}

// cells are what the collector wrote of a household.
func (fs *farms) cells(i int, head *identity.Person, open bool) []farmer.Edit {
	at := models.DayOf(fs.now).Add(-200-7*i).Clock(10, 30)
	var es []farmer.Edit
	put := func(to string, v any) { es = append(es, farmer.Edit{At: to, Value: v, Wrote: at}) }
	good := i%5 != 4
	put("head/name", head.Name.Reveal())
	put("head/idNumber", head.IDNumber.Reveal())
	put("head/phone", head.Phone.Reveal())
	put("head/group", fmt.Sprintf("%d组", 1+i%6))
	put("head/kind", []string{"ordinary", "grower", "ordinary", "farm", "lifted"}[i%5])
	put("head/registered", true)
	put("head/resident", true)
	put("head/since", "1998-03-01")
	put("head/fixedHome", true)
	put("head/labour", true)
	put("head/certificate", good)
	put("members/m1/name", surnames[i]+"秀英")
	put("members/m1/relation", "spouse")
	put("members/m1/labour", true)
	put("members/m1/birthYear", int64(1968+i))
	put("members/m2/name", surnames[i]+"思远")
	put("members/m2/relation", "child")
	put("members/m2/minor", i%2 == 0)
	put("land/contracted", int64(420+35*i))
	put("land/transferredIn", int64(150*i))
	put("production/p1/kind", []string{"crop", "livestock", "forest", "crop", "fishery", "ecommerce"}[i%6])
	put("production/p1/what", []string{"水稻", "黑山羊", "油茶", "花卉苗木", "草鱼", "土特产"}[i%6])
	put("production/p1/scale", []string{"large", "middle", "small"}[i%3])
	put("production/p1/years", int64(3+i%12))
	put("production/p1/insured", good)
	put("conduct/duesPaid", good)
	put("conduct/publicDuty", good)
	put("conduct/volunteerHours", int64(20*(i%6)))
	if good {
		put("honours/h1/title", "civilised")
		put("honours/h1/level", "village")
	}
	if !open {
		return es
	}
	put("income/plantingFen", int64(4_200_000+310_000*i))
	put("income/labourFen", int64(3_600_000))
	put("expense/production", int64(1_500_000))
	put("expense/living", int64(2_400_000))
	put("housing/h1/place", "village")
	put("housing/h1/valueFen", int64(18_000_000))
	put("assets/machinesFen", int64(1_200_000))
	put("debts/ownBankFen", int64(1_000_000*(i%8)))
	put("debts/yearlyFen", int64(150_000*(i%8)))
	put("debts/guaranteedFen", int64(0))
	return es
}

// evaluate leads verified households as far as each has come.
func (fs *farms) evaluate() error {
	var shown []notice.Line
	for i, f := range fs.files {
		if f.State != farmer.Verified || i == 2 {
			continue
		}
		e, err := fs.evaluation(i, f)
		if err != nil {
			return fmt.Errorf("evaluation of %s: %w", f.ID, err)
		}
		if e == nil {
			continue
		}
		if e.State == farmer.Prelim && f.Village == fanshi && i%2 == 0 {
			shown = append(shown, notice.Line{Ref: e.ID, Person: e.Person, Label: e.Label, Text: e.Result.Grade})
		}
		e.Outbox = nil
		fs.evaluations = append(fs.evaluations, e)
	}
	n, err := notice.New("notice-fanshi-1", notice.Draft{About: "farmer.household", Title: "信用户拟认定公示", Region: fanshi, Lines: shown}, fs.pol.Notice, fs.village, fs.now.Add(-26*time.Hour))
	if err != nil {
		return err
	}
	n.Outbox = nil
	for _, e := range fs.evaluations {
		if n.Line(e.ID) == nil {
			continue
		}
		if err := e.Show(n.ID, n.Closes, models.Clockwork, fs.now.Add(-26*time.Hour)); err != nil {
			return err
		}
		e.Outbox = nil
	}
	fs.notices = append(fs.notices, n)
	return nil
}

// evaluation leads one household on; nil for one that did not ask.
func (fs *farms) evaluation(i int, f *farmer.File) (*farmer.Evaluation, error) {
	began := models.DayOf(fs.now).Add(-60).Clock(9, 0)
	if i == 3 { // its neighbours are being asked
		began = fs.now.Add(-24 * time.Hour)
	}
	self := models.Actor{Person: f.Person, Role: models.Resident}
	e, err := f.Evaluate("farmeval-"+f.ID, f.Label(), fs.pol, self, began)
	if err != nil || i == 3 {
		return e, err
	}
	by, judge := fs.village, fs.town
	if f.Village == xianzhou {
		by, judge = fs.town, fs.town2
	}
	var neighbours []string
	for j := 1; j <= 6; j++ {
		neighbours = append(neighbours, fs.files[(i+j)%len(fs.files)].Person)
	}
	if err := e.Invite(neighbours, fs.pol, by, began); err != nil {
		return nil, err
	}
	for j, who := range neighbours {
		high := 2
		if i%5 == 4 {
			high = 1
		}
		a := farmer.Answers{"promises": high, "repute": high, "diligence": 1 + j%2, "community": high}
		if err := e.Answer(a, j == 5, models.Actor{Person: who, Role: models.Resident}, began.Add(time.Hour)); err != nil {
			return nil, err
		}
	}
	closed := e.Until.Add(1).Start()
	if err := e.Wake(closed); err != nil {
		return nil, err
	}
	told := farmer.Known{Village: f.Village, Facts: f.Facts(fs.pol.Mean(f.Village), models.DayOf(fs.now)), Open: f.Open()}
	if e.Mean != nil {
		told.Facts[farmer.FactPeers] = *e.Mean
	}
	r, err := fs.scorer.Score(score.Input{Facts: told.Facts, Open: told.Open})
	if err != nil {
		return nil, err
	}
	if err := e.Score(told, r); err != nil {
		return nil, err
	}
	for _, s := range fs.scores {
		if s.ID == f.ID {
			if err := s.Learn(told, fs.scorer, "", fs.now); err != nil {
				return nil, err
			}
		}
	}
	return e, fs.lead(i, e, by, judge, closed)
}

// lead leads a scored household on.
func (fs *farms) lead(i int, e *farmer.Evaluation, by, judge models.Actor, at time.Time) error {
	if !e.Result.Good {
		return e.Reject("farmer.below_line", by, at)
	}
	if i == 5 {
		return nil // the village has not looked yet
	}
	if err := e.Propose(by, at); err != nil || i%2 == 0 {
		return err
	}
	n := "notice-" + e.ID
	if err := e.Show(n, models.DayOf(at).Add(7), by, at); err != nil {
		return err
	}
	e.Pass(n, fs.pol, at.Add(8*24*time.Hour))
	if i == 7 {
		return nil // with the township
	}
	return e.Certify(fmt.Sprintf("XYH430181%s%012d", string(models.DayOf(at))[:4], 202600+i), fs.pol, judge, at.Add(9*24*time.Hour))
}
