package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/golang-jwt/jwt/v5"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/store"
)

// An Issuer is an outside sign-in we trust: the city's app, Firebase Authentication, Keycloak.
type Issuer struct {
	URL     string   // as in iss; its discovery document lies below
	Clients []string // aud: our client ids there

	// PhoneIsVerified: the issuer's phone_number is always verified and it sends no phone_number_verified
	// (Firebase Authentication). Otherwise a phone counts only with phone_number_verified.
	PhoneIsVerified bool
}

// OIDC checks ID tokens. An issuer is looked up when the first of its tokens comes, so one that is down does not keep us from starting.
type OIDC struct {
	issuers map[string]Issuer
	now     func() time.Time
	client  *http.Client // asks issuers, no more often than need be

	mu        sync.Mutex
	providers map[string]*oidc.Provider
}

// NewOIDC makes a checker for issuers.
func NewOIDC(now func() time.Time, issuers ...Issuer) *OIDC {
	o := &OIDC{
		issuers: map[string]Issuer{}, now: now, providers: map[string]*oidc.Provider{},
		client: &http.Client{Transport: &unhurried{next: http.DefaultTransport, now: now, told: map[string]*told{}}, Timeout: issuerWithin},
	}
	for _, i := range issuers {
		o.issuers[i.URL] = i
	}
	return o
}

// subject is what an ID token says of its holder.
type subject struct {
	issuer, id string
	phone      models.Secret // empty unless verified
}

var (
	errIssuer  = errors.New("not an issuer we trust")
	errSubject = errors.New("it names nobody: sub is empty")
)

// check verifies an ID token. Errors: Unauthenticated "identity.oidc_refused"; Unavailable when the issuer does not answer.
func (o *OIDC) check(ctx context.Context, token string) (subject, error) {
	refused := func(err error) (subject, error) {
		return subject{}, models.E(models.Unauthenticated, "identity.oidc_refused", err)
	}
	var said jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(token, &said); err != nil { // only to learn whose keys to use
		return refused(err)
	}
	issuer, ok := o.issuers[said.Issuer]
	if !ok {
		return refused(errIssuer)
	}
	provider, err := o.provider(ctx, issuer.URL)
	if err != nil {
		return subject{}, models.E(models.Unavailable, "identity.oidc_silent", err)
	}
	checked, err := provider.Verifier(&oidc.Config{SkipClientIDCheck: true, Now: o.now}).Verify(ctx, token)
	if err != nil {
		return refused(err)
	}
	if !slices.ContainsFunc(checked.Audience, func(aud string) bool { return slices.Contains(issuer.Clients, aud) }) {
		return refused(fmt.Errorf("for %v, not for us", checked.Audience))
	}
	var phone struct {
		Number   string `json:"phone_number"`
		Verified bool   `json:"phone_number_verified"`
	}
	if err := checked.Claims(&phone); err != nil {
		return refused(err)
	}
	if strings.TrimSpace(checked.Subject) == "" {
		return refused(errSubject)
	}
	s := subject{issuer: issuer.URL, id: checked.Subject}
	if phone.Number != "" && (phone.Verified || issuer.PhoneIsVerified) {
		if number, err := identity.ReadPhone(phone.Number); err == nil { // a foreign number is none of ours; who is linked already needs none
			s.phone = number
		}
	}
	return s, nil
}

func (o *OIDC) provider(ctx context.Context, url string) (*oidc.Provider, error) {
	o.mu.Lock()
	p := o.providers[url]
	o.mu.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), o.client), url) // it keeps the context to fetch keys later
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	o.providers[url] = p
	o.mu.Unlock()
	return p, nil
}

type oidcRequest struct {
	IDToken string     `json:"idToken" text:"raw" validate:"required,max=8192"`
	Device  api.Device `json:"device,omitempty" validate:"omitempty,max=100" description:"What the app calls the device: a name, or {name, model, platform, id}"`
}

func (h Handler) signInOIDC(ctx context.Context, rq api.Request, in oidcRequest) (signedIn, error) {
	if h.OIDC == nil {
		return signedIn{}, models.E(models.Unavailable, "identity.no_oidc")
	}
	who, err := h.OIDC.check(ctx, in.IDToken)
	if err != nil {
		return signedIn{}, err
	}
	p, err := h.linked(ctx, rq, who)
	if err != nil {
		return signedIn{}, err
	}
	return h.start(ctx, rq, p, string(in.Device), "oidc")
}

// linked finds the person a subject was linked to, or links the one with the subject's verified phone.
func (h Handler) linked(ctx context.Context, rq api.Request, who subject) (*identity.Person, error) {
	id := store.LinkID(who.issuer, who.id)
	link, err := h.Links.Get(ctx, id)
	if err == nil {
		p, fault := api.Here(h.People.Get(ctx, link.Person))
		if models.CodeOf(fault) != models.NotFound {
			return p, fault
		}
		if err := h.Links.Delete(ctx, id); err != nil { // the account is closed: who signs in now is a new person
			return nil, err
		}
		err = fault
	}
	if models.CodeOf(err) != models.NotFound {
		return nil, err
	}
	if who.phone.Empty() {
		return nil, models.E(models.Unauthenticated, "identity.oidc_no_phone")
	}
	p, err := h.personOf(ctx, rq, who.phone)
	if err != nil {
		return nil, err
	}
	link = &identity.Link{Issuer: who.issuer, Person: p.ID}
	link.ID = id
	if err := h.Links.Insert(ctx, link); err != nil && models.CodeOf(err) != models.Conflict {
		return nil, err
	}
	return p, nil
}
