package handlers

import (
	"context"
	"errors"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/consent"
	"xinyi/store"
)

// Consent lets a person say who may read what, and partners ask for it.
type Consent struct {
	store.Consent
	Subjects store.Subjects
	Looks    *Looks
	Policy   consent.Policy
}

// Mount names the routes.
func (h Consent) Mount(r *Router) {
	Get(r, "/consents/terms", h.terms, Does("What consent can be given for", "Purposes, scopes, and the texts that are shown before somebody agrees"), Open())
	Get(r, "/me/consents", h.mine, Does("My consents and the requests for them, the newest first"), May("consents.own"), Tag("consents"))
	Post(r, "/me/consents", h.offer, Does("Consent unasked", "To one organisation, or to a kind of organisations"), May("consents.own"), Creates, Tag("consents"))
	Get(r, "/me/consents/{id}", h.one, Does("One of my consents"), May("consents.own"), Tag("consents"))
	Post(r, "/me/consents/{id}/approve", h.approve, Does("Give what was asked for, or less of it", "Never more. Terms do not change afterwards"), May("consents.own"), Tag("consents"))
	Post(r, "/me/consents/{id}/deny", h.deny, Does("Do not give what was asked for", "No reason is asked for, and whoever asked does not learn of it"), May("consents.own"), Tag("consents"))
	Post(r, "/me/consents/{id}/withdraw", h.withdraw, Does("Withdraw a consent", "Nothing is read after it"), May("consents.own"), Tag("consents"))
	Get(r, "/me/consents/{id}/receipts", h.receipts, Does("What was read under a consent, the newest first"), May("consents.own"), Tag("consents"))
	Post(r, "/consents/requests", h.ask, Does("Ask somebody for consent", "The answer is the same whether anybody is there to be asked"), May("consents.ask"), Creates)
	Get(r, "/consents/requests/{id}", h.asked, Does("A request of my organisation", "A denial looks like no answer yet, then like one that never came"), May("consents.ask"))
}

type termsView struct {
	Purposes []namedCode `json:"purposes"`
	Scopes   []scopeView `json:"scopes"`
	Texts    []textView  `json:"texts" description:"share is shown with every consent; adverse and written besides, where a scope is restricted"`
	MaxDays  int         `json:"maxDays"`
	MaxReads int         `json:"maxReads"`
}

type namedCode struct {
	Code string `json:"code"`
	Name string `json:"name" personal:"false"`
}

type scopeView struct {
	Code       string `json:"code"`
	Name       string `json:"name" personal:"false"`
	Restricted bool   `json:"restricted,omitzero" description:"Needs the notice of adverse consequences and written consent besides"`
}

type textView struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Hash    string `json:"hash" description:"SHA-256 of the text in both languages"`
	Text    string `json:"text"`
}

func viewText(t consent.Text, lang string) textView {
	return textView{t.ID, t.Version, t.Hash(), t.Words.In(lang)}
}

func viewScope(code, lang string) scopeView {
	s, ok := consent.Scopes[code]
	if !ok {
		return scopeView{Code: code, Name: code}
	}
	return scopeView{code, s.In(lang), s.Restricted}
}

func (h Consent) terms(_ context.Context, rq Request, _ struct{}) (termsView, error) {
	v := termsView{MaxDays: h.Policy.MaxDays, MaxReads: h.Policy.MaxReads}
	for code, words := range consent.Purposes {
		v.Purposes = append(v.Purposes, namedCode{code, words.In(rq.Lang)})
	}
	for code := range consent.Scopes {
		v.Scopes = append(v.Scopes, viewScope(code, rq.Lang))
	}
	slices.SortFunc(v.Purposes, func(a, b namedCode) int { return compare(a.Code, b.Code) })
	slices.SortFunc(v.Scopes, func(a, b scopeView) int { return compare(a.Code, b.Code) })
	for _, t := range []consent.Text{consent.Main, consent.Adverse, consent.Written} {
		v.Texts = append(v.Texts, viewText(t, rq.Lang))
	}
	return v, nil
}

// whose is whom the caller acts for, and every ref under which that subject may be kept.
func whose(ctx context.Context, subjects store.Subjects, a models.Actor) (models.Subject, []string, error) {
	s, err := subjects.Of(ctx, a)
	if err != nil || s.Kind == models.Organisation {
		return s, []string{s.Ref}, err
	}
	p, err := subjects.People.Get(ctx, a.Person)
	if err != nil {
		return s, nil, err
	}
	refs := []string{s.Ref}
	for _, hash := range subjects.Keys.Hashes(p.IDNumber) {
		if ref, ok := hash.(string); ok && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return s, refs, nil
}

type consentsRequest struct {
	State string `query:"state" validate:"omitempty,oneof=REQUESTED GIVEN DENIED LAPSED WITHDRAWN EXPIRED EXHAUSTED"`
	PageQuery
}

func (h Consent) mine(ctx context.Context, rq Request, in consentsRequest) (List[shareView], error) {
	_, refs, err := whose(ctx, h.Subjects, rq.Actor)
	if err != nil {
		return List[shareView]{}, err
	}
	var of []consent.State
	if in.State != "" {
		of = append(of, consent.State(in.State))
	}
	page, err := h.Consents.Find(ctx, store.ConsentsOf(refs, of...).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[shareView]{}, err
	}
	return Listed(page, func(c *consent.Consent) shareView { return viewShare(c, rq.Lang) }), nil
}

// own reads one of the caller's consents; any other is not there.
func (h Consent) own(ctx context.Context, rq Request, id string) (*consent.Consent, error) {
	_, refs, err := whose(ctx, h.Subjects, rq.Actor)
	if err != nil {
		return nil, err
	}
	c, err := h.Consents.Get(ctx, id)
	if err != nil || !slices.Contains(refs, c.Subject.Ref) {
		return nil, notYours(err)
	}
	return c, nil
}

func (h Consent) one(ctx context.Context, rq Request, in byID) (shareView, error) {
	c, err := h.own(ctx, rq, in.ID)
	if err != nil {
		return shareView{}, err
	}
	return viewShare(c, rq.Lang), nil
}

// act changes one of the caller's consents, which meets its subject's account first.
func (h Consent) act(ctx context.Context, rq Request, id string, change func(*consent.Consent) error) (shareView, error) {
	sub, refs, err := whose(ctx, h.Subjects, rq.Actor)
	if err != nil {
		return shareView{}, err
	}
	c, err := h.Consents.Update(ctx, id, func(c *consent.Consent) error {
		if !slices.Contains(refs, c.Subject.Ref) || c.Subject.Kind != sub.Kind {
			return notYours(nil)
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
func (h Consent) signature(ctx context.Context, rq Request, in agreedRequest) (consent.Signature, error) {
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
	byID
	agreedRequest
	Scopes []string `json:"scopes,omitempty" validate:"omitempty,max=40,dive,required,max=40" description:"Only these of what was asked for"`
	Days   int      `json:"days,omitempty" validate:"gte=0,lte=3660" description:"At most so many days; as asked for when absent"`
	Reads  int      `json:"reads,omitempty" validate:"gte=0,lte=1000" description:"At most so many reads; as asked for when absent"`
}

func (h Consent) approve(ctx context.Context, rq Request, in approveConsentRequest) (shareView, error) {
	s, err := h.signature(ctx, rq, in.agreedRequest)
	if err != nil {
		return shareView{}, err
	}
	return h.act(ctx, rq, in.ID, func(c *consent.Consent) error {
		return c.Give(rq.Actor, s, consent.Narrowing{Scopes: in.Scopes, Days: in.Days, Reads: in.Reads}, h.Policy, rq.Now)
	})
}

func (h Consent) deny(ctx context.Context, rq Request, in byID) (shareView, error) {
	return h.act(ctx, rq, in.ID, func(c *consent.Consent) error { return c.Deny(rq.Actor, rq.Now) })
}

func (h Consent) withdraw(ctx context.Context, rq Request, in byID) (shareView, error) {
	return h.act(ctx, rq, in.ID, func(c *consent.Consent) error { return c.Withdraw(rq.Actor, rq.Now) })
}

type offerRequest struct {
	agreedRequest
	Recipient string       `json:"recipient,omitempty" validate:"required_without=Class,excluded_with=Class,omitempty,max=64" description:"Organisation"`
	Class     models.Role  `json:"class,omitempty" validate:"omitempty,oneof=bank provider department" description:"Any organisation of this kind"`
	Purpose   string       `json:"purpose" validate:"required,max=64"`
	Scopes    []string     `json:"scopes" validate:"required,max=40,dive,required,max=40"`
	Mode      consent.Mode `json:"mode,omitempty" validate:"omitempty,oneof=ONETIME PERIODIC" description:"ONETIME when absent"`
	Days      int          `json:"days" validate:"required"`
	Reads     int          `json:"reads,omitempty" validate:"gte=0,lte=1000"`
}

func (h Consent) offer(ctx context.Context, rq Request, in offerRequest) (shareView, error) {
	sub, _, err := whose(ctx, h.Subjects, rq.Actor)
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
			return shareView{}, pointAt(err, "/recipient", "consent.recipient_unknown")
		}
		name = p.Name
	}
	t := consent.Terms{Purpose: in.Purpose, Recipient: in.Recipient, Class: in.Class, Scopes: in.Scopes, Mode: in.Mode, Days: in.Days, Reads: in.Reads}
	c, err := consent.Offer(rq.NewID(), rq.Actor, sub, t, name, s, h.Policy, rq.Now)
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
	ID       string           `json:"id"`
	At       time.Time        `json:"at"`
	Office   string           `json:"recipient"`
	Purpose  namedCode        `json:"purpose"`
	Scopes   []string         `json:"scopes"`
	Records  int              `json:"records"`
	Until    time.Time        `json:"until"`
	Standing consent.Standing `json:"status" enum:"active,revoked,expired"`
}

type receiptsRequest struct {
	byID
	PageQuery
}

func (h Consent) receipts(ctx context.Context, rq Request, in receiptsRequest) (List[receiptRow], error) {
	c, err := h.own(ctx, rq, in.ID)
	if err != nil {
		return List[receiptRow]{}, err
	}
	page, err := h.Receipts.Find(ctx, store.ReceiptsOf(c.ID).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[receiptRow]{}, err
	}
	return Listed(page, func(r *consent.Receipt) receiptRow {
		return receiptRow{r.ID, r.At, r.To.Org, viewPurpose(r.Purpose, rq.Lang), r.Scopes, r.Records, r.Until, r.Stands(c, rq.Now)}
	}), nil
}

// Portions are what an export holds of consents.
func (h Consent) Portions() []Portion {
	return []Portion{Listing("consents", true, func(ctx context.Context, rq Request, p PageQuery) (List[shareView], error) {
		return h.mine(ctx, rq, consentsRequest{PageQuery: p})
	})}
}
