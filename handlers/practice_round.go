package handlers

import (
	"context"
	"crypto/rand"
	"fmt"

	"xinyi/models"
	"xinyi/models/practice"
	"xinyi/store"
)

// PracticeRounds is the door to the yearly selection.
type PracticeRounds struct{ Practice }

// Mount names the routes.
func (h PracticeRounds) Mount(r *Router) {
	tag := Tag("practice rounds")
	Get(r, "/practice-rounds", h.list, Does("The yearly selections of a city, the last first"), Open(), Limit(minute, 120), tag)
	Get(r, "/practice-rounds/{id}", h.get, Does("A selection: its seats, the commitment to its seed, later the seed and the results", "Anybody can draw the experts again"), Open(), Limit(minute, 120), tag)
	Post(r, "/practice-rounds", h.open, Does("Call for cases", "The seed that draws the experts is made and committed to here, before the cases are known"), May("practice.decide"), Creates, tag)
	Get(r, "/practice-rounds/{id}/seats", h.seats, Does("The cases I was drawn to score", "Without the unit's name"), May("practice.score"), tag)
	Post(r, "/practice-rounds/{id}/rank", h.rank, Does("Close the scoring and put what is chosen on public notice"), May("practice.decide"), tag)
	Post(r, "/practice-rounds/{id}/cancel", h.cancel, Does("Give a selection up"), May("practice.decide"), tag)
	Get(r, "/practice-rounds/{id}/integrity", h.integrity, Does("What the marks look like", "A finding accuses nobody: it says where to look"), May("practice.watch"), tag)
}

type practiceSeatsRequest struct {
	Class practice.Class `json:"class" validate:"required,oneof=SUPERVISION APPROVAL BENEFIT GOVERNANCE CULTURE"`
	N     int            `json:"n" validate:"gte=1,lte=50"`
}

type practiceExpert struct {
	Person string `json:"personId" validate:"required,max=64"`
	Unit   string `json:"unit" validate:"required,max=64" description:"The organisation's id: its own cases are never before its people"`
}

type practiceCall struct {
	Year    int                    `json:"year" validate:"gte=2023,lte=2100"`
	Closes  models.Day             `json:"closes" validate:"required" description:"The last day on which a case may be accepted; the draw is on the day after"`
	Seats   []practiceSeatsRequest `json:"seats" validate:"required,min=1,max=5,dive"`
	Experts []practiceExpert       `json:"experts" validate:"required,min=5,max=200,dive"`
}

func (h PracticeRounds) open(ctx context.Context, rq Request, in practiceCall) (practiceRoundView, error) {
	c := practice.Call{Year: in.Year, Closes: in.Closes}
	if _, err := models.ParseDay(string(in.Closes)); err != nil {
		return practiceRoundView{}, models.Bad("/closes", "day", "practice.round")
	}
	for _, s := range in.Seats {
		c.Seats = append(c.Seats, practice.Seats{Class: s.Class, N: s.N})
	}
	for i, x := range in.Experts {
		ok, err := h.known(ctx, x.Person)
		if err != nil {
			return practiceRoundView{}, err
		}
		if !ok {
			return practiceRoundView{}, models.Bad(fmt.Sprintf("/experts/%d/personId", i), "practice_expert", "practice.round")
		}
		c.Pool = append(c.Pool, practice.Expert{Person: x.Person, Unit: x.Unit})
	}
	id := rq.NewID()
	r, err := practice.NewRound(id, rand.Text(), c, h.Policy, rq.Actor, rq.Now)
	if err != nil {
		return practiceRoundView{}, err
	}
	if err = h.Rounds.Insert(ctx, r); models.CodeOf(err) == models.Conflict {
		if r, err = h.Rounds.Get(ctx, id); models.CodeOf(err) == models.NotFound { // not our own first try
			err = models.E(models.Conflict, "practice.round_goes_on")
		}
	}
	if err != nil {
		return practiceRoundView{}, err
	}
	return viewPracticeRound(r, rq.Lang), nil
}

type practiceRoundsRequest struct {
	Place models.Region `query:"place" validate:"required,numeric,len=4" description:"The city"`
	PageQuery
}

func (h PracticeRounds) list(ctx context.Context, rq Request, in practiceRoundsRequest) (List[practiceRoundView], error) {
	page, err := h.Rounds.Find(ctx, store.PracticeRoundsIn(in.Place).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[practiceRoundView]{}, err
	}
	return Listed(page, func(r *practice.Round) practiceRoundView { return viewPracticeRound(r, rq.Lang) }), nil
}

func (h PracticeRounds) get(ctx context.Context, rq Request, in byID) (practiceRoundView, error) {
	r, err := h.Rounds.Get(ctx, in.ID)
	if err != nil {
		return practiceRoundView{}, err
	}
	return viewPracticeRound(r, rq.Lang), nil
}

// cases are all of a round.
func (h PracticeRounds) cases(ctx context.Context, round string) (all []*practice.Case, err error) {
	_, err = h.Cases.Each(ctx, store.PracticeOfRound(round), func(c *practice.Case) error {
		all = append(all, c)
		return nil
	})
	return all, err
}

func (h PracticeRounds) seats(ctx context.Context, rq Request, in byID) (List[seatView], error) {
	all, err := h.cases(ctx, in.ID)
	if err != nil {
		return List[seatView]{}, err
	}
	v := List[seatView]{Items: []seatView{}}
	for _, c := range all {
		if mySeat(c, rq.Actor.Person) != nil {
			v.Items = append(v.Items, viewSeat(c, rq.Actor.Person))
		}
	}
	return v, nil
}

// ours is a round of the caller's place. Errors: NotFound.
func (h PracticeRounds) ours(ctx context.Context, rq Request, id string) (*practice.Round, error) {
	r, err := h.Rounds.Get(ctx, id)
	if err == nil && !rq.Actor.Region.Contains(r.Region) {
		err = models.E(models.NotFound, "not_found")
	}
	return r, err
}

func (h PracticeRounds) rank(ctx context.Context, rq Request, in byID) (practiceRoundView, error) {
	if _, err := h.ours(ctx, rq, in.ID); err != nil {
		return practiceRoundView{}, err
	}
	all, err := h.cases(ctx, in.ID)
	if err != nil {
		return practiceRoundView{}, err
	}
	r, err := change(ctx, rq, h.Rounds, in.ID, func(r *practice.Round) error { return r.Rank(all, rq.Actor, rq.Now) })
	if err != nil {
		return practiceRoundView{}, err
	}
	return viewPracticeRound(r, rq.Lang), nil
}

func (h PracticeRounds) cancel(ctx context.Context, rq Request, in reasonRequest) (practiceRoundView, error) {
	if _, err := h.ours(ctx, rq, in.ID); err != nil {
		return practiceRoundView{}, err
	}
	r, err := change(ctx, rq, h.Rounds, in.ID, func(r *practice.Round) error { return r.Cancel(in.Reason, rq.Actor, rq.Now) })
	if err != nil {
		return practiceRoundView{}, err
	}
	return viewPracticeRound(r, rq.Lang), nil
}

func (h PracticeRounds) integrity(ctx context.Context, rq Request, in byID) (integrityView, error) {
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
