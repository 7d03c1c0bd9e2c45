// Package consent serves consents, to partners and to what they read under a consent (授权与查询).
package consent

import (
	"context"
	"errors"
	"slices"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/consent"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler lets a person say who may read what, and partners ask for it.
type Handler struct {
	store.Consent
	Subjects usecase.Subjects
	Log      *api.AccessLog
	Policy   consent.Policy
}

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	api.Get(r, "/consents/terms", h.terms, api.Open())
	api.Get(r, "/me/consents", h.mine, mayOwn, api.Tag("consents"))
	api.Post(r, "/me/consents", h.offer, mayOwn, api.Creates, api.Tag("consents"), api.Quota(api.Consents))
	api.Get(r, "/me/consents/{id}", h.one, mayOwn, api.Tag("consents"))
	api.Post(r, "/me/consents/{id}/approve", h.approve, mayOwn, api.Tag("consents"))
	api.Post(r, "/me/consents/{id}/deny", h.deny, mayOwn, api.Tag("consents"))
	api.Post(r, "/me/consents/{id}/withdraw", h.withdraw, mayOwn, api.Tag("consents"))
	api.Get(r, "/me/consents/{id}/receipts", h.receipts, mayOwn, api.Tag("consents"))
	api.Post(r, "/consents/requests", h.ask, mayAsk, api.Creates)
	api.Get(r, "/consents/requests/{id}", h.asked, mayAsk)
}

type termsView struct {
	Purposes []api.NamedCode  `json:"purposes"`
	Scopes   []file.ScopeView `json:"scopes"`
	Texts    []file.TextView  `json:"texts" description:"share is shown with every consent; adverse and written besides, where a scope is restricted"`
	MaxDays  int              `json:"maxDays"`
	MaxReads int              `json:"maxReads"`
}

func (h Handler) terms(_ context.Context, rq api.Request, _ struct{}) (termsView, error) {
	v := termsView{MaxDays: h.Policy.MaxDays, MaxReads: h.Policy.MaxReads}
	for code, words := range consent.Purposes {
		v.Purposes = append(v.Purposes, api.NamedCode{Code: code, Name: words.In(rq.Lang)})
	}
	for code := range consent.Scopes {
		v.Scopes = append(v.Scopes, file.ViewScope(code, rq.Lang))
	}
	slices.SortFunc(v.Purposes, func(a, b api.NamedCode) int { return compare(a.Code, b.Code) })
	slices.SortFunc(v.Scopes, func(a, b file.ScopeView) int { return compare(a.Code, b.Code) })
	for _, t := range []consent.Text{consent.Main, consent.Adverse, consent.Written} {
		v.Texts = append(v.Texts, file.ViewText(t, rq.Lang))
	}
	return v, nil
}

type consentsRequest struct {
	State string `query:"state" validate:"omitempty,oneof=REQUESTED GIVEN DENIED LAPSED WITHDRAWN EXPIRED EXHAUSTED"`
	api.PageQuery
}

func (h Handler) mine(ctx context.Context, rq api.Request, in consentsRequest) (api.List[shareView], error) {
	_, refs, err := h.Subjects.Whose(ctx, rq.Actor)
	if err != nil {
		return api.List[shareView]{}, err
	}
	var of []consent.State
	if in.State != "" {
		of = append(of, consent.State(in.State))
	}
	return api.Found(ctx, h.Consents, store.ConsentsOf(refs, of...), in.PageQuery,
		func(c *consent.Consent) shareView { return viewShare(c, rq.Lang) })
}

// own reads one of the caller's consents; any other is not there.
func (h Handler) own(ctx context.Context, rq api.Request, id string) (*consent.Consent, error) {
	_, refs, err := h.Subjects.Whose(ctx, rq.Actor)
	if err != nil {
		return nil, err
	}
	c, err := h.Consents.Get(ctx, id)
	if err != nil || !slices.Contains(refs, c.Subject.Ref) {
		return nil, api.NotYours(err)
	}
	return c, nil
}

func (h Handler) one(ctx context.Context, rq api.Request, in api.ByID) (shareView, error) {
	c, err := h.own(ctx, rq, in.ID)
	if err != nil {
		return shareView{}, err
	}
	return viewShare(c, rq.Lang), nil
}

// act changes one of the caller's consents, which meets its subject's account first.
func (h Handler) act(ctx context.Context, rq api.Request, id string, change func(*consent.Consent) error) (shareView, error) {
	sub, refs, err := h.Subjects.Whose(ctx, rq.Actor)
	if err != nil {
		return shareView{}, err
	}
	c, err := h.Consents.Update(ctx, id, func(c *consent.Consent) error {
		if !slices.Contains(refs, c.Subject.Ref) || c.Subject.Kind != sub.Kind {
			return api.NotYours(nil)
		}
		if err := rq.Fresh(c.Revision); err != nil {
			return err
		}
		c.Meet(sub, rq.Now)
		return change(c)
	})
	if err != nil {
		return shareView{}, err
	}
	return viewShare(c, rq.Lang), nil
}

// agreedRequest is what was shown to whoever agrees.
type agreedRequest struct {
	Text    shownRequest   `json:"text" description:"The text that was shown"`
	Notices []shownRequest `json:"notices,omitempty" validate:"max=4,dive" description:"adverse and written, where a scope is restricted"`
}

type shownRequest struct {
	ID      string `json:"id" validate:"required,max=32"`
	Version string `json:"version" validate:"required,max=32"`
	Hash    string `json:"hash" validate:"required,len=64,alphanum"`
}

func (s shownRequest) signed(lang string) consent.Signed {
	return consent.Signed{ID: s.ID, Version: s.Version, Hash: s.Hash, Lang: lang}
}

// signature is what the caller agreed to, and whether the subject is of age.
func (h Handler) signature(ctx context.Context, rq api.Request, in agreedRequest) (consent.Signature, error) {
	s := consent.Signature{Text: in.Text.signed(rq.Lang), Adult: rq.Actor.Is(models.Business)}
	for _, n := range in.Notices {
		s.Notices = append(s.Notices, n.signed(rq.Lang))
	}
	if s.Adult {
		return s, nil
	}
	p, err := h.Subjects.People.Get(ctx, rq.Actor.Person)
	if err != nil {
		return s, err
	}
	s.Adult = p.Adult(models.DayOf(rq.Now))
	return s, nil
}

type approveConsentRequest struct {
	api.ByID
	agreedRequest
	Scopes []string `json:"scopes,omitempty" validate:"omitempty,max=40,dive,required,max=40" description:"Only these of what was asked for"`
	Days   int      `json:"days,omitempty" validate:"gte=0,lte=3660" description:"At most so many days; as asked for when absent"`
	Reads  int      `json:"reads,omitempty" validate:"gte=0,lte=1000" description:"At most so many reads; as asked for when absent"`
}

func (h Handler) approve(ctx context.Context, rq api.Request, in approveConsentRequest) (shareView, error) {
	s, err := h.signature(ctx, rq, in.agreedRequest)
	if err != nil {
		return shareView{}, err
	}
	return h.act(ctx, rq, in.ID, func(c *consent.Consent) error {
		return c.Give(rq.Actor, s, consent.Narrowing{Scopes: in.Scopes, Days: in.Days, Reads: in.Reads}, h.Policy, rq.Now)
	})
}

func (h Handler) deny(ctx context.Context, rq api.Request, in api.ByID) (shareView, error) {
	return h.act(ctx, rq, in.ID, func(c *consent.Consent) error { return c.Deny(rq.Actor, rq.Now) })
}

func (h Handler) withdraw(ctx context.Context, rq api.Request, in api.ByID) (shareView, error) {
	return h.act(ctx, rq, in.ID, func(c *consent.Consent) error { return c.Withdraw(rq.Actor, rq.Now) })
}

type offerRequest struct {
	agreedRequest
	Recipient string       `json:"recipient,omitempty" validate:"required_without=Class,excluded_with=Class,omitempty,max=64" description:"Organisation"`
	Class     models.Role  `json:"class,omitempty" validate:"omitempty,oneof=bank provider department" description:"Any organisation of this kind"`
	Purpose   string       `json:"purpose" validate:"required,max=64"`
	Scopes    []string     `json:"scopes" validate:"required,max=40,dive,required,max=40"`
	Mode      consent.Mode `json:"mode,omitempty" validate:"omitempty,known" description:"ONETIME when absent"`
	Days      int          `json:"days" validate:"required"`
	Reads     int          `json:"reads,omitempty" validate:"gte=0,lte=1000"`
}

func (h Handler) offer(ctx context.Context, rq api.Request, in offerRequest) (shareView, error) {
	sub, _, err := h.Subjects.Whose(ctx, rq.Actor)
	if err != nil {
		return shareView{}, err
	}
	s, err := h.signature(ctx, rq, in.agreedRequest)
	if err != nil {
		return shareView{}, err
	}
	name := ""
	if in.Recipient != "" {
		p, err := h.Partners.First(ctx, store.PartnersOf(in.Recipient))
		if err != nil {
			return shareView{}, api.PointAt(err, "/recipient", "consent.recipient_unknown")
		}
		name = p.Name
	}
	t := consent.Terms{Purpose: in.Purpose, Recipient: in.Recipient, Class: in.Class, Scopes: in.Scopes, Mode: in.Mode, Days: in.Days,
		Reads: in.Reads}
	c, err := consent.Offer(consent.Draft{ID: rq.NewID(), Subject: sub, Terms: t, Name: name}, s, h.Policy, rq.Actor, rq.Now)
	if err != nil {
		return shareView{}, err
	}
	err = h.Consents.Insert(ctx, c)
	if errors.Is(err, models.Conflict) { // the same offer, after a crash
		c, err = h.Consents.Get(ctx, c.ID)
	}
	if err != nil {
		return shareView{}, err
	}
	return viewShare(c, rq.Lang), nil
}

type receiptRow struct {
	ID       string               `json:"id"`
	At       time.Time            `json:"at"`
	Office   string               `json:"recipient"`
	Purpose  api.NamedCode        `json:"purpose"`
	Scopes   []string             `json:"scopes"`
	Records  int                  `json:"records"`
	Until    time.Time            `json:"until"`
	Standing consent.ReceiptState `json:"status"`
}

type receiptsRequest struct {
	api.ByID
	api.PageQuery
}

func (h Handler) receipts(ctx context.Context, rq api.Request, in receiptsRequest) (api.List[receiptRow], error) {
	c, err := h.own(ctx, rq, in.ID)
	if err != nil {
		return api.List[receiptRow]{}, err
	}
	return api.Found(ctx, h.Receipts, store.ReceiptsOf(c.ID), in.PageQuery, func(r *consent.Receipt) receiptRow {
		return receiptRow{r.ID, r.At, r.To.Org, viewPurpose(r.Purpose, rq.Lang), r.Scopes, r.Records, r.Until, r.Stands(c, rq.Now)}
	})
}

// Portions are what an export holds of consents.
func (h Handler) Portions() []api.Portion {
	return []api.Portion{api.Listing("consents", true, func(ctx context.Context, rq api.Request, p api.PageQuery) (api.List[shareView],
		error) {
		return h.mine(ctx, rq, consentsRequest{PageQuery: p})
	})}
}
