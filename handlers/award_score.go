package handlers

import (
	"context"

	"xinyi/models"
	"xinyi/models/award"
	"xinyi/store"
)

func (h Award) mountScore(r *Router) {
	tag := Tag("award experts")
	Get(r, "/me/award-scores", h.toScore, Does("Cases of a programme I was drawn to score"), May("nominations.score"), Reveals, tag)
	Post(r, "/me/award-scores/{id}", h.score, Does("Give my points for a case, once", "Sealed until all are in, or the days are over"), May("nominations.score"), Reveals, tag)
	Post(r, "/me/award-scores/{id}/recuse", h.recuse, Does("Stand aside: kin, the same unit, a nominator; the next expert is drawn"), May("nominations.score"), Reveals, tag)
}

type awardScoringRequest struct {
	Programme string `query:"programme" validate:"required,max=64"`
	PageQuery
}

type awardScoringView struct {
	ID       string             `json:"id"`
	Title    string             `json:"title"`
	Name     string             `json:"name" description:"Whom it is about: stand aside when it is somebody of yours"`
	Unit     string             `json:"unit,omitempty"`
	Deed     string             `json:"deed" personal:"true"`
	Criteria []award.Criterion  `json:"criteria"`
	Opinions []awardOpinionView `json:"opinions"`
	Until    models.Day         `json:"until,omitempty"`
	Done     bool               `json:"done,omitempty"`
}

func viewAwardScoring(n *award.Nomination, p *award.Programme, person, lang string) awardScoringView {
	v := awardScoringView{ID: n.ID, Title: n.Title.In(lang), Name: n.Name.Reveal(), Unit: n.Unit, Deed: n.Deed(), Criteria: p.Criteria, Opinions: viewAwardOpinions(n, false), Until: n.Until}
	for _, s := range n.Scorers {
		if s.Person == person && s.Round == n.Round {
			v.Done = s.State != award.ScorerAsked
		}
	}
	return v
}

func (h Award) toScore(ctx context.Context, rq Request, in awardScoringRequest) (List[awardScoringView], error) {
	v := List[awardScoringView]{Items: []awardScoringView{}}
	p, err := h.Programmes.Get(ctx, in.Programme)
	if err != nil {
		return v, err
	}
	page, err := h.Nominations.Find(ctx, store.NominationsAt(p.ID, award.InScoring).Page(in.Limit, in.Cursor))
	if err != nil {
		return v, err
	}
	for _, n := range page.Items {
		if !n.Drawn(rq.Actor.Person) {
			continue
		}
		if err := h.Looks.Look(ctx, rq, lookAtNominee(n, "nomination.deed")); err != nil {
			return v, err
		}
		v.Items = append(v.Items, viewAwardScoring(n, p, rq.Actor.Person, rq.Lang))
	}
	v.NextCursor = page.Next
	if len(v.Items) == 0 {
		err = h.Looks.Look(ctx, rq)
	}
	return v, err
}

// onDrawn changes a case the caller was drawn for. Errors: NotFound for any other.
func (h Award) onDrawn(ctx context.Context, rq Request, id string, do func(*award.Nomination, *award.Programme) error) (awardScoringView, error) {
	n, err := h.Nominations.Get(ctx, id)
	if err == nil && !n.Drawn(rq.Actor.Person) {
		err = notYours(nil)
	}
	if err != nil {
		return awardScoringView{}, err
	}
	p, err := h.Programmes.Get(ctx, n.Programme)
	if err == nil {
		err = h.Looks.Look(ctx, rq, lookAtNominee(n, "nomination.deed"))
	}
	if err != nil {
		return awardScoringView{}, err
	}
	n, err = h.Nominations.Update(ctx, id, func(n *award.Nomination) error { return do(n, p) })
	if err != nil {
		return awardScoringView{}, err
	}
	return viewAwardScoring(n, p, rq.Actor.Person, rq.Lang), nil
}

type awardScoreRequest struct {
	byID
	Points map[string]int `json:"points" validate:"required,max=20" description:"Whole points by criterion"`
	Note   string         `json:"note,omitempty" validate:"max=500"`
}

func (h Award) score(ctx context.Context, rq Request, in awardScoreRequest) (awardScoringView, error) {
	return h.onDrawn(ctx, rq, in.ID, func(n *award.Nomination, p *award.Programme) error {
		return n.Score(in.Points, in.Note, p, rq.Actor, rq.Now)
	})
}

type awardRecuseRequest struct {
	byID
	Tie award.Tie `json:"tie" validate:"required,oneof=SAME_UNIT KIN NOMINATOR OTHER"`
}

func (h Award) recuse(ctx context.Context, rq Request, in awardRecuseRequest) (awardScoringView, error) {
	return h.onDrawn(ctx, rq, in.ID, func(n *award.Nomination, p *award.Programme) error { return n.Recuse(in.Tie, p, rq.Actor, rq.Now) })
}
