package award

import (
	"context"
	"errors"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/award"
	"xinyi/store"
)

func (h Handler) mountVote(r *api.Router) {
	tag := api.Tag("award vote")
	api.Get(r, "/award-programmes/{id}/candidates", h.candidates, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Post(r, "/votes", h.cast, mayVotesCast, api.Creates, api.Limit(time.Minute, 10), tag, api.Quota(api.Ballots))
	api.Get(r, "/award-programmes/{id}/signals", h.signals, mayOffice, tag)
	api.Post(r, "/votes/aside", h.aside, mayOffice, tag)
	api.Post(r, "/votes/aside/confirm", h.confirm, mayOffice, tag)
}

type candidateView struct {
	ID       string        `json:"id"`
	Category string        `json:"category"`
	Title    string        `json:"title"`
	Label    string        `json:"label" description:"Masked unless the nominee agreed to be named"`
	Deed     string        `json:"deed,omitempty" personal:"false" description:"Of whoever agreed to be named"`
	Region   models.Region `json:"region"`
}

func (h Handler) candidates(ctx context.Context, rq api.Request, in awardPage) (api.List[candidateView], error) {
	return api.Found(ctx, h.Nominations, store.NominationsAt(in.ID, award.InVote), in.PageQuery, func(n *award.Nomination) candidateView {
		v := candidateView{ID: n.ID, Category: n.Category, Title: n.Title.In(rq.Lang), Label: n.Label(), Region: n.Region.County()}
		if n.Kind == award.Unit || n.Consent != nil && n.Consent.Named {
			v.Deed = n.Deed()
		}
		return v
	})
}

type awardPage struct {
	api.ByID
	api.PageQuery
}

type castRequest struct {
	Nomination string `json:"nomination" validate:"required,max=64"`
	Device     string `json:"device,omitempty" validate:"omitempty,max=128" description:"The app's own id of this installation"`
}

type castView struct {
	ID       string    `json:"id"`
	Category string    `json:"category"`
	At       time.Time `json:"at"`
}

func (h Handler) cast(ctx context.Context, rq api.Request, in castRequest) (castView, error) {
	voter, err := h.Subjects.Of(ctx, rq.Actor)
	if err != nil {
		return castView{}, err
	}
	n, err := h.Nominations.Get(ctx, in.Nomination)
	if err == nil && n.State != award.InVote {
		err = api.NotYours(nil)
	}
	if err != nil {
		return castView{}, api.PointAt(err, "/nomination", "award.not_candidate")
	}
	p, err := h.Programmes.Get(ctx, n.Programme)
	if err != nil {
		return castView{}, err
	}
	mark := func(kind, text string) string { // tells the same apart for this programme, and nothing else
		if text == "" {
			return ""
		}
		return h.Keys.Hash(models.NewSecret(p.ID + "/" + kind + "/" + text))
	}
	b, err := award.Vote(p, n, award.Voter{Subject: voter, Device: mark("device", in.Device), Address: mark("address", rq.Address)}, rq.Actor,
		rq.Now)
	if err != nil {
		return castView{}, err
	}
	if err := h.Ballots.Insert(ctx, b); errors.Is(err, models.Conflict) {
		was, err := h.Ballots.Get(ctx, b.ID)
		if err != nil {
			return castView{}, err
		}
		if was.Nomination != b.Nomination {
			return castView{}, models.E(models.Conflict, "award.voted")
		}
		return castView{was.ID, was.Category, was.Minute}, nil
	} else if err != nil {
		return castView{}, err
	}
	return castView{b.ID, b.Category, b.Minute}, nil
}

type signalView struct {
	ID         string           `json:"id"`
	Kind       award.SignalKind `json:"kind"`
	Nomination string           `json:"nomination,omitempty"`
	Minute     *time.Time       `json:"minute,omitempty"`
	Ballots    []string         `json:"ballots"`
	Aside      int              `json:"aside" description:"Set aside already"`
}

func (h Handler) signals(ctx context.Context, rq api.Request, in api.ByID) (api.List[signalView], error) {
	v := api.List[signalView]{Items: []signalView{}}
	p, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return v, err
	}
	var all []*award.Ballot
	if _, err := h.Ballots.Each(ctx, store.BallotsOf(p.ID), func(b *award.Ballot) error { all = append(all, b); return nil }); err != nil {
		return v, err
	}
	for _, s := range h.Policy.Signals.Find(all) {
		one := signalView{ID: s.ID, Kind: s.Kind, Nomination: s.Nomination, Ballots: s.Ballots, Aside: s.Aside}
		if s.Kind == award.Burst {
			one.Minute = &s.Minute
		}
		v.Items = append(v.Items, one)
	}
	return v, nil
}

type asideRequest struct {
	Programme string   `json:"programme" validate:"required,max=64"`
	Ballots   []string `json:"ballots" validate:"required,min=1,max=500,dive,required,max=64"`
	Reason    string   `json:"reason" validate:"required,max=500"`
}

type asideView struct {
	Changed int `json:"changed"`
}

// onBallots changes ballots of a programme before it is counted; what is as wanted already is passed over.
func (h Handler) onBallots(ctx context.Context, rq api.Request, programme string, ids []string, do func(*award.Ballot) error) (asideView,
	error) {
	v := asideView{}
	p, err := h.ours(ctx, rq, programme)
	if err != nil {
		return v, err
	}
	if p.State != award.Voting && p.State != award.Counting {
		return v, models.Refused(p.Life, nil, "award.stage")
	}
	for i, id := range ids {
		_, err := h.Ballots.Update(ctx, id, func(b *award.Ballot) error {
			if b.Programme != p.ID {
				return models.Bad("/ballots/"+api.Itoa(i), "award_ballot", "award.ballot")
			}
			return do(b)
		})
		switch {
		case models.CodeOf(err) == models.InvalidTransition:
		case err != nil:
			return v, err
		default:
			v.Changed++
		}
	}
	return v, nil
}

func (h Handler) aside(ctx context.Context, rq api.Request, in asideRequest) (asideView, error) {
	return h.onBallots(ctx, rq, in.Programme, in.Ballots, func(b *award.Ballot) error { return b.AskAside(in.Reason, rq.Actor, rq.Now) })
}

type confirmRequest struct {
	Programme string   `json:"programme" validate:"required,max=64"`
	Ballots   []string `json:"ballots" validate:"required,min=1,max=500,dive,required,max=64"`
	Aside     bool     `json:"aside"`
}

func (h Handler) confirm(ctx context.Context, rq api.Request, in confirmRequest) (asideView, error) {
	return h.onBallots(ctx, rq, in.Programme, in.Ballots, func(b *award.Ballot) error { return b.Confirm(in.Aside, rq.Actor, rq.Now) })
}
