// Package access serves the access log: who looked at my data, and why (查询记录).
package access

import (
	"context"
	"errors"
	"slices"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler shows people who looked at their data, and auditors who looked at whose.
type Handler struct {
	Entries  *store.Repo[access.Entry]
	Subjects usecase.Subjects
	Log      *api.AccessLog
}

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	api.Get(r, "/me/accesses", h.mine, mayOwn, api.Tag("accesses"))
	api.Get(r, "/me/accesses/{id}", h.one, mayOwn, api.Tag("accesses"))
	api.Get(r, "/accesses", h.audit, mayAudit, api.Reveals)
}

type view struct {
	ID      string           `json:"id"`
	At      time.Time        `json:"at"`
	Office  string           `json:"office"`
	Role    models.Role      `json:"role"`
	Fields  []string         `json:"fields"`
	Purpose api.NamedCode    `json:"purpose"`
	Basis   string           `json:"basis"`
	About   string           `json:"about,omitempty" description:"The document that was shown"`
	Case    string           `json:"case,omitempty"`
	Receipt string           `json:"receipt,omitempty"`
	Refused string           `json:"refused,omitempty" description:"Nothing was shown, and why"`
	Odd     []access.Anomaly `json:"odd" description:"What is unusual about it: NIGHT, DAY_OFF, NO_OPEN_CASE, MANY"`
	Contest string           `json:"challenge,omitempty" description:"The case that asks whether it was right"`
}

func viewAccess(e *access.Entry, lang string) view {
	p := access.Purposes[e.Purpose]
	v := view{
		ID: e.ID, At: e.At, Office: e.Office, Role: e.By.Role, Fields: e.Fields, Purpose: api.NamedCode{Code: e.Purpose, Name: p.Words.In(lang)}, Basis: e.Basis,
		About: e.About, Case: e.Case, Receipt: e.Receipt, Refused: e.Refused, Odd: e.Anomalies, Contest: e.Contest,
	}
	if e.Basis == p.Basis.ZH {
		v.Basis = p.Basis.In(lang)
	}
	if v.Fields == nil {
		v.Fields = []string{}
	}
	if v.Odd == nil {
		v.Odd = []access.Anomaly{}
	}
	return v
}

// refs are all names under which looks at the caller's data are kept: who has given no real name yet is known by the account.
func (h Handler) refs(ctx context.Context, a models.Actor) ([]string, error) {
	_, refs, err := h.Subjects.Whose(ctx, a)
	if a.Is(models.Business) {
		return refs, err
	}
	if err != nil && !errors.Is(err, models.Conflict) {
		return nil, err
	}
	return append(slices.DeleteFunc(refs, func(r string) bool { return r == "" }), access.Account(a.Person)), nil
}

func (h Handler) mine(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[view], error) {
	refs, err := h.refs(ctx, rq.Actor)
	if err != nil {
		return api.List[view]{}, err
	}
	return api.Found(ctx, h.Entries, store.AccessesOf(refs...), in, func(e *access.Entry) view { return viewAccess(e, rq.Lang) })
}

func (h Handler) one(ctx context.Context, rq api.Request, in api.ByID) (view, error) {
	refs, err := h.refs(ctx, rq.Actor)
	if err != nil {
		return view{}, err
	}
	e, err := h.Entries.Get(ctx, in.ID)
	if err != nil || !slices.Contains(refs, e.Subject.Ref) {
		return view{}, api.NotYours(err)
	}
	return viewAccess(e, rq.Lang), nil
}

type auditAccesses struct {
	Org string `query:"org" validate:"omitempty,max=64" description:"An office or a partner; absent: the unusual looks of my region"`
	api.PageQuery
}

type auditAccessView struct {
	view
	Subject string        `json:"subject" personal:"true" description:"Whose data: an opaque name, the same for the same subject"`
	Region  models.Region `json:"region"`
	Officer string        `json:"officer,omitempty" personal:"true" description:"Who looked; absent for a system"`
}

func (h Handler) audit(ctx context.Context, rq api.Request, in auditAccesses) (api.List[auditAccessView], error) {
	q := store.AccessesWatched(rq.Actor.Region)
	if in.Org != "" {
		q = store.AccessesBy(in.Org, rq.Actor.Region)
	}
	page, err := h.Entries.Find(ctx, q.Page(in.Limit, in.Cursor))
	if err != nil {
		return api.List[auditAccessView]{}, err
	}
	if err := h.Log.Note(ctx, rq, audited(rq, page.Items)...); err != nil {
		return api.List[auditAccessView]{}, err
	}
	return api.Listed(page, func(e *access.Entry) auditAccessView {
		return auditAccessView{viewAccess(e, rq.Lang), models.Derived("subject", e.Subject.Ref), e.By.Region, e.By.Person}
	}), nil
}

// audited are an auditor's own looks, one for each subject of a page; looks of auditors are not looked at again.
func audited(rq api.Request, entries []*access.Entry) []access.Access {
	var looks []access.Access
	known := map[string]bool{}
	for _, e := range entries {
		if known[e.Subject.Ref] || e.By.Is(models.Auditor) {
			continue
		}
		known[e.Subject.Ref] = true
		looks = append(looks, access.Access{Subject: e.Subject, Fields: []string{"accesses"}, Purpose: "audit.access", Case: rq.Case})
	}
	return looks
}

// Portions are what an export holds of who looked.
func (h Handler) Portions() []api.Portion {
	return []api.Portion{api.Listing("accesses", true, h.mine)}
}
