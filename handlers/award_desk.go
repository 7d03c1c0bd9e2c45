package handlers

import (
	"context"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/award"
	"xinyi/models/flow"
	"xinyi/models/panel"
	"xinyi/models/score"
	"xinyi/store"
)

func (h Award) mountDesk(r *Router) {
	tag := Tag("award office")
	Get(r, "/award-programmes/{id}/nominations", h.cases, Does("A programme's nominations in a state, the oldest first", "A department sees what it is asked about"), May("nominations.desk"), Reveals, tag)
	Get(r, "/nominations/{id}", h.oneCase, Does("One nomination, with materials, hits, opinions and, once they are open, marks"), May("nominations.desk"), Reveals, tag)
	Post(r, "/nominations/{id}/materials", h.check, Does("Check the materials: approve, send back with what to mend, or refuse"), May("awards.office"), Reveals, tag)
	Post(r, "/nominations/{id}/opinion", h.opine, Does("Give my unit's opinion; silence is no objection", "A concern names a record or a ground, which the nominee reads and may answer. Points are of 100.00, in hundredths"), May("nominations.opinion"), Reveals, tag)
	Post(r, "/nominations/{id}/decision", h.judge, Does("Decide after the notice: two people agree"), May("awards.office"), Reveals, tag)
	Post(r, "/nominations/{id}/rescore", h.rescore, Does("Have a case scored again by newly drawn experts, for a finding about its marks"), May("awards.office"), Reveals, tag)
	Get(r, "/award-programmes/{id}/experts", h.experts, Does("The experts who may be drawn"), May("awards.office"), Reveals, tag)
	Post(r, "/award-programmes/{id}/experts", onRelease(releases[award.Programme, List[awardExpertView]]{
		repo: h.Programmes, mine: h.released().mine, view: h.expertsSeen,
	}, h.register), Does("Add experts"), May("awards.office"), Reveals, tag)
	Get(r, "/award-programmes/{id}/findings", h.findings, Does("What is unusual about the experts' marks", "A finding proves nothing: it is a reason to have a case scored again"), May("awards.office"), Reveals, tag)
}

// desk is a nomination an office works on: the credit office's region, an auditor's, or a unit that is asked. Errors: NotFound.
func (h Award) desk(ctx context.Context, rq Request, id string) (*award.Nomination, *award.Programme, error) {
	n, err := h.Nominations.Get(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	p, err := h.Programmes.Get(ctx, n.Programme)
	if err != nil {
		return nil, nil, err
	}
	if !seesCase(rq.Actor, p, n) {
		return nil, nil, notYours(nil)
	}
	return n, p, h.Looks.Look(ctx, rq, lookAtNominee(n, "nomination"))
}

// seesCase says whether an office may see a case: departments those they are asked about.
func seesCase(by models.Actor, p *award.Programme, n *award.Nomination) bool {
	if by.Is(models.Department, models.DataOfficer) {
		return slices.ContainsFunc(n.Opinions, func(o award.Opinion) bool { return o.Unit == by.Org })
	}
	return by.Region.Contains(p.Region)
}

func lookAtNominee(n *award.Nomination, what string) access.Look {
	return access.Look{Subject: n.Nominee, Fields: []string{what}, About: n.ID, Purpose: "award.case", Case: n.ID}
}

type awardCasesRequest struct {
	byID
	State award.State `query:"state" validate:"required,max=20" enum:"NOMINATED,DRAFT,MATERIAL,VETTING,OPINIONS,SCORING,VOTE,SHORTLIST,NOTICE,DECIDING,APPROVED,AWARDED,RUNNER_UP,NOT_SELECTED,EXCLUDED,WITHDRAWN,STRUCK"`
	PageQuery
}

func (h Award) cases(ctx context.Context, rq Request, in awardCasesRequest) (List[nominationRow], error) {
	v := List[nominationRow]{Items: []nominationRow{}}
	p, err := h.Programmes.Get(ctx, in.ID)
	if err != nil {
		return v, err
	}
	page, err := h.Nominations.Find(ctx, store.NominationsAt(p.ID, in.State).Page(in.Limit, in.Cursor))
	if err != nil {
		return v, err
	}
	var looks []access.Look
	for _, n := range page.Items {
		if seesCase(rq.Actor, p, n) {
			v.Items = append(v.Items, rowOfNomination(n, rq.Lang))
			looks = append(looks, lookAtNominee(n, "nomination"))
		}
	}
	v.NextCursor = page.Next
	return v, h.Looks.Look(ctx, rq, looks...)
}

type awardCaseView struct {
	nominationRow
	Name       string               `json:"name"`
	Deed       string               `json:"deed" personal:"true"`
	Since      models.Day           `json:"since,omitempty"`
	Unit       string               `json:"unit,omitempty"`
	Nominators []awardNominatorView `json:"nominators"`
	Filings    int                  `json:"filings" description:"How often materials were handed in"`
	Materials  []awardVoteView      `json:"materials"`
	Vetting    *awardVettingView    `json:"vetting,omitempty"`
	Opinions   []awardOpinionView   `json:"opinions"`
	Asked      int                  `json:"expertsAsked"`
	Given      int                  `json:"expertsGiven" description:"Sealed until all are in, or the days are over"`
	Aside      int                  `json:"expertsAside"`
	Marks      []score.Points       `json:"marks" description:"Of the experts, once they are open; in hundredths"`
	Placed     *awardPlacedView     `json:"placed,omitempty"`
	Decision   []awardVoteView      `json:"decision"`
	Award      string               `json:"award,omitempty"`
}

type awardNominatorView struct {
	How    award.How `json:"how" enum:"SELF,UNIT,PUBLIC"`
	Unit   string    `json:"unit,omitempty"`
	Reason string    `json:"reason" personal:"true"`
	At     time.Time `json:"at"`
}

type awardVoteView struct {
	Step    string       `json:"step"`
	Round   int          `json:"round"`
	Verdict flow.Verdict `json:"verdict" enum:"APPROVE,REJECT,REVISE,RECUSE"`
	Note    string       `json:"note,omitempty"`
	Office  string       `json:"office"`
	At      time.Time    `json:"at"`
}

func viewAwardVotes(c *flow.Course) []awardVoteView {
	all := []awardVoteView{}
	if c == nil {
		return all
	}
	for _, x := range c.Votes {
		all = append(all, awardVoteView{x.Step, x.Round, x.Verdict, x.Note, x.By.Org, x.At})
	}
	return all
}

func viewAwardCase(n *award.Nomination, p *award.Programme, lang string) awardCaseView {
	v := awardCaseView{
		nominationRow: rowOfNomination(n, lang), Name: n.Name.Reveal(), Deed: n.Deed(), Since: n.Since, Unit: n.Unit, Nominators: []awardNominatorView{},
		Filings: len(n.Filings), Materials: viewAwardVotes(n.Course), Vetting: viewAwardVetting(n.Vetting, p, lang), Opinions: viewAwardOpinions(n, true), Marks: []score.Points{},
		Placed: viewAwardPlaced(n), Decision: viewAwardVotes(&n.Decide), Award: n.Award,
	}
	for _, x := range n.Nominators {
		v.Nominators = append(v.Nominators, awardNominatorView{x.How, x.By.Org, x.Reason.Reveal(), x.At})
	}
	for _, s := range n.Scorers {
		if s.Round != n.Round {
			continue
		}
		switch s.State {
		case award.ScorerRecused:
			v.Aside++
			continue
		case award.ScorerGiven:
			v.Given++
		case award.ScorerAsked:
		}
		if v.Asked++; s.Points != nil {
			v.Marks = append(v.Marks, *s.Points)
		}
	}
	slices.Sort(v.Marks)
	return v
}

func (h Award) oneCase(ctx context.Context, rq Request, in byID) (awardCaseView, error) {
	n, p, err := h.desk(ctx, rq, in.ID)
	if err != nil {
		return awardCaseView{}, err
	}
	return viewAwardCase(n, p, rq.Lang), nil
}

// onCase changes a case an office works on.
func (h Award) onCase(ctx context.Context, rq Request, id string, do func(*award.Nomination, *award.Programme) error) (awardCaseView, error) {
	_, p, err := h.desk(ctx, rq, id)
	if err != nil {
		return awardCaseView{}, err
	}
	n, err := h.Nominations.Update(ctx, id, func(n *award.Nomination) error {
		if err := rq.Fresh(n.Revision); err != nil {
			return err
		}
		return do(n, p)
	})
	if err != nil {
		return awardCaseView{}, err
	}
	return viewAwardCase(n, p, rq.Lang), nil
}

type awardVerdictRequest struct {
	byID
	Verdict flow.Verdict `json:"verdict" validate:"required,oneof=APPROVE REJECT REVISE RECUSE"`
	Note    string       `json:"note,omitempty" validate:"max=500"`
}

func (h Award) check(ctx context.Context, rq Request, in awardVerdictRequest) (awardCaseView, error) {
	return h.onCase(ctx, rq, in.ID, func(n *award.Nomination, p *award.Programme) error {
		return n.Check(in.Verdict, in.Note, p.Terms, rq.Actor, rq.Now)
	})
}

func (h Award) judge(ctx context.Context, rq Request, in awardVerdictRequest) (awardCaseView, error) {
	return h.onCase(ctx, rq, in.ID, func(n *award.Nomination, _ *award.Programme) error {
		return n.Judge(in.Verdict, in.Note, rq.Actor, rq.Now)
	})
}

type awardOpinionRequest struct {
	byID
	Opinion award.Say     `json:"opinion" validate:"required,oneof=SUPPORT CONCERN NONE"`
	Record  string        `json:"record,omitempty" validate:"omitempty,max=80"`
	Ground  string        `json:"ground,omitempty" validate:"max=500"`
	Points  *score.Points `json:"points,omitempty" validate:"omitempty,gte=0,lte=10000"`
}

func (h Award) opine(ctx context.Context, rq Request, in awardOpinionRequest) (awardCaseView, error) {
	return h.onCase(ctx, rq, in.ID, func(n *award.Nomination, _ *award.Programme) error {
		return n.Opine(in.Opinion, in.Record, in.Ground, in.Points, rq.Actor, rq.Now)
	})
}

func (h Award) rescore(ctx context.Context, rq Request, in reasonRequest) (awardCaseView, error) {
	return h.onCase(ctx, rq, in.ID, func(n *award.Nomination, p *award.Programme) error {
		return n.Rescore(in.Reason, p, rq.Actor, rq.Now)
	})
}

type awardExpertView struct {
	Person string `json:"person" description:"Account"`
	Unit   string `json:"unit"`
}

// expertsSeen notes that an office sees who may be drawn, and shows it.
func (h Award) expertsSeen(ctx context.Context, rq Request, p *award.Programme) (List[awardExpertView], error) {
	v := List[awardExpertView]{Items: []awardExpertView{}}
	var looks []access.Look
	for _, e := range p.Experts {
		v.Items = append(v.Items, awardExpertView(e))
		looks = append(looks, access.Look{Subject: aPerson(e.Person), Fields: []string{"expert"}, About: p.ID, Purpose: "award.case", Case: p.ID})
	}
	return v, h.Looks.Look(ctx, rq, looks...)
}

func (h Award) experts(ctx context.Context, rq Request, in byID) (List[awardExpertView], error) {
	p, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return List[awardExpertView]{}, err
	}
	return h.expertsSeen(ctx, rq, p)
}

// ours is a programme of the caller's place. Errors: NotFound.
func (h Award) ours(ctx context.Context, rq Request, id string) (*award.Programme, error) {
	p, err := h.Programmes.Get(ctx, id)
	if err == nil && !rq.Actor.Region.Contains(p.Region) {
		err = notYours(nil)
	}
	return p, err
}

type awardExpertsRequest struct {
	byID
	Experts []awardExpertEntry `json:"experts" validate:"required,min=1,max=200,dive"`
}

type awardExpertEntry struct {
	Account string `json:"person" validate:"required,max=64" description:"Account"`
	Unit    string `json:"unit" validate:"required,max=120" description:"Where the expert works"`
}

func (h Award) register(ctx context.Context, rq Request, in awardExpertsRequest) (func(*award.Programme) error, error) {
	var all []award.Expert
	for i, e := range in.Experts {
		if _, err := h.People.Get(ctx, e.Account); err != nil {
			return nil, pointAt(err, "/experts/"+itoa(i)+"/person", "award.experts")
		}
		all = append(all, award.Expert{Person: e.Account, Unit: e.Unit})
	}
	return func(p *award.Programme) error { return p.Register(all, rq.Actor) }, nil
}

type awardFindingView struct {
	Kind     string   `json:"kind"`
	Raters   []string `json:"raters" personal:"true" description:"Accounts of experts"`
	Cases    []string `json:"cases"`
	Strength int64    `json:"strength"`
	N        int      `json:"n" description:"Marks it rests on"`
}

func (h Award) findings(ctx context.Context, rq Request, in byID) (List[awardFindingView], error) {
	v := List[awardFindingView]{Items: []awardFindingView{}}
	p, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return v, err
	}
	var marks []panel.Mark
	_, err = h.Nominations.Each(ctx, store.NominationsOf(p.ID), func(n *award.Nomination) error {
		marks = append(marks, n.Given()...)
		return nil
	})
	if err != nil {
		return v, err
	}
	var looks []access.Look
	for _, f := range panel.Inspect(marks, h.Policy.Marks) {
		v.Items = append(v.Items, awardFindingView{string(f.Kind), f.Raters, f.Cases, int64(f.Strength), f.N})
		for _, person := range f.Raters {
			looks = append(looks, access.Look{Subject: aPerson(person), Fields: []string{"expert.marks"}, About: p.ID, Purpose: "award.case", Case: p.ID})
		}
	}
	return v, h.Looks.Look(ctx, rq, looks...)
}
