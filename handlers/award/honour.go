package award

import (
	"context"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/award"
	"xinyi/store"
)

func (h Handler) mountHonour(r *api.Router) {
	tag := api.Tag("awards")
	api.Get(r, "/awards", h.winners, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Get(r, "/me/honours", h.honours, mayHonoursMine, tag)
	api.Put(r, "/me/honours/{id}", h.choose, mayHonoursMine, tag)
	api.Post(r, "/me/honours/{id}/answer", h.answer, mayHonoursMine, tag)
	api.Post(r, "/me/honours/{id}/renewal", h.renewal, mayHonoursMine, api.Moves, tag)
	api.Post(r, "/me/honours/{id}/measures/{measure}/feedback", h.feedback, mayHonoursMine, tag)
	api.Get(r, "/awards/desk", h.awardsAt, mayRead, api.Reveals, tag)
	api.Get(r, "/awards/{id}", h.oneAward, mayRead, api.Reveals, tag)
	api.Post(r, "/awards/{id}/revocation", h.askRevoke, mayOffice, api.Reveals, tag)
	api.Post(r, "/awards/{id}/revoke", h.revoke, mayOffice, api.Reveals, tag)
	api.Post(r, "/awards/{id}/keep", h.keep, mayOffice, api.Reveals, tag)
	api.Post(r, "/awards/{id}/recommend", h.recommend, mayOffice, api.Reveals, tag)
	api.Get(r, "/award-measures", h.owned, mayMeasuresOwn, api.Reveals, tag)
	api.Post(r, "/award-measures/{id}/uses", h.use, mayMeasuresOwn, api.Creates, api.Reveals, tag)
}

type winnerView struct {
	No       string            `json:"no"`
	Title    string            `json:"title"`
	Category string            `json:"category"`
	Label    string            `json:"label" description:"Masked unless the holder agreed to be named"`
	Deed     string            `json:"deed,omitempty" personal:"false"`
	Region   models.Region     `json:"region"`
	Office   string            `json:"office"`
	State    award.HonourState `json:"state"`
	Since    models.Day        `json:"since"`
	Until    models.Day        `json:"until"`
	EndedOn  models.Day        `json:"endedOn,omitempty"`
	Why      string            `json:"why,omitempty" description:"Public correction: why it was revoked"`
}

func viewWinner(a *award.Award, lang string) winnerView {
	v := winnerView{
		No: a.No, Title: a.Title.In(lang), Category: a.Category, Label: a.Label, Region: a.Region, Office: a.Unit, State: a.State, Since: a.Since, Until: a.Until,
		EndedOn: a.EndedOn, Why: a.Why,
	}
	if a.Named || a.Holder.Kind == models.Organisation {
		v.Deed = a.Deed
	}
	if v.State == award.Answering { // what is only asked is nobody's to know
		v.State = award.Valid
	}
	return v
}

type winnersRequest struct {
	Programme string `query:"programme" validate:"required,max=64"`
	api.PageQuery
}

func (h Handler) winners(ctx context.Context, rq api.Request, in winnersRequest) (api.List[winnerView], error) {
	return api.Found(ctx, h.Awards, store.AwardsOf(in.Programme, award.HonourStates...), in.PageQuery,
		func(a *award.Award) winnerView { return viewWinner(a, rq.Lang) })
}

type honourView struct {
	ID string `json:"id"`
	winnerView
	Mine     award.HonourState `json:"stands"`
	Named    bool              `json:"named"`
	Recorded bool              `json:"recorded"`
	Renewal  bool              `json:"renewing,omitempty"`
	Ask      *askView          `json:"revocation,omitempty"`
	Measures []measureView     `json:"measures"`
	Revision int64             `json:"revision"`
}

// Revised is what ETag shows.
func (v honourView) Revised() int64 { return v.Revision }

type askView struct {
	Ground  award.Ground `json:"ground"`
	Text    string       `json:"text"`
	Record  string       `json:"record,omitempty"`
	On      models.Day   `json:"on"`
	Until   models.Day   `json:"until" description:"You may answer until then"`
	Answer  string       `json:"answer,omitempty" personal:"true"`
	Upheld  bool         `json:"upheld,omitempty"`
	Verdict string       `json:"verdict,omitempty"`
}

func viewAsk(a *award.Ask) *askView {
	if a == nil {
		return nil
	}
	return &askView{a.Ground, a.Text, a.Record, a.On, a.Until, a.Answer.Reveal(), a.Upheld, a.Verdict}
}

type measureView struct {
	ID    string             `json:"id"`
	Kind  award.MeasureKind  `json:"kind"`
	Title string             `json:"title"`
	How   string             `json:"how"`
	Owner string             `json:"owner"`
	State award.MeasureState `json:"state"`
	Since models.Day         `json:"since"`
	Until models.Day         `json:"until"`
	Count int                `json:"used"`
	Uses  []useView          `json:"uses"`
}

type useView struct {
	ID    string     `json:"id"`
	On    models.Day `json:"on"`
	Note  string     `json:"note,omitempty"`
	Stars int        `json:"stars,omitempty"`
	Words string     `json:"words,omitempty" personal:"true"`
}

func viewMeasure(m *award.Measure, lang string) measureView {
	v := measureView{m.ID, m.Kind, m.Name.In(lang), m.How.In(lang), m.Owner, m.State, m.Since, m.Until, m.Count, []useView{}}
	for _, u := range m.Uses {
		v.Uses = append(v.Uses, useView{u.ID, u.On, u.Note, u.Stars, u.Words.Reveal()})
	}
	return v
}

func (h Handler) viewHonour(ctx context.Context, a *award.Award, lang string) (honourView, error) {
	v := honourView{
		ID: a.ID, winnerView: viewWinner(a, lang), Mine: a.State, Named: a.Named, Recorded: a.Recorded, Renewal: a.Renewal != "", Ask: viewAsk(a.Ask),
		Measures: []measureView{}, Revision: a.Revision,
	}
	v.Label, v.Deed = a.Name.Reveal(), a.Deed
	_, err := h.Measures.Each(ctx, store.MeasuresOf(a.ID), func(m *award.Measure) error {
		v.Measures = append(v.Measures, viewMeasure(m, lang))
		return nil
	})
	return v, err
}

func (h Handler) honours(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[honourView], error) {
	v := api.List[honourView]{Items: []honourView{}}
	q := store.AwardsOfPerson(rq.Actor.Person)
	if rq.Actor.Is(models.Business) {
		q = store.AwardsHeldBy(rq.Actor.Org)
	}
	page, err := h.Awards.Find(ctx, q.Page(in.Limit, in.Cursor))
	if err != nil {
		return v, err
	}
	for _, a := range page.Items {
		one, err := h.viewHonour(ctx, a, rq.Lang)
		if err != nil {
			return v, err
		}
		v.Items = append(v.Items, one)
	}
	v.NextCursor = page.Next
	return v, nil
}

// onHonour changes one of the caller's awards.
func (h Handler) onHonour(ctx context.Context, rq api.Request, id string, do func(*award.Award) error) (honourView, error) {
	a, err := h.Awards.Update(ctx, id, func(a *award.Award) error {
		if !a.Mine(rq.Actor) {
			return api.NotYours(nil)
		}
		if err := rq.Fresh(a.Revision); err != nil {
			return err
		}
		return do(a)
	})
	if err != nil {
		return honourView{}, err
	}
	return h.viewHonour(ctx, a, rq.Lang)
}

type chooseRequest struct {
	api.ByID
	Named    *bool `json:"named" validate:"required"`
	Recorded *bool `json:"recorded" validate:"required"`
}

func (h Handler) choose(ctx context.Context, rq api.Request, in chooseRequest) (honourView, error) {
	return h.onHonour(ctx, rq, in.ID, func(a *award.Award) error {
		changed, err := a.Choose(*in.Named, *in.Recorded, rq.Actor, rq.Now)
		if err == nil && !changed {
			return store.Unchanged()
		}
		return err
	})
}

type textRequest struct {
	api.ByID
	Text string `json:"text" validate:"required,max=2000"`
}

func (h Handler) answer(ctx context.Context, rq api.Request, in textRequest) (honourView, error) {
	return h.onHonour(ctx, rq, in.ID, func(a *award.Award) error { return a.Reply(in.Text, rq.Actor, rq.Now) })
}

func (h Handler) renewal(ctx context.Context, rq api.Request, in api.ByID) (honourView, error) {
	id := rq.NewID()
	return h.onHonour(ctx, rq, in.ID, func(a *award.Award) error { return a.AskRenewal(id, rq.Actor, rq.Now) })
}

type feedbackRequest struct {
	api.ByID
	Measure string `path:"measure" validate:"required,max=64"`
	Use     string `json:"use" validate:"required,max=64"`
	Stars   int    `json:"stars" validate:"gte=1,lte=5"`
	Words   string `json:"words,omitempty" validate:"max=500"`
}

func (h Handler) feedback(ctx context.Context, rq api.Request, in feedbackRequest) (measureView, error) {
	m, err := h.Measures.Update(ctx, in.Measure, func(m *award.Measure) error {
		if m.Award != in.ID {
			return api.NotYours(nil)
		}
		return m.Feedback(in.Use, in.Stars, in.Words, rq.Actor)
	})
	if err != nil {
		return measureView{}, err
	}
	return viewMeasure(m, rq.Lang), nil
}

type view struct {
	ID string `json:"id"`
	winnerView
	Name     string            `json:"name"`
	Stands   award.HonourState `json:"stands"`
	Recorded bool              `json:"recorded"`
	Alert    string            `json:"alert,omitempty" description:"A record that may be a ground to revoke it"`
	Ask      *askView          `json:"revocation,omitempty"`
	Barred   models.Day        `json:"barred,omitempty" description:"Cannot be nominated again until then"`
	Upward   models.Region     `json:"recommendedTo,omitempty"`
	Decision string            `json:"decision,omitempty"`
	Revision int64             `json:"revision"`
}

// Revised is what ETag shows.
func (v view) Revised() int64 { return v.Revision }

func viewAward(a *award.Award, lang string) view {
	v := view{
		ID: a.ID, winnerView: viewWinner(a, lang), Name: a.Name.Reveal(), Stands: a.State, Recorded: a.Recorded, Alert: a.Alert, Ask: viewAsk(a.Ask), Barred: a.Barred,
		Decision: a.Decision, Revision: a.Revision,
	}
	if a.Upward != nil {
		v.Upward = a.Upward.To
	}
	return v
}

func lookAtAward(a *award.Award) access.Access {
	return access.Access{Subject: a.Holder, Fields: []string{"award"}, About: a.ID, Purpose: "award.case", Case: a.ID}
}

type awardsRequest struct {
	State award.HonourState `query:"state" validate:"required,known"`
	api.PageQuery
}

func (h Handler) awardsAt(ctx context.Context, rq api.Request, in awardsRequest) (api.List[view], error) {
	page, err := h.Awards.Find(ctx, store.AwardsAt(rq.Actor.Region, in.State).Page(in.Limit, in.Cursor))
	if err != nil {
		return api.List[view]{}, err
	}
	var looks []access.Access
	for _, a := range page.Items {
		looks = append(looks, lookAtAward(a))
	}
	return api.Listed(page, func(a *award.Award) view { return viewAward(a, rq.Lang) }), h.Log.Note(ctx, rq, looks...)
}

// oursAward is an award of the caller's place, with the look noted. Errors: NotFound.
func (h Handler) oursAward(ctx context.Context, rq api.Request, id string) (*award.Award, error) {
	a, err := api.Ours(ctx, rq, h.Awards, id, func(a *award.Award) models.Region { return a.Region })
	if err == nil {
		err = h.Log.Note(ctx, rq, lookAtAward(a))
	}
	return a, err
}

func (h Handler) oneAward(ctx context.Context, rq api.Request, in api.ByID) (view, error) {
	a, err := h.oursAward(ctx, rq, in.ID)
	if err != nil {
		return view{}, err
	}
	return viewAward(a, rq.Lang), nil
}

func (h Handler) onAward(ctx context.Context, rq api.Request, id string, do func(*award.Award) error) (view, error) {
	a, err := h.oursAward(ctx, rq, id)
	if err == nil {
		a, err = h.Awards.Update(ctx, id, func(a *award.Award) error {
			if err := rq.Fresh(a.Revision); err != nil {
				return err
			}
			return do(a)
		})
	}
	if err != nil {
		return view{}, err
	}
	return viewAward(a, rq.Lang), nil
}

type askRevokeRequest struct {
	api.ByID
	Ground award.Ground `json:"ground" validate:"required,known"`
	Text   string       `json:"text" validate:"required,max=1000" description:"What happened; the holder reads it"`
	Record string       `json:"record,omitempty" validate:"omitempty,max=80" description:"The record it rests on"`
}

func (h Handler) askRevoke(ctx context.Context, rq api.Request, in askRevokeRequest) (view, error) {
	return h.onAward(ctx, rq, in.ID, func(a *award.Award) error { return a.AskRevoke(in.Ground, in.Text, in.Record, rq.Actor, rq.Now) })
}

func (h Handler) revoke(ctx context.Context, rq api.Request, in api.ReasonRequest) (view, error) {
	return h.onAward(ctx, rq, in.ID, func(a *award.Award) error { return a.Revoke(in.Reason, rq.Actor, rq.Now) })
}

func (h Handler) keep(ctx context.Context, rq api.Request, in api.ReasonRequest) (view, error) {
	return h.onAward(ctx, rq, in.ID, func(a *award.Award) error { return a.Drop(in.Reason, rq.Actor, rq.Now) })
}

func (h Handler) recommend(ctx context.Context, rq api.Request, in api.ByID) (view, error) {
	return h.onAward(ctx, rq, in.ID, func(a *award.Award) error { return a.Recommend(rq.Actor, rq.Now) })
}

type ownedRequest struct {
	State award.MeasureState `query:"state" validate:"required,known"`
	api.PageQuery
}

type ownedView struct {
	measureView
	Label string `json:"label" personal:"true" description:"Of whom it is, masked"`
	Award string `json:"award"`
}

func (h Handler) viewOwned(ctx context.Context, rq api.Request, ms ...*award.Measure) ([]ownedView, error) {
	all := []ownedView{}
	var looks []access.Access
	for _, m := range ms {
		a, err := h.Awards.Get(ctx, m.Award)
		if err != nil {
			return nil, err
		}
		all = append(all, ownedView{viewMeasure(m, rq.Lang), a.Label, a.ID})
		looks = append(looks, access.Access{Subject: m.Holder, Fields: []string{"award.measure"}, About: m.ID, Purpose: "award.case",
			Case: m.Award})
	}
	return all, h.Log.Note(ctx, rq, looks...)
}

func (h Handler) owned(ctx context.Context, rq api.Request, in ownedRequest) (api.List[ownedView], error) {
	page, err := h.Measures.Find(ctx, store.MeasuresOwned(rq.Actor.Org, in.State).Page(in.Limit, in.Cursor))
	if err != nil {
		return api.List[ownedView]{}, err
	}
	all, err := h.viewOwned(ctx, rq, page.Items...)
	return api.List[ownedView]{Items: all, NextCursor: page.Next}, err
}

type useRequest struct {
	api.ByID
	Note string `json:"note,omitempty" validate:"max=200" description:"Number of the case it was used in"`
}

func (h Handler) use(ctx context.Context, rq api.Request, in useRequest) (ownedView, error) {
	id := rq.NewID()
	m, err := h.Measures.Update(ctx, in.ID, func(m *award.Measure) error { return m.Use(id, in.Note, rq.Actor, rq.Now) })
	if err != nil {
		return ownedView{}, err
	}
	all, err := h.viewOwned(ctx, rq, m)
	if err != nil {
		return ownedView{}, err
	}
	return all[0], nil
}
