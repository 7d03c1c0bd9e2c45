package benefit

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"image/png"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
	"github.com/golang-jwt/jwt/v5"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/benefit"
)

type claimCodeView struct {
	Code      string    `json:"code" description:"Eight characters, to be typed"`
	Token     string    `json:"token" description:"Signed by the seal in use (GET /v1/seals): can be checked without a network"`
	QR        string    `json:"qr" description:"The token as a picture, a data: address of a PNG"`
	ExpiresAt time.Time `json:"expiresAt"`
}

func (h Handler) code(ctx context.Context, rq api.Request, in api.ByID) (claimCodeView, error) {
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
func (h Handler) sign(c *benefit.Claim, now, expires time.Time) (string, error) {
	if len(h.Seals) == 0 || h.Seals[0].Private() == nil {
		return "", models.E(models.Internal, "internal", api.ErrNoSeal)
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
func (h Handler) verify(token, provider string, at time.Time) (*shownClaim, error) {
	var said shownClaim
	_, err := jwt.NewParser(jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithTimeFunc(func() time.Time { return at }),
		jwt.WithAudience(provider),
		jwt.WithIssuer(h.Issuer), jwt.WithIssuedAt(), jwt.WithExpirationRequired()).ParseWithClaims(token, &said,
		func(t *jwt.Token) (any, error) {
			for _, s := range h.Seals {
				if t.Header["kid"] == s.ID && t.Header["typ"] == tokenKind {
					return s.Public, nil
				}
			}
			return nil, api.ErrNoSeal
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
