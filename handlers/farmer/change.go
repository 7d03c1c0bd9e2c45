package farmer

import (
	"context"
	"errors"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/farmer"
	"xinyi/store"
)

func (h Desk) mountChanges(r *api.Router) {
	tag := api.Tag("farm desk")
	api.Post(r, "/farmers/files/{id}/changes", h.askFor, mayFarmWrite, api.Creates, api.Reveals, tag)
	api.Get(r, "/farmers/changes", h.waiting, mayFarmWrite, api.Reveals, tag)
	api.Get(r, "/farmers/changes/{id}", h.preview, mayFarmWrite, api.Reveals, tag)
	api.Post(r, "/farmers/changes/{id}/approve", h.approveChange, mayFarmWrite, tag)
	api.Post(r, "/farmers/changes/{id}/reject", h.rejectChange, mayFarmWrite, tag)
	api.Post(r, "/farmers/changes/{id}/revise", h.reviseChange, mayFarmWrite, tag)
}

type wantRequest struct {
	At string `json:"at" validate:"required,max=140"`
	To any    `json:"to" description:"null: the field is to go"`
}

type changeFields struct {
	Kind    farmer.ChangeKind `json:"kind" validate:"required,known"`
	Reason  string            `json:"reason" validate:"required,max=500"`
	Wants   []wantRequest     `json:"wants,omitempty" validate:"max=40,dive" description:"CORRECT"`
	Members []string          `json:"members,omitempty" validate:"max=20,dive,max=40" description:"SPLIT: rows of members, the new head first; HEAD: the row"`
	Village models.Region     `json:"village,omitempty" validate:"omitempty,numeric,len=12" description:"MOVE"`
	Other   string            `json:"household,omitempty" validate:"max=64" description:"MERGE: the file that joins"`
	No      string            `json:"no,omitempty" validate:"max=32,excludesall=/ " description:"SPLIT, MOVE: the number it gets"`
	Photos  []string          `json:"photos,omitempty" validate:"max=10,dive,max=64"`
}

func (in changeFields) change() farmer.Change {
	c := farmer.Change{Kind: in.Kind, Reason: in.Reason, Rows: in.Members, Into: in.Village, Other: in.Other, NewNo: in.No, Photos: in.Photos}
	for _, w := range in.Wants {
		c.Wants = append(c.Wants, farmer.NewWant(w.At, whole(w.To)))
	}
	return c
}

type changeView struct {
	ID        string             `json:"id"`
	Household string             `json:"householdId"`
	Village   models.Region      `json:"village"`
	Kind      farmer.ChangeKind  `json:"kind"`
	State     farmer.ChangeState `json:"state"`
	At        time.Time          `json:"at"`
	Reason    string             `json:"reason"`
	Answer    string             `json:"answer,omitempty"`
	DoneAt    *time.Time         `json:"doneAt,omitempty"`
	Failed    string             `json:"failed,omitempty" description:"Approved, and could not be done: why"`
	Made      string             `json:"madeHouseholdId,omitempty"`
}

func viewChange(lang string) func(*farmer.Change) changeView {
	return func(c *farmer.Change) changeView {
		v := changeView{ID: c.ID, Household: c.Household, Village: c.Village, Kind: c.Kind, State: c.State, At: c.CreatedAt, Reason: c.Reason,
			Answer: c.Answer, DoneAt: c.DoneAt, Made: c.Made}
		if c.Failed != "" {
			v.Failed = api.Say(c.Failed, lang, nil)
		}
		return v
	}
}

// asks keeps a change somebody wants. The same request twice is once.
func (h Handler) asks(ctx context.Context, rq api.Request, f *farmer.File, in changeFields) (*farmer.Change, error) {
	c, err := farmer.Ask(rq.NewID(), f, in.change(), rq.Actor, rq.Now)
	if err != nil {
		return nil, err
	}
	err = h.Changes.Insert(ctx, c)
	if errors.Is(err, models.Conflict) {
		if c, err = h.Changes.Get(ctx, c.ID); errors.Is(err, models.NotFound) {
			err = models.E(models.Conflict, "farmer.change_waits")
		}
	}
	return c, err
}

func (h Handler) ask(ctx context.Context, rq api.Request, in changeFields) (changeView, error) {
	f, err := h.mineOf(ctx, rq)
	if err != nil {
		return changeView{}, err
	}
	c, err := h.asks(ctx, rq, f, in)
	if err != nil {
		return changeView{}, err
	}
	return viewChange(rq.Lang)(c), nil
}

func (h Handler) changes(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[changeView], error) {
	f, err := h.mineOf(ctx, rq)
	if err != nil {
		return api.List[changeView]{}, err
	}
	return api.Found(ctx, h.Changes, store.FarmChangesOf(f.ID), in, viewChange(rq.Lang))
}

type againRequest struct {
	api.ByID
	changeFields
}

// ownChange changes what the caller asked for.
func (h Handler) ownChange(ctx context.Context, rq api.Request, id string, do func(*farmer.Change, *farmer.File) error) (changeView,
	error) {
	c, err := h.Changes.Get(ctx, id)
	if err != nil || c.By.Person != rq.Actor.Person {
		return changeView{}, api.NotYours(err)
	}
	f, err := h.Files.Get(ctx, c.Household)
	if err != nil {
		return changeView{}, err
	}
	c, err = h.Changes.Update(ctx, id, func(c *farmer.Change) error { return do(c, f) })
	if err != nil {
		return changeView{}, err
	}
	return viewChange(rq.Lang)(c), nil
}

func (h Handler) again(ctx context.Context, rq api.Request, in againRequest) (changeView, error) {
	return h.ownChange(ctx, rq, in.ID, func(c *farmer.Change, f *farmer.File) error { return c.Again(in.change(), f, rq.Actor, rq.Now) })
}

func (h Handler) drop(ctx context.Context, rq api.Request, in api.ByID) (changeView, error) {
	return h.ownChange(ctx, rq, in.ID, func(c *farmer.Change, _ *farmer.File) error { return c.Drop(rq.Actor, rq.Now) })
}

func (h Desk) askFor(ctx context.Context, rq api.Request, in againRequest) (changeView, error) {
	f, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return changeView{}, err
	}
	if err := h.Log.Note(ctx, rq, file.AboutHead(rq, f, "farmer.file", "farm.change")); err != nil {
		return changeView{}, err
	}
	c, err := h.asks(ctx, rq, f, in.changeFields)
	if err != nil {
		return changeView{}, err
	}
	return viewChange(rq.Lang)(c), nil
}

type changesRequest struct {
	State farmer.ChangeState `query:"state" validate:"omitempty,known"`
	api.PageQuery
}

func (h Desk) waiting(ctx context.Context, rq api.Request, in changesRequest) (api.List[changeView], error) {
	state := farmer.ChangePending
	if in.State != "" {
		state = in.State
	}
	page, err := h.Changes.Find(ctx, store.FarmChangesAt(rq.Actor.Region, state).Page(in.Limit, in.Cursor))
	if err != nil {
		return api.List[changeView]{}, err
	}
	var looks []access.Access
	for _, c := range page.Items {
		if c.Person != "" {
			looks = append(looks, access.Access{Subject: api.APerson(c.Person), Fields: []string{"farm.change"}, About: c.ID,
				Purpose: "farmer.file", Case: c.ID})
		}
	}
	if err := h.Log.Note(ctx, rq, looks...); err != nil {
		return api.List[changeView]{}, err
	}
	return api.Listed(page, viewChange(rq.Lang)), nil
}

// changeOf is a change in the caller's place. Errors: NotFound.
func (h Desk) changeOf(ctx context.Context, rq api.Request, id string) (*farmer.Change, error) {
	return api.Ours(ctx, rq, h.Changes, id, func(c *farmer.Change) models.Region { return c.Village })
}

type previewView struct {
	changeView
	Differences []difference `json:"differences"`
	Made        []difference `json:"newHousehold,omitempty" description:"SPLIT: the fields of the new file"`
}

type difference struct {
	At     string `json:"at"`
	Title  string `json:"title"`
	Before any    `json:"before" personal:"true"`
	After  any    `json:"after" personal:"true"`
}

func (h Desk) preview(ctx context.Context, rq api.Request, in api.ByID) (previewView, error) {
	c, err := h.changeOf(ctx, rq, in.ID)
	if err != nil {
		return previewView{}, err
	}
	f, err := h.Files.Get(ctx, c.Household)
	if err != nil {
		return previewView{}, err
	}
	forms, err := h.FormsAt(ctx, f.Village)
	if err != nil {
		return previewView{}, err
	}
	if err := h.Log.Note(ctx, rq, file.AboutHead(rq, f, "farmer.file", "farm.change")); err != nil {
		return previewView{}, err
	}
	v := previewView{changeView: viewChange(rq.Lang)(c), Differences: []difference{}}
	eyes := eyesOf{staff: true, forms: forms, lang: rq.Lang}
	diffs, made := c.Preview(f)
	for _, d := range diffs {
		v.Differences = append(v.Differences, eyes.difference(d))
	}
	for _, d := range made {
		v.Made = append(v.Made, eyes.difference(d))
	}
	return v, nil
}

func (e eyesOf) difference(d farmer.Difference) difference {
	out := difference{At: d.At}
	_, masked := e.at(d.At)
	out.Before, out.After = maskedIf(masked, d.Before), maskedIf(masked, d.After)
	if a, ok := farmer.ParseAddress(d.At); ok && e.forms[a.Section] != nil {
		if c := e.forms[a.Section].Column(a.Key); c != nil {
			out.Title = c.Title.In(e.lang)
		}
	}
	return out
}

type changeAnswerRequest struct {
	api.ByID
	Answer string `json:"answer,omitempty" validate:"max=500"`
}

func (h Desk) decideChange(ctx context.Context, rq api.Request, id string, do func(*farmer.Change) error) (changeView, error) {
	if _, err := h.changeOf(ctx, rq, id); err != nil {
		return changeView{}, err
	}
	c, err := h.Changes.Update(ctx, id, do)
	if err != nil {
		return changeView{}, err
	}
	if again, err := h.Changes.Get(ctx, id); err == nil { // it is done by the time the answer is given
		c = again
	}
	return viewChange(rq.Lang)(c), nil
}

func (h Desk) approveChange(ctx context.Context, rq api.Request, in changeAnswerRequest) (changeView, error) {
	return h.decideChange(ctx, rq, in.ID, func(c *farmer.Change) error { return c.Approve(in.Answer, rq.Actor, rq.Now) })
}

func (h Desk) rejectChange(ctx context.Context, rq api.Request, in api.ReasonRequest) (changeView, error) {
	return h.decideChange(ctx, rq, in.ID, func(c *farmer.Change) error { return c.Reject(in.Reason, rq.Actor, rq.Now) })
}

func (h Desk) reviseChange(ctx context.Context, rq api.Request, in api.ReasonRequest) (changeView, error) {
	return h.decideChange(ctx, rq, in.ID, func(c *farmer.Change) error { return c.Revise(in.Reason, rq.Actor, rq.Now) })
}
