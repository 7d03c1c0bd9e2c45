// Package decision serves decisions a machine made, explained (自动化决定).
package decision

import (
	"context"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/decision"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler serves what was decided by rule: for whom it touches, and for the offices that answer for it.
type Handler struct {
	usecase.Decision
	Subjects usecase.Subjects
	Log      *api.AccessLog
}

// Mount names every route of the capability, and nothing else does.
func (h Handler) Mount(r *api.Router) {
	api.Get(r, "/decisions", h.list, mayList, api.Reveals)
	api.Get(r, "/decisions/queue", h.queue, mayQueue, api.Reveals)
	api.Get(r, "/decisions/{id}", h.one, mayMine)
	api.Get(r, "/decisions/{id}/replay", h.replay, mayMine)
	api.Post(r, "/decisions/{id}/looked", h.looked, mayQueue)
}

type citedView struct {
	Record  string `json:"record"`
	Version int    `json:"version"`
}

// row is a decision in a list.
type row struct {
	ID      string         `json:"id"`
	Kind    string         `json:"kind"`
	About   string         `json:"about"` // the document decided upon
	State   decision.State `json:"state"`
	Outcome api.Outcome    `json:"outcome"`
	At      time.Time      `json:"at"`
	Next    string         `json:"next,omitempty"` // the decision that stands in its place
}

type decisionView struct {
	row
	Label     string               `json:"label"`     // what was decided, in words
	Automated bool                 `json:"automated"` // no person took part
	DecidedBy string               `json:"decidedBy"` // the role of who did, of an office's decision
	Rule      api.RuleView         `json:"rule"`
	Clauses   []api.DecisionClause `json:"clauses"`
	Records   []citedView          `json:"records"`         // what was looked at, in the version it had
	Cause     string               `json:"cause,omitempty"` // what made it be made again
	After     string               `json:"after,omitempty"` // the decision it was made again after
	Review    *reviewOfDecision    `json:"review,omitempty"`
}

// reviewOfDecision says how to have a person decide.
type reviewOfDecision struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Words  string `json:"words"`
}

func rowOf(v *decision.Decision) row {
	return row{v.ID, v.Kind, v.About.ID, v.State, api.Outcome(v.Outcome), v.At, v.Next}
}

func viewDecision(v *decision.Decision, lang string) decisionView {
	view := decisionView{
		row: rowOf(v), Label: api.Say("decision.kind."+v.Kind, lang, nil), Automated: v.By == decision.Automatic,
		Rule: api.RuleView{ID: v.Rule, Version: v.RuleVersion, Hash: v.RuleHash, Engine: v.Engine}, Clauses: []api.DecisionClause{}, Records: []citedView{}, Cause: v.Cause, After: v.After,
	}
	for _, c := range v.Clauses {
		view.Clauses = append(view.Clauses, api.DecisionClause{ProblemClause: api.ViewClause(c, lang), Source: c.Source})
	}
	for _, c := range v.Uses {
		view.Records = append(view.Records, citedView(c))
	}
	if view.Automated {
		view.Review = &reviewOfDecision{"POST", "/v1/decisions/" + v.ID + "/review", api.Say("decision.review", lang, nil)}
	} else {
		view.DecidedBy = string(v.Role)
	}
	return view
}

type decisionsRequest struct {
	About string `query:"about" validate:"omitempty,max=128" description:"For offices: the document decided upon"`
	api.PageQuery
}

func (h Handler) list(ctx context.Context, rq api.Request, in decisionsRequest) (api.List[decisionView], error) {
	view := func(v *decision.Decision) decisionView { return viewDecision(v, rq.Lang) }
	if rq.Actor.Is(models.Resident, models.Business) {
		q, err := h.mine(ctx, rq)
		if err == nil {
			err = h.Log.Note(ctx, rq) // one's own
		}
		if err != nil {
			return api.List[decisionView]{}, err
		}
		page, err := h.Decisions.Find(ctx, q.Page(in.Limit, in.Cursor))
		return api.Listed(page, view), err
	}
	if in.About == "" {
		return api.List[decisionView]{}, models.Bad("#query/about", "required", "decision.about_missing")
	}
	page, err := h.Decisions.Find(ctx, store.DecisionsAboutIn(in.About, rq.Actor.Region).Page(in.Limit, in.Cursor))
	if err != nil {
		return api.List[decisionView]{}, err
	}
	return api.Listed(page, view), h.note(ctx, rq, page.Items...)
}

// note notes that an office sees decisions, before it does.
func (h Handler) note(ctx context.Context, rq api.Request, all ...*decision.Decision) error {
	looks := make([]access.Access, len(all))
	for i, v := range all {
		looks[i] = access.Access{
			Subject: v.Subject, Fields: []string{"decision.outcome", "decision.clauses", "decision.records"}, About: v.ID, Purpose: rq.Purpose, Case: rq.Case,
		}
	}
	return h.Log.Note(ctx, rq, looks...)
}

// mine are the decisions about the caller: the account's own, or those of the organisation acted for.
func (h Handler) mine(ctx context.Context, rq api.Request) (store.Query, error) {
	if !rq.Actor.Is(models.Business) {
		return store.DecisionsOf(rq.Actor.Person), nil
	}
	sub, err := h.Subjects.Of(ctx, rq.Actor)
	return store.DecisionsOn(sub.Ref), err
}

// own is a decision about the caller. Errors: NotFound for anybody else's.
func (h Handler) own(ctx context.Context, rq api.Request, id string) (*decision.Decision, error) {
	v, err := h.Decisions.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if rq.Actor.Is(models.Business) && v.Subject.Kind == models.Organisation && v.Subject.Ref == rq.Actor.Org {
		return v, nil
	}
	if rq.Actor.Is(models.Resident) && v.Person == rq.Actor.Person && v.Person != "" {
		return v, nil
	}
	return nil, api.NotYours(nil)
}

func (h Handler) one(ctx context.Context, rq api.Request, in api.ByID) (decisionView, error) {
	v, err := h.own(ctx, rq, in.ID)
	if err != nil {
		return decisionView{}, err
	}
	return viewDecision(v, rq.Lang), nil
}

type replayView struct {
	Equal        bool   `json:"equal"`
	HashStored   string `json:"hashStored"`   // SHA-256 of how the rule came out then
	HashReplayed string `json:"hashReplayed"` // and now
	Engine       string `json:"engine"`       // what it was replayed with
}

func (h Handler) replay(ctx context.Context, rq api.Request, in api.ByID) (replayView, error) {
	v, err := h.own(ctx, rq, in.ID)
	if err != nil {
		return replayView{}, err
	}
	p, err := h.Program(ctx, v)
	if err != nil {
		return replayView{}, err
	}
	again, err := v.Replay(p)
	return replayView{again.Equal, again.Stored, again.Again, again.Engine}, err
}

func (h Handler) queue(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[decisionView], error) {
	page, err := h.Decisions.Find(ctx, store.DecisionsQueued(rq.Actor.Region).Page(in.Limit, in.Cursor))
	if err != nil {
		return api.List[decisionView]{}, err
	}
	for _, v := range page.Items { // the queue itself is the reason
		rq := rq
		rq.Purpose, rq.Case = rq.PurposeOr("credit.recall"), rq.CaseOr(v.ID)
		if err := h.note(ctx, rq, v); err != nil {
			return api.List[decisionView]{}, err
		}
	}
	if len(page.Items) == 0 {
		err = h.note(ctx, rq)
	}
	return api.Listed(page, func(v *decision.Decision) decisionView { return viewDecision(v, rq.Lang) }), err
}

type lookedRequest struct {
	api.ByID
	Note string `json:"note" validate:"required,max=1000"`
}

func (h Handler) looked(ctx context.Context, rq api.Request, in lookedRequest) (api.None, error) {
	_, err := h.Decisions.Update(ctx, in.ID, func(v *decision.Decision) error {
		if err := api.Scoped(rq, v.Region); err != nil {
			return err
		}
		return v.Looked(in.Note)
	})
	return api.None{}, err
}

// Portions are what an export holds of decisions.
func (h Handler) Portions() []api.Portion {
	return []api.Portion{api.Listing("decisions", true, func(ctx context.Context, rq api.Request, p api.PageQuery) (api.List[decisionView],
		error) {
		return h.list(ctx, rq, decisionsRequest{PageQuery: p})
	})}
}
