package award

import (
	"context"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/award"
	"xinyi/store"
)

func (h Handler) mountScore(r *api.Router) {
	tag := api.Tag("award experts")
	api.Get(r, "/me/award-scores", h.toScore, mayNominationsScore, api.Reveals, tag)
	api.Post(r, "/me/award-scores/{id}", h.score, mayNominationsScore, api.Reveals, tag)
	api.Post(r, "/me/award-scores/{id}/recuse", h.recuse, mayNominationsScore, api.Reveals, tag)
}

type scoringRequest struct {
	Programme string `query:"programme" validate:"required,max=64"`
	api.PageQuery
}

type scoringView struct {
	ID       string            `json:"id"`
	Title    string            `json:"title"`
	Name     string            `json:"name" description:"Whom it is about: stand aside when it is somebody of yours"`
	Unit     string            `json:"unit,omitempty"`
	Deed     string            `json:"deed" personal:"true"`
	Criteria []award.Criterion `json:"criteria"`
	Opinions []opinionView     `json:"opinions"`
	Until    models.Day        `json:"until,omitempty"`
	Done     bool              `json:"done,omitempty"`
}

func viewScoring(n *award.Nomination, p *award.Programme, person, lang string) scoringView {
	v := scoringView{ID: n.ID, Title: n.Title.In(lang), Name: n.Name.Reveal(), Unit: n.Unit, Deed: n.Deed(), Criteria: p.Criteria,
		Opinions: viewOpinions(n, false), Until: n.Until}
	if s := n.Jury.Seat(person); s != nil {
		v.Done = s.At != nil || s.Aside != ""
	}
	return v
}

func (h Handler) toScore(ctx context.Context, rq api.Request, in scoringRequest) (api.List[scoringView], error) {
	v := api.List[scoringView]{Items: []scoringView{}}
	p, err := h.Programmes.Get(ctx, in.Programme)
	if err != nil {
		return v, err
	}
	q := store.NominationsAt(p.ID, award.InScoring)
	v, err = api.Sifted(ctx, h.Nominations, q, in.PageQuery, func(n *award.Nomination) (scoringView, bool, error) {
		if !n.Drawn(rq.Actor.Person) {
			return scoringView{}, false, nil
		}
		return viewScoring(n, p, rq.Actor.Person, rq.Lang), true, h.Log.Note(ctx, rq, lookAtNominee(n, "nomination.deed"))
	})
	if err == nil && len(v.Items) == 0 {
		err = h.Log.Note(ctx, rq)
	}
	return v, err
}

// onDrawn changes a case the caller was drawn for. Errors: NotFound for any other.
func (h Handler) onDrawn(ctx context.Context, rq api.Request, id string, do func(*award.Nomination, *award.Programme) error) (scoringView,
	error) {
	n, err := h.Nominations.Get(ctx, id)
	if err == nil && !n.Drawn(rq.Actor.Person) {
		err = api.NotYours(nil)
	}
	if err != nil {
		return scoringView{}, err
	}
	p, err := h.Programmes.Get(ctx, n.Programme)
	if err == nil {
		err = h.Log.Note(ctx, rq, lookAtNominee(n, "nomination.deed"))
	}
	if err != nil {
		return scoringView{}, err
	}
	n, err = h.Nominations.Update(ctx, id, func(n *award.Nomination) error { return do(n, p) })
	if err != nil {
		return scoringView{}, err
	}
	return viewScoring(n, p, rq.Actor.Person, rq.Lang), nil
}

func (h Handler) score(ctx context.Context, rq api.Request, in api.SheetRequest) (scoringView, error) {
	return h.onDrawn(ctx, rq, in.ID, func(n *award.Nomination, p *award.Programme) error {
		return n.Score(in.Sheet(), p, rq.Actor, rq.Now)
	})
}

func (h Handler) recuse(ctx context.Context, rq api.Request, in api.RecusalRequest) (scoringView, error) {
	return h.onDrawn(ctx, rq, in.ID, func(n *award.Nomination, p *award.Programme) error {
		return n.Recuse(in.Tie, in.Note, p, rq.Actor, rq.Now)
	})
}
