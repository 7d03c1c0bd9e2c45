package handlers

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"xinyi/models"
	"xinyi/models/credential"
	"xinyi/store"
)

// Credential is the door to honours that a third party checks: for their holders, and for whoever is shown one.
type Credential struct {
	store.Credential
	Subjects store.Subjects // who holds
	Seals    models.Seals
	Policy   credential.Policy
	Address  func() string // public address of this service
}

// Mount names the routes.
func (h Credential) Mount(r *Router) {
	r.App().Get("/.well-known/jwt-vc-issuer", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderCacheControl, "public, max-age=3600")
		return c.JSON(h.metadata())
	})
	tag := Tag("credentials")
	Get(r, "/me/credentials", h.list, Does("My credentials, the newest first, each with when it was last taken along"), May("credentials.mine"), tag)
	Get(r, "/me/credentials/{id}/presentations", h.presentations, Does("When I took a credential along, and what it showed, the last first"), May("credentials.mine"), tag)
	Get(r, "/me/honours/{award}/credential", h.token, Does("An honour as a compact SD-JWT VC that shows what I choose, for anybody to check offline",
		"What is not chosen cannot be learned from it. Each is noted in my own list. Number and place in the status list are always the same: two who compare theirs can tell that it is one holder."),
		May("credentials.mine"), Limit(time.Minute, 30), tag)
	Get(r, "/me/honours/{award}/certificate.pdf", h.certificate, Does("An honour as a certificate to print: A4 across, sealed, with a code to check it by"), May("credentials.mine"), Limit(time.Minute, 30), tag)

	Post(r, "/credentials/verify", h.verify, Does("Whether a credential one was shown is genuine and stands", "By its text (token) or the code on its paper. Answers what it discloses and nothing else."), Open(), Limit(time.Minute, 30), tag)
	Get(r, "/credentials/verify/{code}", h.verifyCode, Does("Whether the honour on a paper stands", "The name of a person is masked."), Open(), Limit(time.Minute, 30), tag)
	Get(r, "/credentials/verify/{code}/page", h.verifyPage, Does("The same as a page, for who scanned the code"), Open(), Limit(time.Minute, 30), tag)
	Get(r, "/credentials/status/{list}", h.status, Does("A status list, signed: a bit for each credential, set when it does not stand any more",
		"draft-ietf-oauth-status-list; may be kept for its ttl, and gone by offline until its exp."), Open(), Limit(time.Minute, 120), tag)
	Get(r, "/credentials/types/{kind}", h.kind, Does("What the credentials of a kind say: SD-JWT VC type metadata"), Open(), tag)
}

func (h Credential) issuer() credential.Issuer {
	return credential.Issuer{Address: strings.TrimSuffix(h.Address(), "/"), Seals: h.Seals}
}

// issuerMetadata is how a verifier finds the keys (draft-ietf-oauth-sd-jwt-vc): the public halves of our seals.
type issuerMetadata struct {
	Issuer string `json:"issuer"`
	JWKS   jwks   `json:"jwks"`
}

func (h Credential) metadata() issuerMetadata {
	m := issuerMetadata{Issuer: h.issuer().Address, JWKS: jwks{Keys: []jwk{}}}
	for _, s := range h.Seals {
		m.JWKS.Keys = append(m.JWKS.Keys, jwk{"OKP", "Ed25519", "EdDSA", "sig", s.ID, base64.RawURLEncoding.EncodeToString(s.Public)})
	}
	return m
}

// presentationView is that a credential was taken along.
type presentationView struct {
	At    time.Time         `json:"at"`
	As    credential.Medium `json:"as" enum:"TOKEN,PAPER"`
	Shows []string          `json:"shows" description:"Names of the claims it disclosed"`
}

func viewPresentation(p *credential.Presentation) presentationView {
	return presentationView{p.At, p.Medium, append([]string{}, p.Shows...)}
}

// credentialView is a credential as its holder sees it.
type credentialView struct {
	ID       string             `json:"id"`
	Revision int64              `json:"revision"`
	Kind     credential.Kind    `json:"kind" enum:"HONOUR,PLAQUE"`
	Of       string             `json:"honourId"`
	State    credential.State   `json:"state" enum:"VALID,REVOKED,EXPIRED,REPLACED"`
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
func (v credentialView) Revised() int64 { return v.Revision }

// lastShown is how many presentations stand beside a credential.
const lastShown = 10

func (h Credential) view(ctx context.Context, rq Request, c *credential.Credential) (credentialView, error) {
	v := credentialView{
		ID: c.ID, Revision: c.Head().Revision, Kind: c.Kind, Of: c.Of, State: c.Standing(rq.Now), No: c.Facts.No, Title: c.Facts.Title.In(rq.Lang), Level: c.Facts.Level,
		Name: c.Name.Reveal(), Since: c.Facts.Since, Until: c.Facts.Until, At: c.At, Claims: c.Names(), Code: c.Code, URL: h.url(c.Code), Shown: []presentationView{},
	}
	page, err := h.Presentations.Find(ctx, store.PresentationsOf(c.ID).Page(lastShown, ""))
	if err != nil {
		return v, err
	}
	v.Shown = Listed(page, viewPresentation).Items
	return v, nil
}

// url is where a code is checked: what the QR code on paper says.
func (h Credential) url(code string) string {
	return h.issuer().Address + "/v1/credentials/verify/" + code + "/page"
}

func (h Credential) list(ctx context.Context, rq Request, in PageQuery) (List[credentialView], error) {
	sub, err := ownSubject(ctx, h.Subjects, rq)
	if err != nil {
		return List[credentialView]{}, err
	}
	page, err := h.Credentials.Find(ctx, store.CredentialsHeldBy(sub.Ref).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[credentialView]{}, err
	}
	l := List[credentialView]{Items: []credentialView{}, NextCursor: page.Next}
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
	PageQuery
}

func (h Credential) presentations(ctx context.Context, rq Request, in presentationsRequest) (List[presentationView], error) {
	sub, err := ownSubject(ctx, h.Subjects, rq)
	if err != nil {
		return List[presentationView]{}, err
	}
	c, err := h.Credentials.Get(ctx, in.ID)
	if err != nil || !c.Holder.Is(sub) {
		return List[presentationView]{}, notYours(err)
	}
	page, err := h.Presentations.Find(ctx, store.PresentationsOf(c.ID).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[presentationView]{}, err
	}
	return Listed(page, viewPresentation), nil
}

// mine is the newest credential of an award of the caller's. Errors: NotFound.
func (h Credential) mine(ctx context.Context, rq Request, award string) (*credential.Credential, error) {
	sub, err := ownSubject(ctx, h.Subjects, rq)
	if err != nil {
		return nil, err
	}
	c, err := h.Credentials.First(ctx, store.CredentialsOf(award))
	if err != nil || !c.Holder.Is(sub) {
		return nil, notYours(err)
	}
	return c, nil
}

// shown notes in its holder's log that a credential is taken along. Errors: Conflict "credential.over"; Invalid.
func (h Credential) shown(ctx context.Context, rq Request, c *credential.Credential, shows []string, as credential.Medium) error {
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

func (h Credential) token(ctx context.Context, rq Request, in discloseRequest) (download, error) {
	c, err := h.mine(ctx, rq, in.Award)
	if err != nil {
		return download{}, err
	}
	text, err := c.Token(h.issuer(), in.Disclose)
	if err == nil {
		err = h.shown(ctx, rq, c, in.Disclose, credential.Token)
	}
	return download{"application/" + credential.Type, []byte(text)}, err
}

type honourRequest struct {
	Award string `path:"award" validate:"required,max=64"`
}

func (h Credential) certificate(ctx context.Context, rq Request, in honourRequest) (download, error) {
	c, err := h.mine(ctx, rq, in.Award)
	if err != nil {
		return download{}, err
	}
	if err := h.shown(ctx, rq, c, c.Names(), credential.Paper); err != nil {
		return download{}, err
	}
	raw, err := PrintCertificate(c, h.url(c.Code), rq.Lang)
	if err != nil {
		return download{}, models.E(models.Internal, "internal", err)
	}
	if raw, err = sealPDF(raw, c.Facts.No, h.Seals); err != nil {
		return download{}, err
	}
	return download{"application/pdf", raw}, nil
}

// A kept answer is nobody's secret: whoever asks may keep it for a while.
type kept struct {
	download
	life time.Duration
}

// Lasts implements Lasting.
func (k kept) Lasts() time.Duration { return k.life }

type statusRequest struct {
	List string `path:"list" validate:"required,max=16"`
}

func (h Credential) status(ctx context.Context, rq Request, in statusRequest) (kept, error) {
	l, err := h.Lists.Get(ctx, in.List)
	if err != nil {
		return kept{}, err
	}
	text, err := l.Token(h.issuer(), h.Policy, rq.Now)
	return kept{download{"application/" + credential.ListType, []byte(text)}, min(h.Policy.StatusTTL, time.Minute)}, err
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

func (h Credential) kind(_ context.Context, rq Request, in kindRequest) (kindView, error) {
	k := credential.Kind(strings.ToUpper(in.Kind))
	both := func(key string, label bool) []namedIn {
		zh, en := namedIn{Locale: "zh-CN", Name: say(key, "zh", nil)}, namedIn{Locale: "en", Name: say(key, "en", nil)}
		if label {
			zh.Label, en.Label = zh.Name, en.Name
		}
		return []namedIn{zh, en}
	}
	v := kindView{Vct: h.issuer().TypeURI(k), Name: say("credential.kind."+string(k), rq.Lang, nil), Display: both("credential.kind."+string(k), false)}
	for _, name := range []string{"title", "level", "number", "valid_from", "valid_until"} {
		v.Claims = append(v.Claims, claimMetadata{[]string{name}, "never", both("credential.claim."+name, true)})
	}
	for _, name := range credential.Selectable {
		v.Claims = append(v.Claims, claimMetadata{[]string{name}, "always", both("credential.claim."+name, true)})
	}
	return v, nil
}

// Portions are what an export holds of credentials.
func (h Credential) Portions() []Portion { return []Portion{Listing("credentials", true, h.list)} }
