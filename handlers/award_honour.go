package handlers

import (
	"context"

	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/award"
	"xinyi/store"
)

func (h Award) mountHonour(r *Router) {
	tag := Tag("awards")
	Get(r, "/awards", h.winners, Does("Who holds the awards of a programme, and what was revoked", "A person is named who agreed to be; everybody else is masked"), Open(), Limit(minute, 120), tag)
	Get(r, "/me/honours", h.honours, Does("My awards, with what each brings and how to use it"), May("honours.mine"), tag)
	Put(r, "/me/honours/{id}", h.choose, Does("Say whether I am named in public and recorded in my credit file", "At any time. Not recorded, the award brings nothing that asks the credit file"), May("honours.mine"), tag)
	Post(r, "/me/honours/{id}/answer", h.answer, Does("Answer a revocation that was asked for"), May("honours.mine"), tag)
	Post(r, "/me/honours/{id}/renewal", h.renewal, Does("Ask that an award go on: the records are read anew"), May("honours.mine"), Moves, tag)
	Post(r, "/me/honours/{id}/measures/{measure}/feedback", h.feedback, Does("Say how a measure worked"), May("honours.mine"), tag)
	Get(r, "/awards/desk", h.awardsAt, Does("Awards of my place in a state, the oldest first"), May("awards.read"), Reveals, tag)
	Get(r, "/awards/{id}", h.oneAward, Does("One award, with what is asked and what was answered"), May("awards.read"), Reveals, tag)
	Post(r, "/awards/{id}/revocation", h.askRevoke, Does("Want an award revoked, for a ground", "The holder is told and may answer; another person decides"), May("awards.office"), Reveals, tag)
	Post(r, "/awards/{id}/revoke", h.revoke, Does("Revoke it, after the answer or its days: what it brings ends at once, and the public is told"), May("awards.office"), Reveals, tag)
	Post(r, "/awards/{id}/keep", h.keep, Does("Let it stand: the ground was none"), May("awards.office"), Reveals, tag)
	Post(r, "/awards/{id}/recommend", h.recommend, Does("Recommend the holder to the wider office"), May("awards.office"), Reveals, tag)
	Get(r, "/award-measures", h.owned, Does("Measures my unit answers for, the oldest first"), May("measures.own"), Reveals, tag)
	Post(r, "/award-measures/{id}/uses", h.use, Does("Note that a measure was used"), May("measures.own"), Creates, Reveals, tag)
}

type awardWinnerView struct {
	No       string            `json:"no"`
	Title    string            `json:"title"`
	Category string            `json:"category"`
	Label    string            `json:"label" description:"Masked unless the holder agreed to be named"`
	Deed     string            `json:"deed,omitempty" personal:"false"`
	Region   models.Region     `json:"region"`
	Office   string            `json:"office"`
	State    award.HonourState `json:"state" enum:"VALID,ANSWERING,EXPIRED,REVOKED"`
	Since    models.Day        `json:"since"`
	Until    models.Day        `json:"until"`
	EndedOn  models.Day        `json:"endedOn,omitempty"`
	Why      string            `json:"why,omitempty" description:"Public correction: why it was revoked"`
}

func viewAwardWinner(a *award.Award, lang string) awardWinnerView {
	v := awardWinnerView{
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

type awardWinnersRequest struct {
	Programme string `query:"programme" validate:"required,max=64"`
	PageQuery
}

func (h Award) winners(ctx context.Context, rq Request, in awardWinnersRequest) (List[awardWinnerView], error) {
	page, err := h.Awards.Find(ctx, store.AwardsOf(in.Programme, award.HonourStates...).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[awardWinnerView]{}, err
	}
	return Listed(page, func(a *award.Award) awardWinnerView { return viewAwardWinner(a, rq.Lang) }), nil
}

type awardHonourView struct {
	ID string `json:"id"`
	awardWinnerView
	Mine     award.HonourState  `json:"stands" enum:"VALID,ANSWERING,EXPIRED,REVOKED"`
	Named    bool               `json:"named"`
	Recorded bool               `json:"recorded"`
	Renewal  bool               `json:"renewing,omitempty"`
	Ask      *awardAskView      `json:"revocation,omitempty"`
	Measures []awardMeasureView `json:"measures"`
	Revision int64              `json:"revision"`
}

// Revised is what ETag shows.
func (v awardHonourView) Revised() int64 { return v.Revision }

type awardAskView struct {
	Ground  award.Ground `json:"ground" enum:"FALSE_PAPERS,SERIOUS_LIST,ACCIDENT,CRIMINAL"`
	Text    string       `json:"text"`
	Record  string       `json:"record,omitempty"`
	On      models.Day   `json:"on"`
	Until   models.Day   `json:"until" description:"You may answer until then"`
	Answer  string       `json:"answer,omitempty" personal:"true"`
	Upheld  bool         `json:"upheld,omitempty"`
	Verdict string       `json:"verdict,omitempty"`
}

func viewAwardAsk(a *award.Ask) *awardAskView {
	if a == nil {
		return nil
	}
	return &awardAskView{a.Ground, a.Text, a.Record, a.On, a.Until, a.Answer.Reveal(), a.Upheld, a.Verdict}
}

type awardMeasureView struct {
	ID    string             `json:"id"`
	Kind  award.MeasureKind  `json:"kind" enum:"SCENE,FAST_LANE,FEWER_CHECKS,RECOMMENDATION,POINTS"`
	Title string             `json:"title"`
	How   string             `json:"how"`
	Owner string             `json:"owner"`
	State award.MeasureState `json:"state" enum:"RUNNING,ENDED"`
	Since models.Day         `json:"since"`
	Until models.Day         `json:"until"`
	Count int                `json:"used"`
	Uses  []awardUseView     `json:"uses"`
}

type awardUseView struct {
	ID    string     `json:"id"`
	On    models.Day `json:"on"`
	Note  string     `json:"note,omitempty"`
	Stars int        `json:"stars,omitempty"`
	Words string     `json:"words,omitempty" personal:"true"`
}

func viewAwardMeasure(m *award.Measure, lang string) awardMeasureView {
	v := awardMeasureView{m.ID, m.Kind, m.Name.In(lang), m.How.In(lang), m.Owner, m.State, m.Since, m.Until, m.Count, []awardUseView{}}
	for _, u := range m.Uses {
		v.Uses = append(v.Uses, awardUseView{u.ID, u.On, u.Note, u.Stars, u.Words.Reveal()})
	}
	return v
}

func (h Award) viewHonour(ctx context.Context, a *award.Award, lang string) (awardHonourView, error) {
	v := awardHonourView{
		ID: a.ID, awardWinnerView: viewAwardWinner(a, lang), Mine: a.State, Named: a.Named, Recorded: a.Recorded, Renewal: a.Renewal != "", Ask: viewAwardAsk(a.Ask),
		Measures: []awardMeasureView{}, Revision: a.Revision,
	}
	v.Label, v.Deed = a.Name.Reveal(), a.Deed
	_, err := h.Measures.Each(ctx, store.MeasuresOf(a.ID), func(m *award.Measure) error {
		v.Measures = append(v.Measures, viewAwardMeasure(m, lang))
		return nil
	})
	return v, err
}

func (h Award) honours(ctx context.Context, rq Request, in PageQuery) (List[awardHonourView], error) {
	v := List[awardHonourView]{Items: []awardHonourView{}}
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
func (h Award) onHonour(ctx context.Context, rq Request, id string, do func(*award.Award) error) (awardHonourView, error) {
	a, err := h.Awards.Update(ctx, id, func(a *award.Award) error {
		if !a.Mine(rq.Actor) {
			return notYours(nil)
		}
		if err := rq.Fresh(a.Revision); err != nil {
			return err
		}
		return do(a)
	})
	if err != nil {
		return awardHonourView{}, err
	}
	return h.viewHonour(ctx, a, rq.Lang)
}

type awardChooseRequest struct {
	byID
	Named    *bool `json:"named" validate:"required"`
	Recorded *bool `json:"recorded" validate:"required"`
}

func (h Award) choose(ctx context.Context, rq Request, in awardChooseRequest) (awardHonourView, error) {
	return h.onHonour(ctx, rq, in.ID, func(a *award.Award) error {
		news, err := a.Choose(*in.Named, *in.Recorded, rq.Actor, rq.Now)
		if err == nil && !news {
			return store.Unchanged()
		}
		return err
	})
}

type awardTextRequest struct {
	byID
	Text string `json:"text" validate:"required,max=2000"`
}

func (h Award) answer(ctx context.Context, rq Request, in awardTextRequest) (awardHonourView, error) {
	return h.onHonour(ctx, rq, in.ID, func(a *award.Award) error { return a.Reply(in.Text, rq.Actor, rq.Now) })
}

func (h Award) renewal(ctx context.Context, rq Request, in byID) (awardHonourView, error) {
	id := rq.NewID()
	return h.onHonour(ctx, rq, in.ID, func(a *award.Award) error { return a.AskRenewal(id, rq.Actor, rq.Now) })
}

type awardFeedbackRequest struct {
	byID
	Measure string `path:"measure" validate:"required,max=64"`
	Use     string `json:"use" validate:"required,max=64"`
	Stars   int    `json:"stars" validate:"gte=1,lte=5"`
	Words   string `json:"words,omitempty" validate:"max=500"`
}

func (h Award) feedback(ctx context.Context, rq Request, in awardFeedbackRequest) (awardMeasureView, error) {
	m, err := h.Measures.Update(ctx, in.Measure, func(m *award.Measure) error {
		if m.Award != in.ID {
			return notYours(nil)
		}
		return m.Feedback(in.Use, in.Stars, in.Words, rq.Actor)
	})
	if err != nil {
		return awardMeasureView{}, err
	}
	return viewAwardMeasure(m, rq.Lang), nil
}

type awardView struct {
	ID string `json:"id"`
	awardWinnerView
	Name     string            `json:"name"`
	Stands   award.HonourState `json:"stands" enum:"VALID,ANSWERING,EXPIRED,REVOKED"`
	Recorded bool              `json:"recorded"`
	Alert    string            `json:"alert,omitempty" description:"A record that may be a ground to revoke it"`
	Ask      *awardAskView     `json:"revocation,omitempty"`
	Barred   models.Day        `json:"barred,omitempty" description:"Cannot be nominated again until then"`
	Upward   models.Region     `json:"recommendedTo,omitempty"`
	Decision string            `json:"decision,omitempty"`
	Revision int64             `json:"revision"`
}

// Revised is what ETag shows.
func (v awardView) Revised() int64 { return v.Revision }

func viewAward(a *award.Award, lang string) awardView {
	v := awardView{
		ID: a.ID, awardWinnerView: viewAwardWinner(a, lang), Name: a.Name.Reveal(), Stands: a.State, Recorded: a.Recorded, Alert: a.Alert, Ask: viewAwardAsk(a.Ask), Barred: a.Barred,
		Decision: a.Decision, Revision: a.Revision,
	}
	if a.Upward != nil {
		v.Upward = a.Upward.To
	}
	return v
}

func lookAtAward(a *award.Award) access.Look {
	return access.Look{Subject: a.Holder, Fields: []string{"award"}, About: a.ID, Purpose: "award.case", Case: a.ID}
}

type awardsRequest struct {
	State award.HonourState `query:"state" validate:"required,oneof=VALID ANSWERING EXPIRED REVOKED"`
	PageQuery
}

func (h Award) awardsAt(ctx context.Context, rq Request, in awardsRequest) (List[awardView], error) {
	page, err := h.Awards.Find(ctx, store.AwardsAt(rq.Actor.Region, in.State).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[awardView]{}, err
	}
	var looks []access.Look
	for _, a := range page.Items {
		looks = append(looks, lookAtAward(a))
	}
	return Listed(page, func(a *award.Award) awardView { return viewAward(a, rq.Lang) }), h.Looks.Look(ctx, rq, looks...)
}

// oursAward is an award of the caller's place, with the look noted. Errors: NotFound.
func (h Award) oursAward(ctx context.Context, rq Request, id string) (*award.Award, error) {
	a, err := h.Awards.Get(ctx, id)
	if err == nil && !rq.Actor.Region.Contains(a.Region) {
		err = notYours(nil)
	}
	if err == nil {
		err = h.Looks.Look(ctx, rq, lookAtAward(a))
	}
	return a, err
}

func (h Award) oneAward(ctx context.Context, rq Request, in byID) (awardView, error) {
	a, err := h.oursAward(ctx, rq, in.ID)
	if err != nil {
		return awardView{}, err
	}
	return viewAward(a, rq.Lang), nil
}

func (h Award) onAward(ctx context.Context, rq Request, id string, do func(*award.Award) error) (awardView, error) {
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
		return awardView{}, err
	}
	return viewAward(a, rq.Lang), nil
}

type awardAskRevokeRequest struct {
	byID
	Ground award.Ground `json:"ground" validate:"required,oneof=FALSE_PAPERS SERIOUS_LIST ACCIDENT CRIMINAL"`
	Text   string       `json:"text" validate:"required,max=1000" description:"What happened; the holder reads it"`
	Record string       `json:"record,omitempty" validate:"omitempty,max=80" description:"The record it rests on"`
}

func (h Award) askRevoke(ctx context.Context, rq Request, in awardAskRevokeRequest) (awardView, error) {
	return h.onAward(ctx, rq, in.ID, func(a *award.Award) error { return a.AskRevoke(in.Ground, in.Text, in.Record, rq.Actor, rq.Now) })
}

func (h Award) revoke(ctx context.Context, rq Request, in reasonRequest) (awardView, error) {
	return h.onAward(ctx, rq, in.ID, func(a *award.Award) error { return a.Revoke(in.Reason, rq.Actor, rq.Now) })
}

func (h Award) keep(ctx context.Context, rq Request, in reasonRequest) (awardView, error) {
	return h.onAward(ctx, rq, in.ID, func(a *award.Award) error { return a.Drop(in.Reason, rq.Actor, rq.Now) })
}

func (h Award) recommend(ctx context.Context, rq Request, in byID) (awardView, error) {
	return h.onAward(ctx, rq, in.ID, func(a *award.Award) error { return a.Recommend(rq.Actor, rq.Now) })
}

type awardOwnedRequest struct {
	State award.MeasureState `query:"state" validate:"required,oneof=RUNNING ENDED"`
	PageQuery
}

type awardOwnedView struct {
	awardMeasureView
	Label string `json:"label" personal:"true" description:"Of whom it is, masked"`
	Award string `json:"award"`
}

func (h Award) viewOwned(ctx context.Context, rq Request, ms ...*award.Measure) ([]awardOwnedView, error) {
	all := []awardOwnedView{}
	var looks []access.Look
	for _, m := range ms {
		a, err := h.Awards.Get(ctx, m.Award)
		if err != nil {
			return nil, err
		}
		all = append(all, awardOwnedView{viewAwardMeasure(m, rq.Lang), a.Label, a.ID})
		looks = append(looks, access.Look{Subject: m.Holder, Fields: []string{"award.measure"}, About: m.ID, Purpose: "award.case", Case: m.Award})
	}
	return all, h.Looks.Look(ctx, rq, looks...)
}

func (h Award) owned(ctx context.Context, rq Request, in awardOwnedRequest) (List[awardOwnedView], error) {
	page, err := h.Measures.Find(ctx, store.MeasuresOwned(rq.Actor.Org, in.State).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[awardOwnedView]{}, err
	}
	all, err := h.viewOwned(ctx, rq, page.Items...)
	return List[awardOwnedView]{all, page.Next}, err
}

type awardUseRequest struct {
	byID
	Note string `json:"note,omitempty" validate:"max=200" description:"Number of the case it was used in"`
}

func (h Award) use(ctx context.Context, rq Request, in awardUseRequest) (awardOwnedView, error) {
	id := rq.NewID()
	m, err := h.Measures.Update(ctx, in.ID, func(m *award.Measure) error { return m.Use(id, in.Note, rq.Actor, rq.Now) })
	if err != nil {
		return awardOwnedView{}, err
	}
	all, err := h.viewOwned(ctx, rq, m)
	if err != nil {
		return awardOwnedView{}, err
	}
	return all[0], nil
}
