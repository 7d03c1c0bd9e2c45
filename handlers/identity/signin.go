package identity

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/store"
)

type codeRequest struct {
	Phone  string `json:"phone" validate:"required,cnphone"`
	Device string `json:"deviceToken,omitempty" text:"raw" validate:"omitempty,max=200" description:"That of the last sign-in on this device: nobody else's requests keep it from getting a code"`
}

type codeSent struct {
	Challenge   string `json:"challenge" description:"To be sent back with the code, so that a change of network in between does not matter"`
	ExpiresIn   int    `json:"expiresIn" description:"Seconds the code is good"`
	ResendAfter int    `json:"resendAfter" description:"Seconds until another can be asked for"`
}

func (h Handler) sendCode(ctx context.Context, rq api.Request, in codeRequest) (codeSent, error) {
	if h.SMS == nil {
		return codeSent{}, models.E(models.Unavailable, "identity.no_sms_channel")
	}
	phone, err := identity.ParsePhone(in.Phone)
	if err != nil {
		return codeSent{}, err
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return codeSent{}, models.E(models.Internal, "internal", err)
	}
	code := fmt.Sprintf("%06d", n)
	who := h.askerOf(phone, in.Device, rq)
	if err := h.keepCode(ctx, phone, who, code, rq.Now); err != nil {
		return codeSent{}, err
	}
	if err := h.spend(ctx, phone, who, rq.Now); err != nil {
		return codeSent{}, err
	}
	if err := h.SMS.SendCode(ctx, phone, code, rq.Lang, h.Policy.CodeLife); errors.Is(err, models.Limited) {
		return codeSent{}, err
	} else if err != nil {
		return codeSent{}, models.E(models.Unavailable, "identity.sms_failed", err)
	}
	return codeSent{who.id, int(h.Policy.CodeLife.Seconds()), int(h.Policy.CodeEvery.Seconds())}, nil
}

// codeHash is how a phone's code is kept: bound to the phone, under our key, so that a stolen table cannot be searched.
func (h Handler) codeHash(phone models.Secret, code string) string {
	return h.Keys.Hash(models.NewSecret("code\n" + phone.Reveal() + "\n" + code))
}

func (h Handler) keepCode(ctx context.Context, phone models.Secret, who asker, code string, now time.Time) error {
	id, hash := h.Keys.CodeID(phone, who.id), h.codeHash(phone, code)
	send := func() error {
		_, err := h.Codes.Update(ctx, id, func(c *identity.Code) error { return c.Send(hash, h.Policy, now) })
		return err
	}
	err := send()
	if models.CodeOf(err) != models.NotFound {
		return err
	}
	err = h.Codes.Insert(ctx, identity.NewCode(id, hash, h.Policy, now))
	if models.CodeOf(err) == models.Conflict { // somebody else's first code came in between
		err = send()
	}
	return err
}

type signInRequest struct {
	Phone     string     `json:"phone" validate:"required,cnphone"`
	Code      string     `json:"code" validate:"required,len=6,numeric"`
	Challenge string     `json:"challenge,omitempty" validate:"omitempty,max=100" description:"As it came with the code; without it the code is looked for by device token or address"`
	Token     string     `json:"deviceToken,omitempty" text:"raw" validate:"omitempty,max=200" description:"That of the last sign-in on this device"`
	Device    api.Device `json:"device,omitempty" validate:"omitempty,max=100" description:"What the app calls the device: a name, or {name, model, platform, id}"`
}

type signedIn struct {
	AccessToken  string           `json:"accessToken"`
	RefreshToken string           `json:"refreshToken"`
	TokenType    string           `json:"tokenType" enum:"Bearer"`
	ExpiresIn    int              `json:"expiresIn" description:"Seconds the access token is good"`
	Person       personView       `json:"person"`
	Memberships  []membershipView `json:"memberships"`
	DeviceToken  string           `json:"deviceToken,omitempty" description:"To be kept on the device beyond the session, and sent when it signs in again"`
}

func (h Handler) signIn(ctx context.Context, rq api.Request, in signInRequest) (signedIn, error) {
	phone, err := identity.ParsePhone(in.Phone)
	if err != nil {
		return signedIn{}, err
	}
	good, hash, who := false, h.codeHash(phone, in.Code), in.Challenge
	if who == "" {
		who = h.askerOf(phone, in.Token, rq).id
	}
	_, err = h.Codes.Update(ctx, h.Keys.CodeID(phone, who), func(c *identity.Code) error {
		state, tries := c.State, c.Tries
		good = c.Answer(hash, h.Policy, rq.Now)
		if c.State == state && c.Tries == tries {
			return store.Unchanged()
		}
		return nil
	})
	if code := models.CodeOf(err); code == models.NotFound || err == nil && !good {
		err = models.E(models.Unauthenticated, "identity.code_wrong")
	}
	if err != nil {
		return signedIn{}, err
	}
	p, err := h.personOf(ctx, rq, phone)
	if err != nil {
		return signedIn{}, err
	}
	v, err := h.start(ctx, rq, p, string(in.Device), "code")
	v.DeviceToken = h.deviceToken(phone, in.Token)
	return v, err
}

// personOf finds the person with a phone, or keeps a new one.
func (h Handler) personOf(ctx context.Context, rq api.Request, phone models.Secret) (*identity.Person, error) {
	p, err := h.People.First(ctx, h.Keys.PersonByPhone(phone))
	if models.CodeOf(err) != models.NotFound {
		return p, err
	}
	p = identity.NewPerson(rq.NewID(), phone, rq.Lang, rq.Now)
	err = h.People.Insert(ctx, p)
	if models.CodeOf(err) == models.Conflict {
		return h.People.First(ctx, h.Keys.PersonByPhone(phone))
	}
	return p, err
}

// start signs a person in on a device.
func (h Handler) start(ctx context.Context, rq api.Request, p *identity.Person, device, method string) (signedIn, error) {
	raw := make([]byte, 48)
	if _, err := rand.Read(raw); err != nil {
		return signedIn{}, models.E(models.Internal, "internal", err)
	}
	t := refreshToken{rq.NewID(), base64.RawURLEncoding.EncodeToString(raw[:16]), base64.RawURLEncoding.EncodeToString(raw[16:])}
	s := identity.NewSession(p, identity.SignIn{ID: t.session, Device: device, Method: method, Family: identity.HashToken(t.family),
		Token: identity.HashToken(t.secret)}, h.Policy, rq.Now)
	if err := h.Sessions.Insert(ctx, s); err != nil {
		return signedIn{}, err
	}
	return h.answer(p, t, rq.Now)
}

func (h Handler) answer(p *identity.Person, t refreshToken, now time.Time) (signedIn, error) {
	access, err := h.Tokens.Issue(p.ID, t.session, "")
	return signedIn{
		AccessToken: access, RefreshToken: t.String(), TokenType: "Bearer", ExpiresIn: int(h.Tokens.Life.Seconds()),
		Person: viewPerson(p, now), Memberships: viewMemberships(p, now),
	}, err
}

// A refreshToken names its session and proves it belongs to its family and is the newest.
type refreshToken struct{ session, family, secret string }

func (t refreshToken) String() string { return t.session + "." + t.family + "." + t.secret }

func parseRefresh(s string) (t refreshToken, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return t, false
	}
	return refreshToken{parts[0], parts[1], parts[2]}, true
}

// next is the token that replaces t: only we can derive it, and it is the same each time.
func (h Handler) next(t refreshToken) refreshToken {
	t.secret = h.Keys.Hash(models.NewSecret("refresh\n" + t.String()))
	return t
}

type refreshRequest struct {
	RefreshToken string `json:"refreshToken" text:"raw" validate:"required,max=300"`
}

func (h Handler) refresh(ctx context.Context, rq api.Request, in refreshRequest) (signedIn, error) {
	refused := models.E(models.Unauthenticated, "identity.refresh_refused")
	t, ok := parseRefresh(in.RefreshToken)
	if !ok {
		return signedIn{}, refused
	}
	next, good := h.next(t), false
	s, err := h.Sessions.Update(ctx, t.session, func(s *identity.Session) error {
		state, token := s.State, s.Token
		good = s.Refresh(identity.HashToken(t.family), identity.HashToken(t.secret), identity.HashToken(next.secret), h.Policy, rq.Now)
		if s.State == state && s.Token == token {
			return store.Unchanged()
		}
		return nil
	})
	switch {
	case models.CodeOf(err) == models.NotFound:
		return signedIn{}, refused
	case err != nil:
		return signedIn{}, err
	case !good:
		h.Callers.Forget(t.session)
		return signedIn{}, refused
	}
	p, err := api.Here(h.People.Get(ctx, s.Person))
	if models.CodeOf(err) == models.NotFound {
		return signedIn{}, refused
	}
	if err != nil {
		return signedIn{}, err
	}
	return h.answer(p, next, rq.Now)
}

type tokenRequest struct {
	ClientID     string `json:"clientId,omitempty" validate:"omitempty,max=100"`
	ClientSecret string `json:"clientSecret,omitempty" text:"raw" validate:"omitempty,max=200"`

	GrantType string `json:"grant_type,omitempty" validate:"omitempty,oneof=client_credentials" description:"Answers in the names of RFC 6749"`
	ID        string `json:"client_id,omitempty" validate:"omitempty,max=100"`
	Secret    string `json:"client_secret,omitempty" text:"raw" validate:"omitempty,max=200"`
}

type tokenView struct {
	AccessToken string `json:"accessToken,omitempty"`
	TokenType   string `json:"tokenType,omitempty"`
	ExpiresIn   int    `json:"expiresIn,omitzero" description:"Seconds"`

	Access string `json:"access_token,omitempty" description:"In place of the above when grant_type was sent"`
	Type   string `json:"token_type,omitempty"`
	In     int    `json:"expires_in,omitzero"`
}

func (h Handler) token(ctx context.Context, rq api.Request, in tokenRequest) (tokenView, error) {
	id, secret := in.ClientID+in.ID, in.ClientSecret+in.Secret // one pair of names or the other
	if id == "" || secret == "" {
		return tokenView{}, models.Bad("/clientId", "required", "identity.client_missing")
	}
	c, err := h.Clients.Get(ctx, id)
	if err != nil && models.CodeOf(err) != models.NotFound {
		return tokenView{}, err
	}
	if err != nil {
		c = &identity.Client{} // nobody's: the answer and its time are the same
	}
	if !c.Opens(secret, rq.Now) {
		return tokenView{}, models.E(models.Unauthenticated, "identity.client_refused")
	}
	access, err := h.Tokens.Issue("", "", c.ID)
	life := int(h.Tokens.Life.Seconds())
	if in.GrantType != "" {
		return tokenView{Access: access, Type: "Bearer", In: life}, err
	}
	return tokenView{AccessToken: access, TokenType: "Bearer", ExpiresIn: life}, err
}

// formToken turns the form of RFC 6749 §4.4.2 into the JSON the typed route reads, and its refusal into that of §5.2.
func formToken(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	if !strings.HasPrefix(c.Get(fiber.HeaderContentType), fiber.MIMEApplicationForm) {
		return c.Next()
	}
	if err := api.Form(c); err != nil {
		return err
	}
	in := tokenRequest{GrantType: c.FormValue("grant_type"), ID: c.FormValue("client_id"), Secret: c.FormValue("client_secret")}
	if id, secret, ok := basic(c.Get(fiber.HeaderAuthorization)); ok {
		in.ID, in.Secret = id, secret
		c.Request().Header.Del(fiber.HeaderAuthorization)
	}
	if in.GrantType != "client_credentials" {
		return c.Status(fiber.StatusBadRequest).JSON(fiber.Map{"error": "unsupported_grant_type"})
	}
	body, err := json.Marshal(in) //nolint:gosec // handed to the next handler of the same request
	if err != nil {
		return models.E(models.Internal, "internal", err)
	}
	c.Request().Header.SetContentType(fiber.MIMEApplicationJSON)
	c.Request().SetBody(body)
	if err := c.Next(); err != nil {
		return err
	}
	switch c.Response().StatusCode() {
	case fiber.StatusUnauthorized:
		c.Set(fiber.HeaderWWWAuthenticate, `Basic realm="xinyi"`)
		return c.JSON(fiber.Map{"error": "invalid_client"})
	case fiber.StatusBadRequest:
		return c.JSON(fiber.Map{"error": "invalid_request"})
	}
	return nil
}

// basic reads HTTP Basic credentials, each form-encoded as RFC 6749 §2.3.1 wants.
func basic(header string) (id, secret string, ok bool) {
	coded, ok := strings.CutPrefix(header, "Basic ")
	if !ok {
		return "", "", false
	}
	raw, err := base64.StdEncoding.DecodeString(coded)
	if err != nil {
		return "", "", false
	}
	id, secret, ok = strings.Cut(string(raw), ":")
	if id, err = url.QueryUnescape(id); err != nil {
		return "", "", false
	}
	secret, err = url.QueryUnescape(secret)
	return id, secret, ok && err == nil
}
