package handlers

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"image/png"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
	"github.com/golang-jwt/jwt/v5"

	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/store"
)

// claimView is a claim as its holder sees it.
type claimView struct {
	ID       string             `json:"id"`
	Revision int64              `json:"revision"`
	Offer    string             `json:"offer"`
	Name     string             `json:"name" personal:"false"`
	Scene    string             `json:"scene"`
	State    benefit.ClaimState `json:"state" enum:"HELD,CLAIMED,USED,RETURNED,BREACHED,SETTLED,EXPIRED,CANCELLED"`
	Until    *time.Time         `json:"heldUntil,omitempty"`
	Ends     models.Day         `json:"ends,omitempty" description:"The last day of use"`
	UsedAt   *time.Time         `json:"usedAt,omitempty"`
	Amount   models.Fen         `json:"amountFen"`
	Saved    models.Fen         `json:"savedFen"`
	Due      models.Day         `json:"bringBackBy,omitempty"`
	Breach   string             `json:"breach,omitempty" description:"What the provider says; it counts with this provider's scene alone"`
	Counts   bool               `json:"breachCounts"`
	Objected string             `json:"objection,omitempty"`
	Finding  string             `json:"finding,omitempty"`
	Decided  []string           `json:"decisions"`
}

// Revised is what ETag shows.
func (v claimView) Revised() int64 { return v.Revision }

func viewClaim(lang string) func(*benefit.Claim) claimView {
	return func(c *benefit.Claim) claimView {
		return claimView{
			c.ID, c.Revision, c.Offer, c.Title.In(lang), c.Scene, c.State, c.Until, c.Ends, c.UsedAt, c.Amount, c.Saved, c.Due, c.Breach, c.Kept != "",
			c.Objected, c.Finding, append([]string{}, c.Decided...),
		}
	}
}

type holdRequest struct {
	byID
	Agree string `json:"agree,omitempty" validate:"max=64" description:"The hash of the offer's text: then it is claimed at once"`
}

func (h Benefit) hold(ctx context.Context, rq Request, in holdRequest) (claimView, error) {
	o, err := h.shownOffer(ctx, in.ID)
	if err != nil {
		return claimView{}, err
	}
	id := rq.NewID()
	if c, err := h.Claims.Get(ctx, id); !errors.Is(err, models.NotFound) { // an earlier try of the same request
		if err != nil {
			return claimView{}, err
		}
		return h.agreed(ctx, rq, c, o, in.Agree)
	}
	if err := h.mayClaim(rq, o, in.Agree); err != nil {
		return claimView{}, err
	}
	j, err := h.judge(ctx, rq, o, rq.Actor)
	if err != nil {
		return claimView{}, err
	}
	if j.result.Outcome != models.Pass {
		return claimView{}, &models.Error{Code: models.Denied, Reason: "benefit.not_eligible", Clauses: j.result.Clauses}
	}
	c, err := h.Grant(ctx, o, benefit.Grant{
		ID: id, Holder: store.Holder(rq.Actor), Person: rq.Actor.Person, Until: rq.Now.Add(h.Policy.Hold), Decision: j.decision.ID, By: rq.Actor,
	}, h.Policy)
	if err != nil {
		return claimView{}, err
	}
	return h.agreed(ctx, rq, c, o, in.Agree)
}

// mayClaim looks at all but the rule. Errors: Conflict.
func (h Benefit) mayClaim(rq Request, o *benefit.Offer, agree string) error {
	if err := o.Open(models.DayOf(rq.Now)); err != nil {
		return err
	}
	if err := suits(o, rq.Actor); err != nil {
		return err
	}
	if agree != "" && agree != agreeing(o.Terms, "").Hash {
		return models.E(models.Conflict, "benefit.text_outdated")
	}
	return nil
}

// agreed claims what is held when the text was agreed to.
func (h Benefit) agreed(ctx context.Context, rq Request, c *benefit.Claim, o *benefit.Offer, agree string) (claimView, error) {
	if agree == "" {
		return viewClaim(rq.Lang)(c), nil
	}
	if agree != agreeing(o.Terms, "").Hash {
		return claimView{}, models.E(models.Conflict, "benefit.text_outdated")
	}
	return h.changeMine(ctx, rq, c.ID, func(c *benefit.Claim) error { return c.Claim(agree, rq.Actor, rq.Now) })
}

// myClaim says whether a claim is the caller's; another's is not there. Errors: NotFound.
func myClaim(rq Request, c *benefit.Claim) error {
	if c.Holder != store.Holder(rq.Actor) {
		return models.E(models.NotFound, "not_found")
	}
	return nil
}

func (h Benefit) changeMine(ctx context.Context, rq Request, id string, change func(*benefit.Claim) error) (claimView, error) {
	c, err := h.Claims.Update(ctx, id, func(c *benefit.Claim) error {
		if err := myClaim(rq, c); err != nil {
			return err
		}
		if err := rq.Fresh(c.Revision); err != nil {
			return err
		}
		return change(c)
	})
	if err != nil {
		return claimView{}, err
	}
	return viewClaim(rq.Lang)(c), nil
}

type agreeRequest struct {
	byID
	Agree string `json:"agree" validate:"required,max=64" description:"The hash of the offer's text"`
}

func (h Benefit) confirm(ctx context.Context, rq Request, in agreeRequest) (claimView, error) {
	c, err := h.Claims.Get(ctx, in.ID)
	if err == nil {
		err = myClaim(rq, c)
	}
	if err != nil {
		return claimView{}, err
	}
	o, err := h.Offers.Get(ctx, c.Offer)
	if err != nil {
		return claimView{}, err
	}
	if c.State == benefit.Held { // it may have been a day since she joined the line
		j, err := h.judge(ctx, rq, o, rq.Actor)
		if err != nil {
			return claimView{}, err
		}
		if j.result.Outcome != models.Pass {
			return claimView{}, &models.Error{Code: models.Denied, Reason: "benefit.not_eligible", Clauses: j.result.Clauses}
		}
	}
	return h.agreed(ctx, rq, c, o, in.Agree)
}

func (h Benefit) claims(ctx context.Context, rq Request, in PageQuery) (List[claimView], error) {
	page, err := h.Claims.Find(ctx, store.ClaimsOf(store.Holder(rq.Actor)).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[claimView]{}, err
	}
	return Listed(page, viewClaim(rq.Lang)), nil
}

func (h Benefit) claim(ctx context.Context, rq Request, in byID) (claimView, error) {
	c, err := h.Claims.Get(ctx, in.ID)
	if err == nil {
		err = myClaim(rq, c)
	}
	if err != nil {
		return claimView{}, err
	}
	return viewClaim(rq.Lang)(c), nil
}

func (h Benefit) cancel(ctx context.Context, rq Request, in byID) (claimView, error) {
	return h.changeMine(ctx, rq, in.ID, func(c *benefit.Claim) error { return c.Cancel(rq.Actor, rq.Now) })
}

type objectBreachRequest struct {
	byID
	Words string `json:"words" validate:"required,max=1000"`
}

func (h Benefit) object(ctx context.Context, rq Request, in objectBreachRequest) (claimView, error) {
	c, err := h.Claims.Get(ctx, in.ID)
	if err != nil {
		return claimView{}, err
	}
	o, err := h.Offers.Get(ctx, c.Offer)
	if err != nil {
		return claimView{}, err
	}
	return h.changeMine(ctx, rq, in.ID, func(c *benefit.Claim) error { return c.Object(in.Words, o.Region, rq.Actor, rq.Now) })
}

type claimCodeView struct {
	Code      string    `json:"code" description:"Eight characters, to be typed"`
	Token     string    `json:"token" description:"Signed by the seal in use (GET /v1/seals): can be checked without a network"`
	QR        string    `json:"qr" description:"The token as a picture, a data: address of a PNG"`
	ExpiresAt time.Time `json:"expiresAt"`
}

func (h Benefit) code(ctx context.Context, rq Request, in byID) (claimCodeView, error) {
	c, err := h.Claims.Get(ctx, in.ID)
	if err == nil {
		err = myClaim(rq, c)
	}
	if err == nil {
		err = c.Usable(rq.Now)
	}
	if err != nil {
		return claimCodeView{}, err
	}
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return claimCodeView{}, err
	}
	for i, b := range random {
		random[i] = benefit.CodeLetters[b%32]
	}
	kept := benefit.NewCode(c.Provider, string(random[:]), c.ID, h.Policy, rq.Now)
	if err := h.Codes.Insert(ctx, kept); err != nil { // taken by somebody in the same five minutes: once in a very long while
		return claimCodeView{}, err
	}
	v := claimCodeView{Code: string(random[:4]) + "-" + string(random[4:]), ExpiresAt: kept.Expires}
	if v.Token, err = h.sign(c, rq.Now, kept.Expires); err != nil {
		return v, err
	}
	v.QR, err = picture(v.Token)
	return v, err
}

// A shownClaim is what a token says: that somebody, whose name is masked, has a claim of an offer.
type shownClaim struct {
	jwt.RegisteredClaims
	Offer string     `json:"offer"`
	Name  string     `json:"name"`
	Cap   models.Fen `json:"cap"`
}

const tokenKind = "benefit-claim+jwt"

// sign is a claim as a JWS for its provider.
func (h Benefit) sign(c *benefit.Claim, now, expires time.Time) (string, error) {
	if len(h.Seals) == 0 || h.Seals[0].Private() == nil {
		return "", models.E(models.Internal, "internal", errNoSeal)
	}
	tok := jwt.NewWithClaims(jwt.SigningMethodEdDSA, shownClaim{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: h.Issuer, ID: c.ID, Audience: jwt.ClaimStrings{c.Provider}, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		},
		Offer: c.Offer, Name: c.Name.String(), Cap: c.Cap,
	})
	tok.Header["typ"], tok.Header["kid"] = tokenKind, h.Seals[0].ID
	signed, err := tok.SignedString(h.Seals[0].Private())
	if err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	return signed, nil
}

// verify reads a token as of a moment. Errors: Invalid "benefit.token_bad".
func (h Benefit) verify(token, provider string, at time.Time) (*shownClaim, error) {
	var said shownClaim
	_, err := jwt.NewParser(jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithTimeFunc(func() time.Time { return at }), jwt.WithAudience(provider),
		jwt.WithIssuer(h.Issuer), jwt.WithIssuedAt(), jwt.WithExpirationRequired()).ParseWithClaims(token, &said, func(t *jwt.Token) (any, error) {
		for _, s := range h.Seals {
			if t.Header["kid"] == s.ID && t.Header["typ"] == tokenKind {
				return s.Public, nil
			}
		}
		return nil, errNoSeal
	})
	if err != nil {
		return nil, models.Bad("/token", "benefit_token", "benefit.token_bad")
	}
	return &said, nil
}

// picture is a text as a QR code, in a data: address.
func picture(text string) (string, error) {
	square, err := qr.Encode(text, qr.L, qr.Auto)
	if err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	if square, err = barcode.Scale(square, 3*square.Bounds().Dx(), 3*square.Bounds().Dy()); err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, square); err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(out.Bytes()), nil
}

type waitView struct {
	ID    string            `json:"id"`
	Offer string            `json:"offer"`
	State benefit.WaitState `json:"state" enum:"WAITING,SERVED,LEFT"`
	Since time.Time         `json:"since"`
	Claim string            `json:"claim,omitempty" description:"The place that is held"`
}

func viewWait(w *benefit.Wait) waitView { return waitView{w.ID, w.Offer, w.State, w.At, w.Claim} }

func (h Benefit) wait(ctx context.Context, rq Request, in byID) (waitView, error) {
	o, err := h.shownOffer(ctx, in.ID)
	if err == nil {
		err = h.mayClaim(rq, o, "")
	}
	if err != nil {
		return waitView{}, err
	}
	if q := o.Terms.Quota; q.Total == 0 || q.Daily > 0 { // what is full for a day is open again tomorrow
		return waitView{}, models.E(models.Conflict, "benefit.nothing_to_wait_for")
	}
	j, err := h.judge(ctx, rq, o, rq.Actor)
	if err != nil {
		return waitView{}, err
	}
	if j.result.Outcome != models.Pass {
		return waitView{}, &models.Error{Code: models.Denied, Reason: "benefit.not_eligible", Clauses: j.result.Clauses}
	}
	holder := store.Holder(rq.Actor)
	if has, err := h.Has(ctx, o, holder); err != nil || has {
		return waitView{}, errors.Join(err, claimedAlready(has))
	}
	w := benefit.NewWait(rq.NewID(), o, holder, rq.Actor, rq.Now)
	if err := h.Waits.Insert(ctx, w); errors.Is(err, models.Conflict) {
		kept, err := h.Waits.First(ctx, store.WaitIn(o.ID, holder)) // once in a line
		if errors.Is(err, models.NotFound) {
			kept, err = h.Waits.Get(ctx, w.ID)
		}
		if err != nil {
			return waitView{}, err
		}
		return viewWait(kept), nil
	} else if err != nil {
		return waitView{}, err
	}
	return viewWait(w), nil
}

func claimedAlready(has bool) error {
	if !has {
		return nil
	}
	return models.E(models.Conflict, "benefit.claimed_already")
}

func (h Benefit) waits(ctx context.Context, rq Request, in PageQuery) (List[waitView], error) {
	page, err := h.Waits.Find(ctx, store.WaitsOf(store.Holder(rq.Actor)).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[waitView]{}, err
	}
	return Listed(page, viewWait), nil
}

func (h Benefit) leave(ctx context.Context, rq Request, in byID) (waitView, error) {
	w, err := h.Waits.Update(ctx, in.ID, func(w *benefit.Wait) error {
		if w.Holder != store.Holder(rq.Actor) {
			return models.E(models.NotFound, "not_found")
		}
		return w.Leave("", rq.Actor, rq.Now)
	})
	if err != nil {
		return waitView{}, err
	}
	return viewWait(w), nil
}
