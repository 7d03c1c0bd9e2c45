package practice

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/practice"
	"xinyi/store"
)

// Rounds serves the yearly selection.
type Rounds struct{ Handler }

// Mount names the routes.
func (h Rounds) Mount(r *api.Router) {
	tag := api.Tag("practice rounds")
	api.Get(r, "/practice-rounds", h.list, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Get(r, "/practice-rounds/{id}", h.get, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Post(r, "/practice-rounds", h.open, mayDecide, api.Creates, tag)
	api.Get(r, "/practice-rounds/{id}/seats", h.seats, mayScore, tag)
	api.Post(r, "/practice-rounds/{id}/rank", h.rank, mayDecide, tag)
	api.Post(r, "/practice-rounds/{id}/cancel", h.cancel, mayDecide, tag)
	api.Get(r, "/practice-rounds/{id}/integrity", h.integrity, mayWatch, tag)
}

type seatsRequest struct {
	Class practice.Class `json:"class" validate:"required,known"`
	N     int            `json:"n" validate:"gte=1,lte=50"`
}

type expert struct {
	Person string `json:"personId" validate:"required,max=64"`
	Unit   string `json:"unit" validate:"required,max=64" description:"The organisation's id: its own cases are never before its people"`
}

type call struct {
	Year    int            `json:"year" validate:"gte=2023,lte=2100"`
	Closes  models.Day     `json:"closes" validate:"required" description:"The last day on which a case may be accepted; the draw is on the day after"`
	Seats   []seatsRequest `json:"seats" validate:"required,min=1,max=5,dive"`
	Experts []expert       `json:"experts" validate:"required,min=5,max=200,dive"`
}

func (h Rounds) open(ctx context.Context, rq api.Request, in call) (roundView, error) {
	c := practice.Call{Year: in.Year, Closes: in.Closes}
	if _, err := models.ParseDay(string(in.Closes)); err != nil {
		return roundView{}, models.Bad("/closes", "day", "practice.round")
	}
	for _, s := range in.Seats {
		c.Seats = append(c.Seats, practice.Seats{Class: s.Class, N: s.N})
	}
	for i, x := range in.Experts {
		ok, err := h.known(ctx, x.Person)
		if err != nil {
			return roundView{}, err
		}
		if !ok {
			return roundView{}, models.Bad(fmt.Sprintf("/experts/%d/personId", i), "practice_expert", "practice.round")
		}
		c.Pool = append(c.Pool, practice.Expert{Person: x.Person, Unit: x.Unit})
	}
	id := rq.NewID()
	r, err := c.Round(id, rand.Text(), h.Policy, rq.Actor, rq.Now)
	if err != nil {
		return roundView{}, err
	}
	if err = h.Rounds.Insert(ctx, r); models.CodeOf(err) == models.Conflict {
		if r, err = h.Rounds.Get(ctx, id); models.CodeOf(err) == models.NotFound { // not our own first try
			err = models.E(models.Conflict, "practice.round_goes_on")
		}
	}
	if err != nil {
		return roundView{}, err
	}
	return viewRound(r, rq.Lang), nil
}

type roundsRequest struct {
	Place models.Region `query:"place" validate:"required,numeric,len=4" description:"The city"`
	api.PageQuery
}

func (h Rounds) list(ctx context.Context, rq api.Request, in roundsRequest) (api.List[roundView], error) {
	return api.Found(ctx, h.Rounds, store.PracticeRoundsIn(in.Place), in.PageQuery,
		func(r *practice.Round) roundView { return viewRound(r, rq.Lang) })
}

func (h Rounds) get(ctx context.Context, rq api.Request, in api.ByID) (roundView, error) {
	r, err := h.Rounds.Get(ctx, in.ID)
	if err != nil {
		return roundView{}, err
	}
	return viewRound(r, rq.Lang), nil
}

// cases are all of a round.
func (h Rounds) cases(ctx context.Context, round string) (all []*practice.Case, err error) {
	_, err = h.Cases.Each(ctx, store.PracticeOfRound(round), func(c *practice.Case) error {
		all = append(all, c)
		return nil
	})
	return all, err
}

func (h Rounds) seats(ctx context.Context, rq api.Request, in api.ByID) (api.List[seatView], error) {
	all, err := h.cases(ctx, in.ID)
	if err != nil {
		return api.List[seatView]{}, err
	}
	v := api.List[seatView]{Items: []seatView{}}
	for _, c := range all {
		if mySeat(c, rq.Actor.Person) != nil {
			v.Items = append(v.Items, viewSeat(c, rq.Actor.Person))
		}
	}
	return v, nil
}

// ours is a round of the caller's place. Errors: NotFound.
func (h Rounds) ours(ctx context.Context, rq api.Request, id string) (*practice.Round, error) {
	return api.Ours(ctx, rq, h.Rounds, id, func(r *practice.Round) models.Region { return r.Region })
}

func (h Rounds) rank(ctx context.Context, rq api.Request, in api.ByID) (roundView, error) {
	if _, err := h.ours(ctx, rq, in.ID); err != nil {
		return roundView{}, err
	}
	all, err := h.cases(ctx, in.ID)
	if err != nil {
		return roundView{}, err
	}
	r, err := api.Change(ctx, rq, h.Rounds, in.ID, func(r *practice.Round) error { return r.Rank(all, rq.Actor, rq.Now) })
	if err != nil {
		return roundView{}, err
	}
	return viewRound(r, rq.Lang), nil
}

func (h Rounds) cancel(ctx context.Context, rq api.Request, in api.ReasonRequest) (roundView, error) {
	if _, err := h.ours(ctx, rq, in.ID); err != nil {
		return roundView{}, err
	}
	r, err := api.Change(ctx, rq, h.Rounds, in.ID, func(r *practice.Round) error { return r.Cancel(in.Reason, rq.Actor, rq.Now) })
	if err != nil {
		return roundView{}, err
	}
	return viewRound(r, rq.Lang), nil
}

func (h Rounds) integrity(ctx context.Context, rq api.Request, in api.ByID) (integrityView, error) {
	r, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return integrityView{}, err
	}
	all, err := h.cases(ctx, in.ID)
	if err != nil {
		return integrityView{}, err
	}
	return viewIntegrity(r, all), nil
}
