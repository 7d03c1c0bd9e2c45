// Package credential serves honours that a third party checks without us (电子荣誉凭证).
package credential

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/handlers/paper"
	"xinyi/models"
	"xinyi/models/credential"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler serves honours that a third party checks: for their holders, and for whoever is shown one.
type Handler struct {
	store.Credential
	Subjects usecase.Subjects // who holds
	Seals    models.Seals
	Policy   credential.Policy
	Address  func() string // public address of this service
}

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	r.Page("/.well-known/jwt-vc-issuer", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderCacheControl, "public, max-age=3600")
		return c.JSON(h.metadata())
	})
	tag := api.Tag("credentials")
	api.Get(r, "/me/credentials", h.list, mayMine, tag)
	api.Get(r, "/me/credentials/{id}/presentations", h.presentations, mayMine, tag)
	api.Get(r, "/me/honours/{award}/credential", h.token, mayMine, api.Limit(time.Minute, 30), tag)
	api.Get(r, "/me/honours/{award}/certificate.pdf", h.certificate, mayMine, api.Limit(time.Minute, 30), tag)

	api.Post(r, "/credentials/verify", h.verify, api.Open(), api.Limit(time.Minute, 30), tag)
	api.Get(r, "/credentials/verify/{code}", h.verifyCode, api.Open(), api.Limit(time.Minute, 30), tag)
	api.Get(r, "/credentials/verify/{code}/page", h.verifyPage, api.Open(), api.Limit(time.Minute, 30), tag)
	api.Get(r, "/credentials/status/{list}", h.status, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Get(r, "/credentials/types/{kind}", h.kind, api.Open(), tag)
}

func (h Handler) issuer() credential.Issuer {
	return credential.Issuer{Address: strings.TrimSuffix(h.Address(), "/"), Seals: h.Seals}
}

// issuerMetadata is how a verifier finds the keys (draft-ietf-oauth-sd-jwt-vc): the public halves of our seals.
type issuerMetadata struct {
	Issuer string   `json:"issuer"`
	JWKS   api.Jwks `json:"jwks"`
}

func (h Handler) metadata() issuerMetadata {
	m := issuerMetadata{Issuer: h.issuer().Address, JWKS: api.Jwks{Keys: []api.Jwk{}}}
	for _, s := range h.Seals {
		m.JWKS.Keys = append(m.JWKS.Keys, api.Jwk{Kty: "OKP", Crv: "Ed25519", Alg: "EdDSA", Use: "sig", Kid: s.ID,
			X: base64.RawURLEncoding.EncodeToString(s.Public)})
	}
	return m
}

// presentationView is that a credential was taken along.
type presentationView struct {
	At    time.Time         `json:"at"`
	As    credential.Medium `json:"as"`
	Shows []string          `json:"shows" description:"Names of the claims it disclosed"`
}

func viewPresentation(p *credential.Presentation) presentationView {
	return presentationView{p.At, p.Medium, append([]string{}, p.Shows...)}
}

// view is a credential as its holder sees it.
type view struct {
	ID       string             `json:"id"`
	Revision int64              `json:"revision"`
	Kind     credential.Kind    `json:"kind"`
	Of       string             `json:"honourId"`
	State    credential.State   `json:"state"`
	No       string             `json:"number"`
	Title    string             `json:"title"`
	Level    int                `json:"level" description:"1 town, 2 county, 3 city, 4 province, 5 nation"`
	Name     string             `json:"name" description:"As it is shown: masked when I do not want to be named"`
	Since    models.Day         `json:"validFrom"`
	Until    models.Day         `json:"validUntil"`
	At       time.Time          `json:"issuedAt"`
	Claims   []string           `json:"claims" description:"What I may choose to disclose"`
	Code     string             `json:"verifyCode"`
	URL      string             `json:"verifyUrl"`
	Shown    []presentationView `json:"presentations" description:"The last ten"`
}

// Revised lets clients ask whether it changed.
func (v view) Revised() int64 { return v.Revision }

// lastShown is how many presentations stand beside a credential.
const lastShown = 10

func (h Handler) view(ctx context.Context, rq api.Request, c *credential.Credential) (view, error) {
	v := view{
		ID: c.ID, Revision: c.Head().Revision, Kind: c.Kind, Of: c.Of, State: c.Standing(rq.Now), No: c.Facts.No, Title: c.Facts.Title.In(rq.Lang), Level: c.Facts.Level,
		Name: c.Name.Reveal(), Since: c.Facts.Since, Until: c.Facts.Until, At: c.At, Claims: c.Names(), Code: c.Code, URL: h.url(c.Code), Shown: []presentationView{},
	}
	page, err := h.Presentations.Find(ctx, store.PresentationsOf(c.ID).Page(lastShown, ""))
	if err != nil {
		return v, err
	}
	v.Shown = api.Listed(page, viewPresentation).Items
	return v, nil
}

// url is where a code is checked: what the QR code on paper says.
func (h Handler) url(code string) string {
	return h.issuer().Address + "/v1/credentials/verify/" + code + "/page"
}

func (h Handler) list(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[view], error) {
	sub, err := file.OwnSubject(ctx, h.Subjects, rq)
	if err != nil {
		return api.List[view]{}, err
	}
	page, err := h.Credentials.Find(ctx, store.CredentialsHeldBy(sub.Ref).Page(in.Limit, in.Cursor))
	if err != nil {
		return api.List[view]{}, err
	}
	l := api.List[view]{Items: []view{}, NextCursor: page.Next}
	for _, c := range page.Items {
		v, err := h.view(ctx, rq, c)
		if err != nil {
			return l, err
		}
		l.Items = append(l.Items, v)
	}
	return l, nil
}

type presentationsRequest struct {
	ID string `path:"id" validate:"required,max=64"`
	api.PageQuery
}

func (h Handler) presentations(ctx context.Context, rq api.Request, in presentationsRequest) (api.List[presentationView], error) {
	sub, err := file.OwnSubject(ctx, h.Subjects, rq)
	if err != nil {
		return api.List[presentationView]{}, err
	}
	c, err := h.Credentials.Get(ctx, in.ID)
	if err != nil || !c.Holder.Is(sub) {
		return api.List[presentationView]{}, api.NotYours(err)
	}
	return api.Found(ctx, h.Presentations, store.PresentationsOf(c.ID), in.PageQuery, viewPresentation)
}

// mine is the newest credential of an award of the caller's. Errors: NotFound.
func (h Handler) mine(ctx context.Context, rq api.Request, award string) (*credential.Credential, error) {
	sub, err := file.OwnSubject(ctx, h.Subjects, rq)
	if err != nil {
		return nil, err
	}
	c, err := h.Credentials.First(ctx, store.CredentialsOf(award))
	if err != nil || !c.Holder.Is(sub) {
		return nil, api.NotYours(err)
	}
	return c, nil
}

// shown notes in its holder's log that a credential is taken along. Errors: Conflict "credential.over"; Invalid.
func (h Handler) shown(ctx context.Context, rq api.Request, c *credential.Credential, shows []string, as credential.Medium) error {
	p, err := c.Present(rq.NewID(), shows, as, h.Policy, rq.Now)
	if err != nil {
		return err
	}
	return h.Presentations.Insert(ctx, p)
}

type discloseRequest struct {
	Award    string   `path:"award" validate:"required,max=64"`
	Disclose []string `query:"disclose" validate:"max=10,dive,oneof=name uscc deed region unit" description:"Claims to show besides what is always there (title, level, number, from when to when): name, uscc, deed, region, unit"`
}

func (h Handler) token(ctx context.Context, rq api.Request, in discloseRequest) (api.Download, error) {
	c, err := h.mine(ctx, rq, in.Award)
	if err != nil {
		return api.Download{}, err
	}
	text, err := c.Token(h.issuer(), in.Disclose)
	if err == nil {
		err = h.shown(ctx, rq, c, in.Disclose, credential.Token)
	}
	return api.Download{Kind: "application/" + credential.Type, Body: []byte(text)}, err
}

type honourRequest struct {
	Award string `path:"award" validate:"required,max=64"`
}

func (h Handler) certificate(ctx context.Context, rq api.Request, in honourRequest) (api.Download, error) {
	c, err := h.mine(ctx, rq, in.Award)
	if err != nil {
		return api.Download{}, err
	}
	if err := h.shown(ctx, rq, c, c.Names(), credential.Paper); err != nil {
		return api.Download{}, err
	}
	raw, err := PrintCertificate(c, h.url(c.Code), rq.Lang)
	if err != nil {
		return api.Download{}, models.E(models.Internal, "internal", err)
	}
	if raw, err = paper.SealPDF(raw, c.Facts.No, h.Seals); err != nil {
		return api.Download{}, err
	}
	return api.Download{Kind: "application/pdf", Body: raw}, nil
}

// A kept answer is nobody's secret: whoever asks may keep it for a while.
type kept struct {
	api.Download
	life time.Duration
}

// Lasts implements Lasting.
func (k kept) Lasts() time.Duration { return k.life }

type statusRequest struct {
	List string `path:"list" validate:"required,max=16"`
}

func (h Handler) status(ctx context.Context, rq api.Request, in statusRequest) (kept, error) {
	l, err := h.Lists.Get(ctx, in.List)
	if err != nil {
		return kept{}, err
	}
	text, err := l.Token(h.issuer(), h.Policy, rq.Now)
	return kept{api.Download{Kind: "application/" + credential.ListType, Body: []byte(text)}, min(h.Policy.StatusTTL, time.Minute)}, err
}

// named are words in a language (SD-JWT VC type metadata).
type namedIn struct {
	Locale string `json:"locale"`
	Name   string `json:"name"`
	Label  string `json:"label,omitempty"`
}

type claimMetadata struct {
	Path    []string  `json:"path"`
	SD      string    `json:"sd" enum:"always,never"`
	Display []namedIn `json:"display"`
}

type kindView struct {
	Vct     string          `json:"vct"`
	Name    string          `json:"name" personal:"false"`
	Display []namedIn       `json:"display"`
	Claims  []claimMetadata `json:"claims"`
}

type kindRequest struct {
	Kind string `path:"kind" validate:"required,oneof=honour plaque"`
}

func (h Handler) kind(_ context.Context, rq api.Request, in kindRequest) (kindView, error) {
	k := credential.Kind(strings.ToUpper(in.Kind))
	both := func(key string, label bool) []namedIn {
		zh, en := namedIn{Locale: "zh-CN", Name: api.Say(key, "zh", nil)}, namedIn{Locale: "en", Name: api.Say(key, "en", nil)}
		if label {
			zh.Label, en.Label = zh.Name, en.Name
		}
		return []namedIn{zh, en}
	}
	v := kindView{Vct: h.issuer().TypeURI(k), Name: api.Say("credential.kind."+string(k), rq.Lang, nil),
		Display: both("credential.kind."+string(k), false)}
	for _, name := range []string{"title", "level", "number", "valid_from", "valid_until"} {
		v.Claims = append(v.Claims, claimMetadata{[]string{name}, "never", both("credential.claim."+name, true)})
	}
	for _, name := range credential.Selectable {
		v.Claims = append(v.Claims, claimMetadata{[]string{name}, "always", both("credential.claim."+name, true)})
	}
	return v, nil
}

// Portions are what an export holds of credentials.
func (h Handler) Portions() []api.Portion {
	return []api.Portion{api.Listing("credentials", true, h.list)}
}
