package consent

import (
	"cmp"
	"context"
	"errors"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/consent"
	"xinyi/models/identity"
	"xinyi/models/organisation"
	"xinyi/store"
)

// Partners is where the credit office says what partners may ask for.
type Partners struct {
	store.Consent
	Clients *store.Repo[identity.Client]
}

// Mount names the routes.
func (h Partners) Mount(r *api.Router) {
	api.Put(r, "/consents/partners/{client}", h.register, mayPartners)
	api.Get(r, "/consents/partners/{client}", h.get, mayPartners)
}

func compare(a, b string) int { return cmp.Compare(a, b) }

type partnerRequest struct {
	Client string              `path:"client" validate:"required,max=64"`
	Grants map[string][]string `json:"grants" validate:"required,max=20" description:"Purpose to scopes; item.* is any item of the catalogue"`
	Sign   consent.Algorithm   `json:"sign,omitempty" validate:"omitempty,known" description:"Its queries are signed; absent: its credentials count"`
	Key    string              `json:"key,omitempty" validate:"max=512" description:"Base64: the Ed25519 public key, or an HMAC secret of at least 24 bytes; never shown again"`
	Box    string              `json:"box,omitempty" text:"raw" validate:"max=4096" description:"JWK of the public key (EC, or RSA of 2048 bits and up) that packages for it are encrypted to"`
}

type partnerView struct {
	Client string              `json:"client"`
	Org    string              `json:"org"`
	Office string              `json:"name"`
	Kind   models.Role         `json:"kind"`
	Grants map[string][]string `json:"grants"`
	Sign   consent.Algorithm   `json:"sign,omitempty"`
	Box    string              `json:"box,omitempty"`
	At     time.Time           `json:"at"`
}

func viewPartner(p *consent.Partner) partnerView {
	return partnerView{p.ID, p.Org, p.Name, p.Kind, p.Grants, p.Sign, p.Box, p.At}
}

// client is a system whose organisation is, or answers to, the caller's own.
func (h Partners) client(ctx context.Context, rq api.Request, id string) (*identity.Client, error) {
	c, err := h.Clients.Get(ctx, id)
	if err != nil || !organisation.Over(c.Scope, rq.Actor) || !api.Covers(rq.Actor, c.Region) {
		return nil, api.NotYours(err)
	}
	return c, nil
}

func (h Partners) register(ctx context.Context, rq api.Request, in partnerRequest) (partnerView, error) {
	c, err := h.client(ctx, rq, in.Client)
	if err != nil {
		return partnerView{}, err
	}
	if in.Box != "" {
		if _, err := file.BoxOf(in.Box); err != nil {
			return partnerView{}, err
		}
	}
	g := consent.Grant{Scopes: in.Grants, Sign: in.Sign, Key: models.NewSecret(in.Key), Box: in.Box}
	p, err := h.Partners.Update(ctx, c.ID, func(p *consent.Partner) error { return p.Change(g, rq.Actor, rq.Now) })
	if errors.Is(err, models.NotFound) {
		if p, err = consent.NewPartner(consent.System{Client: c.ID, Name: c.Name, Org: c.Org, Kind: c.Kind}, g, rq.Actor, rq.Now); err == nil {
			err = h.Partners.Insert(ctx, p)
		}
	}
	if err != nil {
		return partnerView{}, err
	}
	return viewPartner(p), nil
}

type partnerAt struct {
	Client string `path:"client" validate:"required,max=64"`
}

func (h Partners) get(ctx context.Context, rq api.Request, in partnerAt) (partnerView, error) {
	if _, err := h.client(ctx, rq, in.Client); err != nil {
		return partnerView{}, err
	}
	p, err := h.Partners.Get(ctx, in.Client)
	if err != nil {
		return partnerView{}, err
	}
	return viewPartner(p), nil
}

type askRequest struct {
	Subject file.SubjectRequest `json:"subject"`
	Purpose string              `json:"purpose" validate:"required,max=64"`
	Scopes  []string            `json:"scopes" validate:"required,max=40,dive,required,max=40"`
	Mode    consent.Mode        `json:"mode,omitempty" validate:"omitempty,known" description:"ONETIME when absent"`
	Days    int                 `json:"days" validate:"required"`
	Reads   int                 `json:"reads,omitempty" validate:"gte=0,lte=1000"`
}

// askView is a request as the partner sees it: nothing of whom it asked.
type askView struct {
	ID      string        `json:"id"`
	State   consent.State `json:"state"`
	Reply   *time.Time    `json:"replyUntil,omitempty"`
	Purpose string        `json:"purpose"`
	Scopes  []string      `json:"scopes" description:"Asked for; once given, what was given"`
	Until   *time.Time    `json:"until,omitempty"`
	Left    int           `json:"left"`
}

func viewAsk(c *consent.Consent, now time.Time) askView {
	return askView{c.ID, c.Seen(now), c.Reply, c.Terms.Purpose, c.Terms.Scopes, c.Until, c.Left}
}

func (h Handler) ask(ctx context.Context, rq api.Request, in askRequest) (askView, error) {
	p, err := h.Partners.Get(ctx, rq.Actor.Client)
	if err != nil && !errors.Is(err, models.NotFound) {
		return askView{}, err
	}
	sub, err := file.SubjectOf(ctx, h.Subjects, in.Subject, rq.Now)
	if err != nil {
		return askView{}, err
	}
	t := consent.Terms{Purpose: in.Purpose, Scopes: in.Scopes, Mode: in.Mode, Days: in.Days, Reads: in.Reads}
	c, err := consent.Ask(p, consent.Draft{ID: rq.NewID(), Subject: sub, Terms: t}, h.Policy, rq.Actor, rq.Now)
	if err != nil {
		return askView{}, err
	}
	err = h.Consents.Insert(ctx, c)
	if errors.Is(err, models.Conflict) {
		c, err = h.Consents.Get(ctx, c.ID) // the same request, after a crash
		if errors.Is(err, models.NotFound) {
			err = models.E(models.Conflict, "consent.asked_already")
		}
	}
	if err != nil {
		return askView{}, err
	}
	return viewAsk(c, rq.Now), nil
}

func (h Handler) asked(ctx context.Context, rq api.Request, in api.ByID) (askView, error) {
	c, err := h.Consents.Get(ctx, in.ID)
	if err != nil || c.Asker.Org == "" || c.Asker.Org != rq.Actor.Org {
		return askView{}, api.NotYours(err)
	}
	return viewAsk(c, rq.Now), nil
}

// shareView is a consent as its subject sees it.
type shareView struct {
	ID         string           `json:"id"`
	State      consent.State    `json:"state"`
	Recipient  string           `json:"recipient,omitempty" description:"Organisation; empty for a kind of organisations"`
	Called     string           `json:"recipientName,omitempty"`
	Class      models.Role      `json:"class,omitempty"`
	Purpose    api.NamedCode    `json:"purpose"`
	Scopes     []file.ScopeView `json:"scopes"`
	Mode       consent.Mode     `json:"mode"`
	Days       int              `json:"days"`
	Reads      int              `json:"reads"`
	Left       int              `json:"left"`
	AskedAt    time.Time        `json:"askedAt"`
	ReplyUntil *time.Time       `json:"replyUntil,omitempty"`
	From       *time.Time       `json:"from,omitempty"`
	Until      *time.Time       `json:"until,omitempty"`
	Text       file.TextView    `json:"text" description:"Shown before somebody agrees; of a consent that was given, what was shown"`
	Notices    []file.TextView  `json:"notices" description:"That its scopes need besides"`
	ByAgent    bool             `json:"byAgent,omitzero" description:"Given by a guardian or an agent"`
	revision   int64
}

// Revised makes the consent carry an ETag.
func (v shareView) Revised() int64 { return v.revision }

func viewPurpose(code, lang string) api.NamedCode {
	return api.NamedCode{Code: code, Name: consent.Purposes[code].In(lang)}
}

func viewShare(c *consent.Consent, lang string) shareView {
	v := shareView{
		ID: c.ID, State: c.State, Recipient: c.Terms.Recipient, Called: c.Name, Class: c.Terms.Class, Purpose: viewPurpose(c.Terms.Purpose, lang),
		Scopes: []file.ScopeView{}, Mode: c.Terms.Mode, Days: c.Terms.Days, Reads: c.Terms.Reads, Left: c.Left, AskedAt: c.CreatedAt, ReplyUntil: c.Reply,
		From: c.From, Until: c.Until, Text: file.ViewText(consent.Main, lang), Notices: []file.TextView{}, ByAgent: c.Giver.Agent != "", revision: c.Revision,
	}
	for _, s := range c.Terms.Scopes {
		v.Scopes = append(v.Scopes, file.ViewScope(s, lang))
	}
	for _, n := range consent.Notices(c.Terms.Scopes) {
		v.Notices = append(v.Notices, file.ViewText(n, lang))
	}
	if c.Text.ID != "" && c.Text.Hash != consent.Main.Hash() { // given on an earlier text
		v.Text = file.TextView{ID: c.Text.ID, Version: c.Text.Version, Hash: c.Text.Hash}
	}
	return v
}
