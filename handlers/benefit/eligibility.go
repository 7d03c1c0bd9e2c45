package benefit

import (
	"context"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/models/rule"
)

// eligibilityView is a decision with what would change it.
type eligibilityView struct {
	DecisionID string               `json:"decisionId" description:"GET /v1/decisions/{id} shows it, /replay makes it again"`
	Decision   api.Outcome          `json:"decision"`
	Rule       api.RuleView         `json:"rule"`
	AsOf       time.Time            `json:"asOf"`
	Clauses    []api.DecisionClause `json:"clauses"`
	Paths      []pathView           `json:"nearestPaths" description:"The smallest sets of changes that are enough, each with the first day on which they are"`
	NextOn     *models.Day          `json:"nextEligibleOn,omitempty" description:"When time alone is enough"`
	Whole      bool                 `json:"complete" description:"false: there are more than twelve remedies, and only the first were tried"`
}

type pathView struct {
	Changes []changeOfPath `json:"changes"`
	On      models.Day     `json:"on"`
}

// changeOfPath is one thing to change, and who can.
type changeOfPath struct {
	Clause       string           `json:"clause"`
	Label        string           `json:"label"`
	Remedy       string           `json:"remedy"`
	ChangeableBy api.ChangeableBy `json:"changeableBy"`
}

func (h Handler) eligibility(ctx context.Context, rq api.Request, in api.ByID) (eligibilityView, error) {
	o, err := h.shownOffer(ctx, in.ID)
	if err != nil {
		return eligibilityView{}, err
	}
	if err := suits(o, rq.Actor); err != nil {
		return eligibilityView{}, err
	}
	j, err := h.judge(ctx, rq, o, rq.Actor)
	if err != nil {
		return eligibilityView{}, err
	}
	return j.view(rq)
}

func (j *judged) view(rq api.Request) (eligibilityView, error) {
	r := j.program.Rule()
	v := eligibilityView{
		DecisionID: j.decision.ID, Decision: api.Outcome(j.result.Outcome), Rule: api.RuleView{ID: r.ID, Version: r.Version, Hash: j.program.Hash(), Engine: rule.Engine}, AsOf: rq.Now,
		Clauses: []api.DecisionClause{}, Paths: []pathView{}, Whole: true,
	}
	words := map[string]api.ProblemClause{}
	for _, c := range j.result.Clauses {
		words[c.ID] = clauseWords(j.offer, c, rq.Lang)
		v.Clauses = append(v.Clauses, api.DecisionClause{ProblemClause: words[c.ID], Source: c.Source})
	}
	if j.result.Outcome == models.Pass {
		return v, nil
	}
	why, err := j.program.Explain(j.facts)
	if err != nil {
		return v, err
	}
	v.NextOn, v.Whole = why.From, why.Complete
	for _, path := range why.Paths {
		pv := pathView{Changes: []changeOfPath{}, On: path.On}
		for _, id := range path.Clauses {
			w := words[id]
			pv.Changes = append(pv.Changes, changeOfPath{id, w.Label, w.Remedy, w.ChangeableBy})
		}
		v.Paths = append(v.Paths, pv)
	}
	return v, nil
}

// suits says whether an offer is for persons or organisations, as the caller acts. Errors: Conflict "benefit.other_subject".
func suits(o *benefit.Offer, a models.Actor) error {
	if a.Is(models.Business) != (o.Subject == models.Organisation) {
		return models.E(models.Conflict, "benefit.other_subject")
	}
	return nil
}
