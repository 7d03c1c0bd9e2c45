package award

import (
	"context"
	"slices"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/award"
	"xinyi/models/flow"
	"xinyi/models/jury"
	"xinyi/models/score"
	"xinyi/store"
)

func (h Handler) mountDesk(r *api.Router) {
	tag := api.Tag("award office")
	api.Get(r, "/award-programmes/{id}/nominations", h.cases, mayNominationsDesk, api.Reveals, tag)
	api.Get(r, "/nominations/{id}", h.oneCase, mayNominationsDesk, api.Reveals, tag)
	api.Post(r, "/nominations/{id}/materials", h.check, mayOffice, api.Reveals, tag)
	api.Post(r, "/nominations/{id}/opinion", h.opine, mayNominationsOpinion, api.Reveals, tag)
	api.Post(r, "/nominations/{id}/decision", h.judge, mayOffice, api.Reveals, tag)
	api.Post(r, "/nominations/{id}/rescore", h.rescore, mayOffice, api.Reveals, tag)
	api.Get(r, "/award-programmes/{id}/experts", h.experts, mayOffice, api.Reveals, tag)
	api.Post(r, "/award-programmes/{id}/experts", api.OnRelease(api.Releases[award.Programme, api.List[expertView]]{
		Repo: h.Programmes, Mine: h.released().Mine, View: h.expertsSeen,
	}, h.register), mayOffice, api.Reveals, tag)
	api.Get(r, "/award-programmes/{id}/findings", h.findings, mayOffice, api.Reveals, tag)
}

// desk is a nomination an office works on: the credit office's region, an auditor's, or a unit that is asked. Errors: NotFound.
func (h Handler) desk(ctx context.Context, rq api.Request, id string) (*award.Nomination, *award.Programme, error) {
	n, err := h.Nominations.Get(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	p, err := h.Programmes.Get(ctx, n.Programme)
	if err != nil {
		return nil, nil, err
	}
	if !seesCase(rq.Actor, p, n) {
		return nil, nil, api.NotYours(nil)
	}
	return n, p, h.Log.Note(ctx, rq, lookAtNominee(n, "nomination"))
}

// seesCase says whether an office may see a case: departments those they are asked about.
func seesCase(by models.Actor, p *award.Programme, n *award.Nomination) bool {
	if by.Is(models.Department, models.DataOfficer) {
		return slices.ContainsFunc(n.Opinions, func(o award.Opinion) bool { return o.Unit == by.Org })
	}
	return api.Covers(by, p.Region)
}

func lookAtNominee(n *award.Nomination, what string) access.Access {
	return access.Access{Subject: n.Nominee, Fields: []string{what}, About: n.ID, Purpose: "award.case", Case: n.ID}
}

type casesRequest struct {
	api.ByID
	State award.State `query:"state" validate:"required,max=20"`
	api.PageQuery
}

func (h Handler) cases(ctx context.Context, rq api.Request, in casesRequest) (api.List[nominationRow], error) {
	v := api.List[nominationRow]{Items: []nominationRow{}}
	p, err := h.Programmes.Get(ctx, in.ID)
	if err == nil && rq.Actor.Is(models.Department, models.DataOfficer) {
		err = api.Holds(rq, p.Region)
	} else if err == nil {
		err = api.Scoped(rq, p.Region)
	}
	if err != nil {
		return v, err
	}
	var looks []access.Access
	v, err = api.Sifted(ctx, h.Nominations, store.NominationsAt(p.ID, in.State), in.PageQuery,
		func(n *award.Nomination) (nominationRow, bool, error) {
			if !seesCase(rq.Actor, p, n) {
				return nominationRow{}, false, nil
			}
			looks = append(looks, lookAtNominee(n, "nomination"))
			return rowOfNomination(n, rq.Lang), true, nil
		})
	if err != nil {
		return v, err
	}
	return v, h.Log.Note(ctx, rq, looks...)
}

type caseView struct {
	nominationRow
	Name       string          `json:"name"`
	Deed       string          `json:"deed" personal:"true"`
	Since      models.Day      `json:"since,omitempty"`
	Unit       string          `json:"unit,omitempty"`
	Nominators []nominatorView `json:"nominators"`
	Filings    int             `json:"filings" description:"How often materials were handed in"`
	Materials  []api.VoteView  `json:"materials"`
	Vetting    *vettingView    `json:"vetting,omitempty"`
	Opinions   []opinionView   `json:"opinions"`
	Asked      int             `json:"expertsAsked"`
	Given      int             `json:"expertsGiven" description:"Sealed until all are in, or the days are over"`
	Aside      int             `json:"expertsAside"`
	Marks      []score.Points  `json:"marks" description:"Of the experts, once they are open; in hundredths"`
	Placed     *placedView     `json:"placed,omitempty"`
	Decision   []api.VoteView  `json:"decision"`
	Award      string          `json:"award,omitempty"`
}

type nominatorView struct {
	How    award.How `json:"how"`
	Unit   string    `json:"unit,omitempty"`
	Reason string    `json:"reason" personal:"true"`
	At     time.Time `json:"at"`
}

func viewCase(n *award.Nomination, p *award.Programme, lang string) caseView {
	v := caseView{
		nominationRow: rowOfNomination(n, lang), Name: n.Name.Reveal(), Deed: n.Deed(), Since: n.Since, Unit: n.Unit, Nominators: []nominatorView{},
		Filings: len(n.Filings), Materials: api.ViewVotes(n.Course), Vetting: viewVetting(n.Vetting, p, lang), Opinions: viewOpinions(n, true), Marks: []score.Points{},
		Placed: viewPlaced(n), Decision: api.ViewVotes(&n.Decide), Award: n.Award,
	}
	for _, x := range n.Nominators {
		v.Nominators = append(v.Nominators, nominatorView{x.How, x.By.Org, x.Reason.Reveal(), x.At})
	}
	v.Asked, v.Given, v.Aside = n.Jury.Counts()
	for _, s := range n.Jury.Sheets() {
		v.Marks = append(v.Marks, s.Total())
	}
	slices.Sort(v.Marks)
	return v
}

func (h Handler) oneCase(ctx context.Context, rq api.Request, in api.ByID) (caseView, error) {
	n, p, err := h.desk(ctx, rq, in.ID)
	if err != nil {
		return caseView{}, err
	}
	return viewCase(n, p, rq.Lang), nil
}

// onCase changes a case an office works on.
func (h Handler) onCase(ctx context.Context, rq api.Request, id string, do func(*award.Nomination, *award.Programme) error) (caseView,
	error) {
	_, p, err := h.desk(ctx, rq, id)
	if err != nil {
		return caseView{}, err
	}
	n, err := h.Nominations.Update(ctx, id, func(n *award.Nomination) error {
		if err := rq.Fresh(n.Revision); err != nil {
			return err
		}
		return do(n, p)
	})
	if err != nil {
		return caseView{}, err
	}
	return viewCase(n, p, rq.Lang), nil
}

type verdictRequest struct {
	api.ByID
	Verdict flow.Verdict `json:"verdict" validate:"required,known"`
	Note    string       `json:"note,omitempty" validate:"max=500"`
}

func (h Handler) check(ctx context.Context, rq api.Request, in verdictRequest) (caseView, error) {
	return h.onCase(ctx, rq, in.ID, func(n *award.Nomination, p *award.Programme) error {
		return n.Check(in.Verdict, in.Note, p.Terms, rq.Actor, rq.Now)
	})
}

func (h Handler) judge(ctx context.Context, rq api.Request, in verdictRequest) (caseView, error) {
	return h.onCase(ctx, rq, in.ID, func(n *award.Nomination, _ *award.Programme) error {
		return n.Judge(in.Verdict, in.Note, rq.Actor, rq.Now)
	})
}

type opinionRequest struct {
	api.ByID
	Opinion award.Say     `json:"opinion" validate:"required,known"`
	Record  string        `json:"record,omitempty" validate:"omitempty,max=80"`
	Ground  string        `json:"ground,omitempty" validate:"max=500"`
	Points  *score.Points `json:"points,omitempty" validate:"omitempty,gte=0,lte=10000"`
}

func (h Handler) opine(ctx context.Context, rq api.Request, in opinionRequest) (caseView, error) {
	return h.onCase(ctx, rq, in.ID, func(n *award.Nomination, _ *award.Programme) error {
		return n.Opine(award.Opinion{Say: in.Opinion, Record: in.Record, Ground: in.Ground, Points: in.Points}, rq.Actor, rq.Now)
	})
}

func (h Handler) rescore(ctx context.Context, rq api.Request, in api.ReasonRequest) (caseView, error) {
	return h.onCase(ctx, rq, in.ID, func(n *award.Nomination, p *award.Programme) error {
		return n.Rescore(in.Reason, p, rq.Actor, rq.Now)
	})
}

type expertView struct {
	Person string `json:"person" description:"Account"`
	Unit   string `json:"unit"`
}

// expertsSeen notes that an office sees who may be drawn, and shows it.
func (h Handler) expertsSeen(ctx context.Context, rq api.Request, p *award.Programme) (api.List[expertView], error) {
	v := api.List[expertView]{Items: []expertView{}}
	var looks []access.Access
	for _, e := range p.Experts {
		v.Items = append(v.Items, expertView(e))
		looks = append(looks, access.Access{Subject: api.APerson(e.Person), Fields: []string{"expert"}, About: p.ID, Purpose: "award.case",
			Case: p.ID})
	}
	return v, h.Log.Note(ctx, rq, looks...)
}

func (h Handler) experts(ctx context.Context, rq api.Request, in api.ByID) (api.List[expertView], error) {
	p, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return api.List[expertView]{}, err
	}
	return h.expertsSeen(ctx, rq, p)
}

// ours is a programme of the caller's place. Errors: NotFound.
func (h Handler) ours(ctx context.Context, rq api.Request, id string) (*award.Programme, error) {
	return api.Ours(ctx, rq, h.Programmes, id, func(p *award.Programme) models.Region { return p.Region })
}

type expertsRequest struct {
	api.ByID
	Experts []expertEntry `json:"experts" validate:"required,min=1,max=200,dive"`
}

type expertEntry struct {
	Account string `json:"person" validate:"required,max=64" description:"Account"`
	Unit    string `json:"unit" validate:"required,max=120" description:"Where the expert works"`
}

func (h Handler) register(ctx context.Context, rq api.Request, in expertsRequest) (func(*award.Programme) error, error) {
	var all []award.Expert
	for i, e := range in.Experts {
		if _, err := h.People.Get(ctx, e.Account); err != nil {
			return nil, api.PointAt(err, "/experts/"+api.Itoa(i)+"/person", "award.experts")
		}
		all = append(all, award.Expert{Person: e.Account, Unit: e.Unit})
	}
	return func(p *award.Programme) error { return p.Register(all, rq.Actor) }, nil
}

type findingView struct {
	Kind     string   `json:"kind"`
	Raters   []string `json:"raters" personal:"true" description:"Accounts of experts"`
	Cases    []string `json:"cases"`
	Strength int64    `json:"strength"`
	N        int      `json:"n" description:"Marks it rests on"`
}

func (h Handler) findings(ctx context.Context, rq api.Request, in api.ByID) (api.List[findingView], error) {
	v := api.List[findingView]{Items: []findingView{}}
	p, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return v, err
	}
	var marks []jury.Mark
	_, err = h.Nominations.Each(ctx, store.NominationsOf(p.ID), func(n *award.Nomination) error {
		marks = append(marks, n.Given()...)
		return nil
	})
	if err != nil {
		return v, err
	}
	var looks []access.Access
	for _, f := range jury.Inspect(marks, h.Policy.Marks) {
		v.Items = append(v.Items, findingView{string(f.Kind), f.Raters, f.Cases, int64(f.Strength), f.N})
		for _, person := range f.Raters {
			looks = append(looks, access.Access{Subject: api.APerson(person), Fields: []string{"expert.marks"}, About: p.ID, Purpose: "award.case",
				Case: p.ID})
		}
	}
	return v, h.Log.Note(ctx, rq, looks...)
}
