package handlers

import (
	"context"
	"time"

	"xinyi/models"
	"xinyi/models/recall"
	"xinyi/store"
)

// Recall is the door to what was called back because a record changed: for recipients, who answer, for the subject, who sees
// whether they did, and for the credit office, which sees who did not.
type Recall struct {
	store.Recall
	Subjects store.Subjects
}

// Mount names every route of the capability, and nothing else does.
func (h Recall) Mount(r *Router) {
	Get(r, "/recalls", h.own, Does("What my organisation was given and has to put right, the longest outstanding first", "Read the record anew, act, and acknowledge."), May("recalls.own"))
	Get(r, "/recalls/overdue", h.overdue, Does("Recipients who were reminded in vain"), May("recalls.overdue"))
	Post(r, "/recalls/{id}/ack", h.ack, Does("Say that we acted on a change"), May("recalls.own"))
	Get(r, "/me/recalls", h.mine, Does("Changes of records about me: who had used them, who was told when, who has acted"), May("recalls.mine"), Tag("recalls"))
}

// useView is a use without a word about the person: the recipient knows its receipt.
type useView struct {
	ID        string     `json:"id"`
	Record    string     `json:"record"`
	Version   int        `json:"version"` // the one that was used
	Ref       string     `json:"ref"`     // the receipt
	Recipient string     `json:"recipient,omitempty"`
	State     string     `json:"state" enum:"CURRENT,RECALLED,ACKNOWLEDGED"`
	Cause     string     `json:"cause"` // kind of what happened to the record
	CalledAt  *time.Time `json:"calledAt,omitempty"`
	Reminders int        `json:"reminders"`
	Overdue   bool       `json:"overdue"`
	AckedAt   *time.Time `json:"acknowledgedAt,omitempty"`
	Note      string     `json:"note,omitempty"`
}

func viewUse(u *recall.Use) useView {
	return useView{u.ID, u.Record, u.Version, u.Ref, u.Recipient, string(u.State), u.Cause, u.Called, u.Chased, u.Overdue, u.Acked, u.Note}
}

type recallsRequest struct {
	State string `query:"state" validate:"omitempty,oneof=RECALLED ACKNOWLEDGED" description:"RECALLED when absent: what is outstanding"`
	PageQuery
}

func (h Recall) own(ctx context.Context, rq Request, in recallsRequest) (List[useView], error) {
	state := recall.Recalled
	if in.State != "" {
		state = recall.State(in.State)
	}
	page, err := h.Uses.Find(ctx, store.UsesBy(rq.Actor.Org, state).Page(in.Limit, in.Cursor))
	return Listed(page, viewUse), err
}

func (h Recall) overdue(ctx context.Context, _ Request, in PageQuery) (List[useView], error) {
	page, err := h.Uses.Find(ctx, store.UsesOverdue().Page(in.Limit, in.Cursor))
	return Listed(page, viewUse), err
}

type ackRequest struct {
	byID
	Note string `json:"note" validate:"required,max=1000"` // what was done
}

func (h Recall) ack(ctx context.Context, rq Request, in ackRequest) (useView, error) {
	u, err := h.Uses.Update(ctx, in.ID, func(u *recall.Use) error {
		if rq.Actor.Org == "" || u.Recipient != rq.Actor.Org || u.State == recall.Current {
			return notYours(nil)
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
	ID     string     `json:"id"`
	Record string     `json:"record"`
	Cause  string     `json:"cause"`
	At     time.Time  `json:"at"`
	State  string     `json:"state" enum:"CALLING,DONE"`
	Told   []toldView `json:"told"`
	More   bool       `json:"more,omitempty"` // more were told than are listed
}

type toldView struct {
	Kind      string     `json:"kind" enum:"DECISION,SHARE,REPORT"`
	Ref       string     `json:"ref"`                 // the decision, the receipt or the report
	Recipient string     `json:"recipient,omitempty"` // "" for ourselves and for you
	Version   int        `json:"version"`
	TellAt    *time.Time `json:"toldAt,omitempty"`
	State     string     `json:"state" enum:"CURRENT,RECALLED,ACKNOWLEDGED"`
	AckedAt   *time.Time `json:"acknowledgedAt,omitempty"`
	Overdue   bool       `json:"overdue"`
}

func (h Recall) mine(ctx context.Context, rq Request, in PageQuery) (List[callView], error) {
	sub, err := h.Subjects.Of(ctx, rq.Actor)
	if models.CodeOf(err) == models.Conflict { // without a real name there is no file
		return List[callView]{Items: []callView{}}, nil
	}
	if err != nil {
		return List[callView]{}, err
	}
	page, err := h.Calls.Find(ctx, store.CallsAbout(sub.Ref).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[callView]{}, err
	}
	list := List[callView]{Items: make([]callView, len(page.Items)), NextCursor: page.Next}
	for i, c := range page.Items {
		if list.Items[i], err = h.called(ctx, c); err != nil {
			return List[callView]{}, err
		}
	}
	return list, nil
}

// called is a call with whom it reached.
func (h Recall) called(ctx context.Context, c *recall.Call) (callView, error) {
	v := callView{ID: c.ID, Record: c.Record, Cause: c.Cause, At: c.At, State: string(c.State), Told: []toldView{}}
	uses, err := h.Uses.Find(ctx, store.UsesCalled(c.ID).Page(store.MaxPage, ""))
	if err != nil {
		return v, err
	}
	for _, u := range uses.Items {
		v.Told = append(v.Told, toldView{string(u.Kind), u.Ref, u.Recipient, u.Version, u.Called, string(u.State), u.Acked, u.Overdue})
	}
	v.More = uses.Next != ""
	return v, nil
}

// Portions are what an export holds of recalls.
func (h Recall) Portions() []Portion { return []Portion{Listing("recalls", true, h.mine)} }
