// Package recall serves corrections that reach everybody who read what was wrong (更正通知).
package recall

import (
	"context"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/recall"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler serves what was called back because a record changed: for recipients, who answer, for the subject, who sees
// whether they did, and for the credit office, which sees who did not.
type Handler struct {
	store.Recall
	Subjects usecase.Subjects
}

// Mount names every route of the capability, and nothing else does.
func (h Handler) Mount(r *api.Router) {
	api.Get(r, "/recalls", h.own, mayOwn)
	api.Get(r, "/recalls/overdue", h.overdue, mayOverdue)
	api.Post(r, "/recalls/{id}/ack", h.ack, mayOwn)
	api.Get(r, "/me/recalls", h.mine, mayMine, api.Tag("recalls"))
}

// useView is a use without a word about the person: the recipient knows its receipt.
type useView struct {
	ID        string       `json:"id"`
	Record    string       `json:"record"`
	Version   int          `json:"version"` // the one that was used
	Ref       string       `json:"ref"`     // the receipt
	Recipient string       `json:"recipient,omitempty"`
	State     recall.State `json:"state"`
	Cause     string       `json:"cause"` // kind of what happened to the record
	CalledAt  *time.Time   `json:"calledAt,omitempty"`
	Reminders int          `json:"reminders"`
	Overdue   bool         `json:"overdue"`
	AckedAt   *time.Time   `json:"acknowledgedAt,omitempty"`
	Note      string       `json:"note,omitempty"`
}

func viewUse(u *recall.Use) useView {
	return useView{u.ID, u.Record, u.Version, u.Ref, u.Recipient, u.State, u.Cause, u.Called, u.Chased, u.Overdue, u.Acked, u.Note}
}

type recallsRequest struct {
	State string `query:"state" validate:"omitempty,oneof=RECALLED ACKNOWLEDGED" description:"RECALLED when absent: what is outstanding"`
	api.PageQuery
}

func (h Handler) own(ctx context.Context, rq api.Request, in recallsRequest) (api.List[useView], error) {
	state := recall.Recalled
	if in.State != "" {
		state = recall.State(in.State)
	}
	page, err := h.Uses.Find(ctx, store.UsesBy(rq.Actor.Org, state).Page(in.Limit, in.Cursor))
	return api.Listed(page, viewUse), err
}

func (h Handler) overdue(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[useView], error) {
	page, err := h.Uses.Find(ctx, store.UsesOverdue(rq.Actor.Region).Page(in.Limit, in.Cursor))
	return api.Listed(page, viewUse), err
}

type ackRequest struct {
	api.ByID
	Note string `json:"note" validate:"required,max=1000"` // what was done
}

func (h Handler) ack(ctx context.Context, rq api.Request, in ackRequest) (useView, error) {
	u, err := h.Uses.Update(ctx, in.ID, func(u *recall.Use) error {
		if rq.Actor.Org == "" || u.Recipient != rq.Actor.Org || u.State == recall.Current {
			return api.NotYours(nil)
		}
		return u.Ack(in.Note, rq.Actor, rq.Now)
	})
	if err != nil {
		return useView{}, err
	}
	return viewUse(u), nil
}

// callView is one change of one of my records, and everybody it reached.
type callView struct {
	ID     string           `json:"id"`
	Record string           `json:"record"`
	Cause  string           `json:"cause"`
	At     time.Time        `json:"at"`
	State  recall.CallState `json:"state"`
	Told   []toldView       `json:"told"`
	More   bool             `json:"more,omitempty"` // more were told than are listed
}

type toldView struct {
	Kind      recall.Kind  `json:"kind"`
	Ref       string       `json:"ref"`                 // the decision, the receipt or the report
	Recipient string       `json:"recipient,omitempty"` // "" for ourselves and for you
	Version   int          `json:"version"`
	TellAt    *time.Time   `json:"toldAt,omitempty"`
	State     recall.State `json:"state"`
	AckedAt   *time.Time   `json:"acknowledgedAt,omitempty"`
	Overdue   bool         `json:"overdue"`
}

func (h Handler) mine(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[callView], error) {
	sub, err := h.Subjects.Of(ctx, rq.Actor)
	if models.CodeOf(err) == models.Conflict { // without a real name there is no file
		return api.List[callView]{Items: []callView{}}, nil
	}
	if err != nil {
		return api.List[callView]{}, err
	}
	page, err := h.Calls.Find(ctx, store.CallsAbout(sub.Ref).Page(in.Limit, in.Cursor))
	if err != nil {
		return api.List[callView]{}, err
	}
	list := api.List[callView]{Items: make([]callView, len(page.Items)), NextCursor: page.Next}
	for i, c := range page.Items {
		if list.Items[i], err = h.called(ctx, c); err != nil {
			return api.List[callView]{}, err
		}
	}
	return list, nil
}

// called is a call with whom it reached.
func (h Handler) called(ctx context.Context, c *recall.Call) (callView, error) {
	v := callView{ID: c.ID, Record: c.Record, Cause: c.Cause, At: c.At, State: c.State, Told: []toldView{}}
	uses, err := h.Uses.Find(ctx, store.UsesCalled(c.ID).Page(store.MaxPage, ""))
	if err != nil {
		return v, err
	}
	for _, u := range uses.Items {
		v.Told = append(v.Told, toldView{u.Kind, u.Ref, u.Recipient, u.Version, u.Called, u.State, u.Acked, u.Overdue})
	}
	v.More = uses.Next != ""
	return v, nil
}

// Portions are what an export holds of recalls.
func (h Handler) Portions() []api.Portion { return []api.Portion{api.Listing("recalls", true, h.mine)} }
