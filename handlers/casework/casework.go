// Package casework serves objections, repairs, challenges, reviews and erasures (异议、修复、申诉、复核、删除).
package casework

import (
	"context"
	"errors"
	"slices"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/blob"
	"xinyi/models/casework"
	"xinyi/models/catalogue"
	"xinyi/models/decision"
	"xinyi/models/record"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler serves what people ask of the offices about their file, and to the offices' desks.
type Handler struct {
	Cases     *store.Repo[casework.Case]
	Records   *store.Repo[record.Record]
	Entries   *store.Repo[access.Entry]
	Decisions *store.Repo[decision.Decision]
	Blobs     *store.Repo[blob.Blob]
	Subjects  usecase.Subjects
	Forms     *file.Forms
	Log       *api.AccessLog
	Terms     casework.Terms
	Desks     casework.Desks
	Check     func(form *catalogue.Form, r *record.Record, changes []casework.Change) error // whether a record may say so
}

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	api.Post(r, "/me/objections", h.object, mayCasesMine, api.Creates, api.Tag("objections"), api.Quota(api.Cases))
	api.Get(r, "/me/objections", h.objections, mayCasesMine, api.Tag("objections"))
	api.Post(r, "/me/accesses/{id}/challenge", h.contest, mayCasesMine, api.Creates, api.Tag("accesses"), api.Quota(api.Cases))
	api.Post(r, "/decisions/{id}/review", h.review, mayCasesMine, api.Creates, api.Quota(api.Cases))
	api.Get(r, "/me/cases", h.mine, mayCasesMine, api.Tag("cases"))
	api.Get(r, "/me/cases/{id}", h.one, mayCasesMine, api.Tag("cases"))
	api.Post(r, "/me/cases/{id}/supply", h.supply, mayCasesMine, api.Tag("cases"))
	api.Post(r, "/me/cases/{id}/withdraw", h.giveUp, mayCasesMine, api.Tag("cases"))

	h.mountRepair(r)
	api.Post(r, "/me/erasure", h.erase, mayErasureMine, api.Creates, api.Tag("rights"), api.Quota(api.Cases))
	api.Get(r, "/me/erasure", h.erasable, mayErasureMine, api.Tag("rights"))
	api.Get(r, "/cases", h.queue, mayCasesDesk)
	api.Get(r, "/cases/{id}", h.desk, mayCasesDesk, api.Reveals)
	api.Post(r, "/cases/{id}/check", h.check, mayCasesDecide)
	api.Post(r, "/cases/{id}/answer", h.answer, mayCasesAnswer)
	api.Post(r, "/cases/{id}/approve", h.approve, mayCasesDecide)
	api.Post(r, "/cases/{id}/reject", h.reject, mayCasesDecide)
	api.Post(r, "/cases/{id}/ask", h.ask, mayCasesDecide)
}

// caseView is a case as its subject sees it.
type caseView struct {
	ID       string            `json:"id"`
	Revision int64             `json:"revision"`
	No       string            `json:"no"`
	Kind     casework.Kind     `json:"kind"`
	State    casework.State    `json:"state"`
	About    aboutView         `json:"about"`
	Desk     string            `json:"desk"`
	DueOn    models.Day        `json:"dueOn,omitempty" description:"Last day for the office; absent while nothing runs"`
	Stands   bool              `json:"clockStands" description:"The clock waits for the person"`
	Late     bool              `json:"late"`
	Words    string            `json:"words,omitempty"`
	Changes  []fieldChangeView `json:"changes,omitempty"`
	Agent    string            `json:"authorisation,omitempty" description:"Which paper an agent showed"`
	Outcome  string            `json:"outcome,omitempty"`
	Steps    []stepView        `json:"steps"`
	At       time.Time         `json:"createdAt"`
}

// Revised lets clients ask whether it changed.
func (v caseView) Revised() int64 { return v.Revision }

type aboutView struct {
	Kind    string `json:"kind"`
	ID      string `json:"id"`
	Version int    `json:"version,omitempty"`
	Item    string `json:"item,omitempty"`
}

type fieldChangeView struct {
	Field string `json:"field"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

type stepView struct {
	At    time.Time      `json:"at"`
	By    models.Role    `json:"by"`
	State casework.State `json:"state"`
	Note  string         `json:"note,omitempty"`
}

func viewCase(c *casework.Case) caseView {
	v := caseView{
		ID: c.ID, Revision: c.Head().Revision, No: c.No, Kind: c.Kind, State: c.State, About: aboutView{c.About.Kind, c.About.ID, c.About.Version, c.About.Item},
		Desk: c.Desk, DueOn: c.Clock.Due, Stands: c.Clock.Stopped != "", Late: c.Clock.Late, Words: c.Words.Reveal(), Outcome: c.Outcome,
		Steps: []stepView{}, At: c.CreatedAt,
	}
	if c.Agent != nil {
		v.Agent = c.Agent.Authorisation
	}
	for _, ch := range c.Changes {
		v.Changes = append(v.Changes, fieldChangeView{ch.Field, ch.Old.Reveal(), ch.New.Reveal()})
	}
	for _, s := range c.Steps {
		v.Steps = append(v.Steps, stepView{s.At, s.By, s.State, s.Note})
	}
	return v
}

// insert keeps a case; one that is open about the same thing already is a conflict, the same one after a crash is not.
func (h Handler) insert(ctx context.Context, c *casework.Case) (caseView, error) {
	err := h.Cases.Insert(ctx, c)
	if !errors.Is(err, models.Conflict) {
		return viewCase(c), err
	}
	was, err := h.Cases.Get(ctx, c.ID)
	if errors.Is(err, models.NotFound) {
		return caseView{}, models.E(models.Conflict, "casework.open_already")
	}
	if err != nil {
		return caseView{}, err
	}
	return viewCase(was), nil
}

type objectRequest struct {
	RecordID string `json:"recordId" validate:"required,max=128"`
	Changes  []struct {
		Field string `json:"field" validate:"required,max=64"`
		New   string `json:"new" validate:"max=2000"`
	} `json:"changes,omitempty" validate:"max=50,dive"`
	Words string `json:"words,omitempty" validate:"max=2000"`
}

func (h Handler) object(ctx context.Context, rq api.Request, in objectRequest) (caseView, error) {
	sub, r, err := h.myRecord(ctx, rq, in.RecordID)
	if err != nil {
		return caseView{}, err
	}
	c, err := h.newObjection(ctx, rq, h.filing(sub, r), r, in)
	if err != nil {
		return caseView{}, err
	}
	return h.insert(ctx, c)
}

// newObjection is an objection to a record that its subject, or an agent for the subject, makes.
func (h Handler) newObjection(ctx context.Context, rq api.Request, f casework.Filing, r *record.Record, in objectRequest) (*casework.Case,
	error) {
	if r.State != record.Objected && !r.Used() {
		return nil, models.Refused(r.Life, nil, "record.not_objectable")
	}
	f.Words = in.Words
	_, form, err := h.Forms.Of(ctx, r.Item, r.ItemVersion)
	if err != nil {
		return nil, err
	}
	for _, ch := range in.Changes {
		f.Changes = append(f.Changes, casework.Change{Field: ch.Field, Old: oldValue(form, r, ch.Field), New: models.NewSecret(ch.New)})
	}
	if err := h.Check(form, r, f.Changes); err != nil {
		return nil, under(err, func(field string) string {
			at := slices.IndexFunc(f.Changes, func(ch casework.Change) bool { return "/"+ch.Field == field })
			if at < 0 {
				return "/changes"
			}
			return "/changes/" + api.Itoa(at) + "/new"
		})
	}
	return f.Object(rq.NewID(), h.Terms, rq.Actor, rq.Now)
}

// oldValue is what a field says now, as a cell would.
func oldValue(form *catalogue.Form, r *record.Record, field string) models.Secret {
	if s, private := r.Current.Private[field]; private {
		return s
	}
	switch x := r.Current.Attributes[field].(type) {
	case string:
		return models.NewSecret(x)
	case int64:
		for _, c := range form.Columns {
			if c.Key == field {
				return models.NewSecret(file.Worded(c.Column, x, ""))
			}
		}
	case bool:
		return models.NewSecret(map[bool]string{true: "1", false: "0"}[x])
	}
	return models.Secret{}
}

type wordsOnlyRequest struct {
	api.ByID
	Words string `json:"words" validate:"required,max=2000"`
}

func (h Handler) contest(ctx context.Context, rq api.Request, in wordsOnlyRequest) (caseView, error) {
	sub, refs, err := h.Subjects.Whose(ctx, rq.Actor)
	if err != nil {
		return caseView{}, err
	}
	e, err := h.Entries.Get(ctx, in.ID)
	if err != nil || !slices.Contains(refs, e.Subject.Ref) && (e.Subject.Person == "" || e.Subject.Person != sub.Person) {
		return caseView{}, api.NotYours(err)
	}
	desk := h.Desks.Of(rq.Actor.Region)
	if desk == e.By.Org { // no office answers for itself
		desk = h.Desks.Above(desk)
	}
	c, err := casework.Filing{
		Subject: sub, About: casework.About{Kind: "access", ID: e.ID}, Desk: desk, Region: rq.Actor.Region, Words: in.Words,
	}.Contest(rq.NewID(), h.Terms, rq.Actor, rq.Now)
	if err != nil {
		return caseView{}, err
	}
	return h.insert(ctx, c)
}

func (h Handler) review(ctx context.Context, rq api.Request, in wordsOnlyRequest) (caseView, error) {
	sub, _, err := h.Subjects.Whose(ctx, rq.Actor)
	if err != nil {
		return caseView{}, err
	}
	d, err := h.Decisions.Get(ctx, in.ID)
	if err != nil || !d.Subject.Is(sub) && (d.Person == "" || d.Person != sub.Person) {
		return caseView{}, api.NotYours(err)
	}
	c, err := casework.Filing{
		Subject: sub, About: casework.About{Kind: "decision", ID: d.ID}, Desk: h.Desks.Of(rq.Actor.Region), Region: rq.Actor.Region, Words: in.Words,
	}.AskReview(rq.NewID(), h.Terms, rq.Actor, rq.Now)
	if err != nil {
		return caseView{}, err
	}
	return h.insert(ctx, c)
}

type casesRequest struct {
	Kind string `query:"kind" validate:"omitempty,oneof=OBJECTION REPAIR CHALLENGE REVIEW ERASURE"`
	api.PageQuery
}

func (in casesRequest) kinds() []casework.Kind {
	if in.Kind == "" {
		return nil
	}
	return []casework.Kind{casework.Kind(in.Kind)}
}

func (h Handler) objections(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[caseView], error) {
	return h.mine(ctx, rq, casesRequest{string(casework.Objection), in})
}

func (h Handler) mine(ctx context.Context, rq api.Request, in casesRequest) (api.List[caseView], error) {
	sub, err := h.Subjects.Of(ctx, rq.Actor)
	if err != nil {
		return api.List[caseView]{}, err
	}
	return api.Found(ctx, h.Cases, store.CasesOf(sub.Ref, in.kinds()...), in.PageQuery, viewCase)
}

func (h Handler) one(ctx context.Context, rq api.Request, in api.ByID) (caseView, error) {
	sub, _, err := h.Subjects.Whose(ctx, rq.Actor)
	if err != nil {
		return caseView{}, err
	}
	c, err := h.Cases.Get(ctx, in.ID)
	if err != nil || !c.ForSubject(sub) {
		return caseView{}, api.NotYours(err)
	}
	return viewCase(c), nil
}

// own changes one of the caller's cases.
func (h Handler) own(ctx context.Context, rq api.Request, id string, act func(*casework.Case) error) (caseView, error) {
	sub, _, err := h.Subjects.Whose(ctx, rq.Actor)
	if err != nil {
		return caseView{}, err
	}
	c, err := api.Change(ctx, rq, h.Cases, id, func(c *casework.Case) error {
		if !c.ForSubject(sub) {
			return api.NotYours(nil)
		}
		return act(c)
	})
	if err != nil {
		return caseView{}, err
	}
	return viewCase(c), nil
}

func (h Handler) supply(ctx context.Context, rq api.Request, in wordsOnlyRequest) (caseView, error) {
	return h.own(ctx, rq, in.ID, func(c *casework.Case) error { return c.Supply(in.Words, nil, rq.Actor, rq.Now) })
}

func (h Handler) giveUp(ctx context.Context, rq api.Request, in api.ByID) (caseView, error) {
	return h.own(ctx, rq, in.ID, func(c *casework.Case) error { return c.Withdraw(rq.Actor, rq.Now) })
}

// Portions are what an export holds of cases.
func (h Handler) Portions() []api.Portion {
	return []api.Portion{api.Listing("cases", true, func(ctx context.Context, rq api.Request, p api.PageQuery) (api.List[caseView], error) {
		return h.mine(ctx, rq, casesRequest{PageQuery: p})
	})}
}
