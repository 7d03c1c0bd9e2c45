package apitest

import (
	"context"
	"sync/atomic"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/store"
)

// A Note is the smallest document with a life.
type Note struct {
	models.Meta `bson:",inline"`
	Text        string `bson:"text"`
	Owner       string `bson:"owner"`
}

type NoteView struct {
	ID       string `json:"id"`
	Text     string `json:"text"`
	Revision int64
}

func (v NoteView) Revised() int64 { return v.Revision }

func viewNote(n *Note) NoteView { return NoteView{n.ID, n.Text, n.Revision} }

type NoteLine struct {
	Amount string `json:"amount" validate:"yuan"`
}

type noteRequest struct {
	Text  string     `json:"text" validate:"required,max=40"`
	Count int        `json:"count" validate:"omitempty,gte=1,lte=9"`
	Lines []NoteLine `json:"lines" validate:"max=3,dive"`
}

type NoteAt struct {
	ID string `path:"id" validate:"max=64"`
}

type noteChange struct {
	ID   string `path:"id"`
	Text string `json:"text" validate:"required"`
}

type noteList struct {
	api.PageQuery
	State []string `query:"state" validate:"omitempty,dive,oneof=open done"`
}

// NotesAPI is a capability that has everything the router offers.
type NotesAPI struct {
	Notes *store.Repo[Note]
	Ran   atomic.Int32
	Hold  chan struct{} // closed to let slow calls go on
	Begun chan struct{}
}

// Who may do what with notes.
var (
	ReadNotes  = api.ByAgent(api.May("notes.read", models.Resident, models.Auditor))
	writeNotes = api.ByGuardian(api.May("notes.write", models.Resident, models.Hospital))
	auditNotes = api.May("notes.audit", models.Auditor)
)

func (h *NotesAPI) Mount(r *api.Router) {
	api.Post(r, "/notes", h.create, api.Does("Write a note"), writeNotes, api.Creates, api.Quota(api.Ballots))
	api.Get(r, "/notes", h.list, api.Does("List notes"), ReadNotes)
	api.Get(r, "/notes/{id}", h.get, api.Does("Read a note"), ReadNotes)
	api.Put(r, "/notes/{id}", h.change, api.Does("Change a note"), writeNotes)
	api.Delete(r, "/notes/{id}", h.drop, api.Does("Drop a note"), writeNotes)
	api.Post(r, "/notes/{id}/acts", h.act, api.Does("Act on a note"), writeNotes, api.Moves)
	api.Get(r, "/audit", h.audit, api.Does("Audit"), auditNotes)
	api.Get(r, "/hello", h.hello, api.Does("Say hello"), api.Open(), api.Limit(time.Minute, 3))
	api.Post(r, "/tickets", h.ticket, api.Does("Draw a ticket"), api.Open(), api.Limit(time.Minute, 9))
	api.Get(r, "/slow", h.slow, api.Does("Take long"), ReadNotes, api.Within(20*time.Millisecond))
}

func (h *NotesAPI) create(ctx context.Context, rq api.Request, in noteRequest) (NoteView, error) {
	h.Ran.Add(1)
	n := &Note{Meta: models.Meta{ID: rq.NewID()}, Text: in.Text, Owner: rq.Actor.Person}
	if err := h.Notes.Insert(ctx, n); err != nil {
		return NoteView{}, err
	}
	return viewNote(n), nil
}

func (h *NotesAPI) list(ctx context.Context, rq api.Request, in noteList) (api.List[NoteView], error) {
	p, err := h.Notes.Find(ctx, store.Where("owner", store.Eq, rq.Actor.Person).Asc("text").Page(in.Limit, in.Cursor))
	if err != nil {
		return api.List[NoteView]{}, err
	}
	return api.Listed(p, viewNote), nil
}

func (h *NotesAPI) get(ctx context.Context, _ api.Request, in NoteAt) (NoteView, error) {
	n, err := h.Notes.Get(ctx, in.ID)
	if err != nil {
		return NoteView{}, err
	}
	return viewNote(n), nil
}

func (h *NotesAPI) change(ctx context.Context, rq api.Request, in noteChange) (NoteView, error) {
	n, err := h.Notes.Update(ctx, in.ID, func(n *Note) error {
		if err := rq.Fresh(n.Revision); err != nil {
			return err
		}
		n.Text = in.Text
		return nil
	})
	if err != nil {
		return NoteView{}, err
	}
	return viewNote(n), nil
}

func (h *NotesAPI) drop(ctx context.Context, _ api.Request, in NoteAt) (api.None, error) {
	return api.None{}, h.Notes.Delete(ctx, in.ID)
}

func (h *NotesAPI) act(_ context.Context, _ api.Request, in noteChange) (NoteView, error) {
	h.Ran.Add(1)
	switch in.Text {
	case "panic":
		panic("secret cause")
	case "internal":
		return NoteView{}, context.Canceled
	case "refused":
		at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		return NoteView{}, &models.Error{Code: models.InvalidTransition, Reason: "conflict",
			Where: &models.Where{State: "closed", Allowed: []string{"open"}, Last: models.Moved{By: models.Auditor, At: at, Reason: "over"}}}
	case "denied":
		return NoteView{}, &models.Error{Code: models.Denied, Reason: "forbidden",
			Clauses: []models.Clause{{ID: "age", Outcome: models.Fail, Observed: "17", Required: "18", ChangeableBy: models.ByTime}}}
	case "wait":
		h.Begun <- struct{}{}
		<-h.Hold
	}
	return NoteView{ID: in.ID, Text: in.Text, Revision: 1}, nil
}

func (h *NotesAPI) audit(context.Context, api.Request, struct{}) (api.None, error) {
	return api.None{}, nil
}

func (h *NotesAPI) hello(_ context.Context, rq api.Request, _ struct{}) (NoteView, error) {
	return NoteView{Text: rq.Lang}, nil
}

func (h *NotesAPI) ticket(_ context.Context, rq api.Request, _ struct{}) (NoteView, error) {
	return NoteView{ID: rq.NewID(), Revision: 1}, nil
}

func (h *NotesAPI) slow(ctx context.Context, _ api.Request, _ struct{}) (api.None, error) {
	<-ctx.Done()
	return api.None{}, ctx.Err()
}
