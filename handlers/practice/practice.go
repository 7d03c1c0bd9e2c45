// Package practice serves good practices and their rounds (典型案例).
package practice

import (
	"context"
	"errors"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/blob"
	"xinyi/models/identity"
	"xinyi/models/jury"
	"xinyi/models/practice"
	"xinyi/store"
)

// Handler serves cases worth copying: a public library, and the desks of units and offices behind it.
type Handler struct {
	store.Practice
	People *store.Repo[identity.Person]
	Office func(ctx context.Context, by models.Actor) (string, error) // what an actor's office is called
	Policy practice.Policy
}

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	tag := api.Tag("practice cases")
	api.Get(r, "/practice-cases", h.library, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Get(r, "/practice-cases/mine", h.mine, mayWrite, tag)
	api.Get(r, "/practice-cases/desk", h.desk, mayWatch, tag)
	api.Get(r, "/practice-cases/{id}", h.published, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Get(r, "/practice-cases/{id}/files/{file}", h.publishedFile, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Get(r, "/practice-cases/{id}/review", h.one, mayRead, tag)
	api.Get(r, "/practice-cases/{id}/review/files/{file}", h.file, mayRead, tag)
	api.Post(r, "/practice-cases", h.create, mayWrite, api.Creates, tag, api.Quota(api.Applications))
	api.Put(r, "/practice-cases/{id}", h.edit, mayWrite, tag)
	api.Post(r, "/practice-cases/{id}/files", h.attach, mayWrite, api.Takes(blob.Max), tag, api.Quota(api.Uploads))
	api.Post(r, "/practice-cases/{id}/submit", h.submit, mayWrite, tag)
	api.Post(r, "/practice-cases/{id}/votes", h.vote, mayDecide, tag)
	api.Post(r, "/practice-cases/{id}/withdraw", h.withdraw, mayWrite, tag)
	api.Post(r, "/practice-cases/{id}/adoptions", h.adopt, mayWrite, tag)
	api.Post(r, "/practice-cases/{id}/scores", h.score, mayScore, tag)
	api.Post(r, "/practice-cases/{id}/recusal", h.recuse, mayScore, tag)
	api.Post(r, "/practice-cases/{id}/redraw", h.redraw, mayDecide, tag)
}

type libraryRequest struct {
	Class  practice.Class `query:"class" validate:"omitempty,known"`
	Year   int            `query:"year" validate:"omitempty,gte=2023,lte=2100"`
	Region models.Region  `query:"region" validate:"omitempty,numeric,min=2,max=12" description:"430181: Liuyang and all below it"`
	api.PageQuery
}

func (h Handler) library(ctx context.Context, _ api.Request, in libraryRequest) (api.List[head], error) {
	return api.Found(ctx, h.Cases, store.PracticeLibrary(in.Region, in.Class, in.Year), in.PageQuery, viewHead)
}

func (h Handler) shown(ctx context.Context, id string) (*practice.Case, error) {
	c, err := h.Cases.Get(ctx, id)
	if err == nil && c.State != practice.Published {
		err = models.E(models.NotFound, "not_found")
	}
	return c, err
}

func (h Handler) published(ctx context.Context, _ api.Request, in api.ByID) (view, error) {
	c, err := h.shown(ctx, in.ID)
	if err != nil {
		return view{}, err
	}
	return viewPractice(c), nil
}

type fileAt struct {
	api.ByID
	File string `path:"file" validate:"required,max=64"`
}

func (h Handler) publishedFile(ctx context.Context, _ api.Request, in fileAt) (api.Paper, error) {
	c, err := h.shown(ctx, in.ID)
	if err != nil {
		return api.Paper{}, err
	}
	return h.paper(ctx, c, in.File)
}

func (h Handler) paper(ctx context.Context, c *practice.Case, id string) (api.Paper, error) {
	for _, f := range c.Files {
		if f.ID == id {
			b, err := h.Blobs.Get(ctx, id)
			if err != nil {
				return api.Paper{}, err
			}
			return api.Paper{Kind: b.Type, Body: b.Bytes()}, nil
		}
	}
	return api.Paper{}, models.E(models.NotFound, "not_found")
}

func (h Handler) mine(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[deskView], error) {
	return api.Found(ctx, h.Cases, store.PracticeOf(rq.Actor.Org), in, viewDesk)
}

type deskRequest struct {
	State practice.State `query:"state" validate:"omitempty,oneof=REVIEW REVISION ACCEPTED PROPOSED PUBLISHED REJECTED WITHDRAWN" description:"REVIEW when absent"`
	api.PageQuery
}

func (h Handler) desk(ctx context.Context, rq api.Request, in deskRequest) (api.List[deskView], error) {
	if in.State == "" {
		in.State = practice.Review
	}
	return api.Found(ctx, h.Cases, store.PracticeAt(rq.Actor.Region, in.State), in.PageQuery, viewDesk)
}

// reads is a case the caller may read before it is published: the own unit's, and an office's or auditor's of its place; drafts are
// the unit's alone. Errors: NotFound.
func (h Handler) reads(ctx context.Context, rq api.Request, id string) (*practice.Case, error) {
	c, err := h.Cases.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	office := rq.Actor.Is(models.CreditOffice, models.Auditor) && api.Covers(rq.Actor, c.Region) && c.State != practice.Draft
	if c.Unit != rq.Actor.Org && !office {
		return nil, models.E(models.NotFound, "not_found")
	}
	return c, nil
}

func (h Handler) one(ctx context.Context, rq api.Request, in api.ByID) (deskView, error) {
	c, err := h.reads(ctx, rq, in.ID)
	if err != nil {
		return deskView{}, err
	}
	return viewDesk(c), nil
}

func (h Handler) file(ctx context.Context, rq api.Request, in fileAt) (api.Paper, error) {
	c, err := h.reads(ctx, rq, in.ID)
	if err != nil {
		return api.Paper{}, err
	}
	return h.paper(ctx, c, in.File)
}

type figureRequest struct {
	Label  string `json:"name" validate:"required,max=40"`
	Before int64  `json:"before"`
	After  int64  `json:"after"`
	Unit   string `json:"unit" validate:"required,max=40"`
}

type request struct {
	Class   practice.Class  `json:"class" validate:"required,known"`
	Title   string          `json:"title" validate:"required,max=60"`
	Summary string          `json:"summary" validate:"required,max=300"`
	Problem string          `json:"problem" validate:"required,max=3000"`
	Done    string          `json:"done" validate:"required,max=3000" description:"What was done"`
	Effect  string          `json:"effect" validate:"required,max=3000"`
	Figures []figureRequest `json:"figures" validate:"required,min=1,max=12,dive" description:"The effect in whole numbers"`
	Copy    string          `json:"copy" validate:"required,max=3000" description:"What others can take over"`
}

func (in request) content() practice.Content {
	c := practice.Content{Class: in.Class, Title: in.Title, Summary: in.Summary, Problem: in.Problem, Done: in.Done, Effect: in.Effect,
		Copy: in.Copy}
	for _, f := range in.Figures {
		c.Figures = append(c.Figures, practice.Figure{Name: f.Label, Before: f.Before, After: f.After, Unit: f.Unit})
	}
	return c
}

func (h Handler) unit(ctx context.Context, rq api.Request) (practice.Unit, error) {
	name, err := h.Office(ctx, rq.Actor)
	return practice.Unit{Name: name, By: rq.Actor}, err
}

func (h Handler) create(ctx context.Context, rq api.Request, in request) (deskView, error) {
	u, err := h.unit(ctx, rq)
	if err != nil {
		return deskView{}, err
	}
	c, err := practice.New(rq.NewID(), in.content(), u, rq.Now)
	if err == nil {
		err = store.Existing(h.Cases.Insert(ctx, c))
	}
	if err != nil {
		return deskView{}, err
	}
	return viewDesk(c), nil
}

// change changes a case the caller may read, that is still the one the caller saw.
func (h Handler) change(ctx context.Context, rq api.Request, id string, change func(*practice.Case) error) (deskView, error) {
	if _, err := h.reads(ctx, rq, id); err != nil {
		return deskView{}, err
	}
	c, err := h.Cases.Update(ctx, id, func(c *practice.Case) error {
		if err := rq.Fresh(c.Revision); err != nil {
			return err
		}
		return change(c)
	})
	if err != nil {
		return deskView{}, err
	}
	return viewDesk(c), nil
}

type editRequest struct {
	api.ByID
	request
}

func (h Handler) edit(ctx context.Context, rq api.Request, in editRequest) (deskView, error) {
	return h.change(ctx, rq, in.ID, func(c *practice.Case) error { return c.Edit(in.content(), rq.Actor) })
}

type picture struct {
	api.ByID
	Note string `query:"note" validate:"max=200"`
	Data []byte `body:"raw"`
}

func (h Handler) attach(ctx context.Context, rq api.Request, in picture) (deskView, error) {
	c, err := h.reads(ctx, rq, in.ID)
	if err != nil {
		return deskView{}, err
	}
	data, _, _, err := api.Cleaned(ctx, in.Data)
	if err != nil {
		return deskView{}, err
	}
	b, err := blob.New(models.Derived("practice", c.ID, blob.Hash(in.Data)), "practice/"+c.ID, "image/jpeg", data, time.Time{})
	if err != nil {
		return deskView{}, err
	}
	f := practice.File{ID: b.ID, Note: in.Note, Type: b.Type, Size: b.Size}
	if err := c.Attach(f, rq.Actor); err != nil { // on a copy: a refused picture is not kept
		return deskView{}, err
	}
	if err := api.KeepOnce(h.Blobs.Insert(ctx, b)); err != nil {
		return deskView{}, err
	}
	return h.change(ctx, rq, in.ID, func(c *practice.Case) error { return c.Attach(f, rq.Actor) })
}

func (h Handler) submit(ctx context.Context, rq api.Request, in api.ByID) (deskView, error) {
	return h.change(ctx, rq, in.ID, func(c *practice.Case) error { return c.File(h.Policy, rq.Actor, rq.Now) })
}

func (h Handler) vote(ctx context.Context, rq api.Request, in api.VoteRequest) (deskView, error) {
	return h.change(ctx, rq, in.ID, func(c *practice.Case) error { return c.Review(in.Verdict, in.Note, rq.Actor, rq.Now) })
}

func (h Handler) withdraw(ctx context.Context, rq api.Request, in api.ReasonRequest) (deskView, error) {
	return h.change(ctx, rq, in.ID, func(c *practice.Case) error { return c.Withdraw(in.Reason, rq.Actor, rq.Now) })
}

type adoptRequest struct {
	api.ByID
	Note string `json:"note" validate:"required,min=4,max=500" description:"What was taken over, and what came of it"`
}

func (h Handler) adopt(ctx context.Context, rq api.Request, in adoptRequest) (view, error) {
	u, err := h.unit(ctx, rq)
	if err != nil {
		return view{}, err
	}
	if _, err := h.shown(ctx, in.ID); err != nil {
		return view{}, err
	}
	c, err := api.Change(ctx, rq, h.Cases, in.ID, func(c *practice.Case) error { return c.Adopt(u, in.Note, rq.Now) })
	if err != nil {
		return view{}, err
	}
	return viewPractice(c), nil
}

// seated is the round of a case the caller has a seat for. Errors: NotFound.
func (h Handler) seated(ctx context.Context, rq api.Request, id string) (*practice.Round, error) {
	c, err := h.Cases.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if mySeat(c, rq.Actor.Person) == nil {
		return nil, models.E(models.NotFound, "not_found")
	}
	return h.Rounds.Get(ctx, c.Entry.Round)
}

// mySeat is a person's seat for a case, nil for none.
func mySeat(c *practice.Case, person string) *jury.Seat {
	if c.Entry == nil {
		return nil
	}
	return c.Entry.Jury.Seat(person)
}

func (h Handler) score(ctx context.Context, rq api.Request, in api.SheetRequest) (seatView, error) {
	return h.onSeat(ctx, rq, in.ID, func(c *practice.Case, r *practice.Round) error { return c.Score(in.Sheet(), r, rq.Actor, rq.Now) })
}

func (h Handler) recuse(ctx context.Context, rq api.Request, in api.RecusalRequest) (seatView, error) {
	return h.onSeat(ctx, rq, in.ID, func(c *practice.Case, _ *practice.Round) error { return c.Recuse(in.Tie, in.Note, rq.Actor, rq.Now) })
}

// onSeat changes a case the caller has a seat for. Errors: NotFound for any other.
func (h Handler) onSeat(ctx context.Context, rq api.Request, id string, do func(*practice.Case, *practice.Round) error) (seatView, error) {
	r, err := h.seated(ctx, rq, id)
	if err != nil {
		return seatView{}, err
	}
	c, err := h.Cases.Update(ctx, id, func(c *practice.Case) error { return do(c, r) })
	if err != nil {
		return seatView{}, err
	}
	return viewSeat(c, rq.Actor.Person), nil
}

func (h Handler) redraw(ctx context.Context, rq api.Request, in api.ReasonRequest) (deskView, error) {
	c, err := h.reads(ctx, rq, in.ID)
	if err != nil {
		return deskView{}, err
	}
	if c.Round == "" {
		return deskView{}, models.E(models.Conflict, "practice.not_scored_now")
	}
	r, err := h.Rounds.Get(ctx, c.Round)
	if err != nil {
		return deskView{}, err
	}
	return h.change(ctx, rq, in.ID, func(c *practice.Case) error { return c.Redraw(in.Reason, r, rq.Actor, rq.Now) })
}

// known says whether there is a person, for the pool of a round.
func (h Handler) known(ctx context.Context, person string) (bool, error) {
	_, err := api.Here(h.People.Get(ctx, person))
	if errors.Is(err, models.NotFound) {
		return false, nil
	}
	return err == nil, err
}
