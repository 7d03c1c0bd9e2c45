package file

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/consent"
	"xinyi/store"
	"xinyi/usecase"
)

// BoxOf reads the key packages are encrypted to. Errors: Conflict "farmer.no_key" without one; Invalid "farmer.key".
func BoxOf(text string) (jose.Recipient, error) {
	if text == "" {
		return jose.Recipient{}, models.E(models.Conflict, "farmer.no_key")
	}
	var key jose.JSONWebKey
	bad := models.Bad("/box", "box_key", "farmer.key")
	if err := key.UnmarshalJSON([]byte(text)); err != nil || !key.IsPublic() || !key.Valid() {
		return jose.Recipient{}, bad
	}
	to := jose.Recipient{Key: key.Key, KeyID: key.KeyID}
	switch k := key.Key.(type) {
	case *ecdsa.PublicKey:
		to.Algorithm = jose.ECDH_ES_A256KW
	case *rsa.PublicKey:
		if to.Algorithm = jose.RSA_OAEP_256; k.N.BitLen() < 2048 {
			return jose.Recipient{}, bad
		}
	default:
		return jose.Recipient{}, bad
	}
	return to, nil
}

// Consented reads what a person has agreed to share: it finds the consent and the partner of a query, notes a refusal for
// whom it was about, and signs the receipt.
type Consented struct {
	store.Consent
	Subjects usecase.Subjects
	Log      *api.AccessLog
	Seals    models.Seals
	Issuer   string // of receipts
	Policy   consent.Policy
}

// QueryRequest is read loosely: what is wrong with it is the first of the checks.
type QueryRequest struct {
	ConsentID string         `json:"consentId"`
	Purpose   string         `json:"purpose"`
	Scopes    []string       `json:"scopes"`
	Subject   SubjectRequest `json:"subject"`
	Nonce     string         `json:"nonce" description:"16 to 128 characters, never used before under this consent"`
	Signature string         `header:"X-Signature" validate:"max=256" description:"Ed25519 in base64, or HMAC-SHA-256 in hex"`
}

// naming is a subject as a partner names it, under every key in use; none when it is not well-formed.
func (h Consented) naming(in SubjectRequest) consent.Naming {
	if in.IDNumber == "" {
		code, err := models.ParseUSCC(in.Code)
		if err != nil {
			return consent.Naming{}
		}
		return consent.Naming{Kind: models.Organisation, Refs: []string{string(code)}}
	}
	id, err := models.ParseIDNumber(in.IDNumber)
	if err != nil || in.Code != "" {
		return consent.Naming{}
	}
	n := consent.Naming{Kind: models.PersonSubject}
	for _, hash := range h.Subjects.Keys.Hashes(id.Secret) {
		if ref, ok := hash.(string); ok {
			n.Refs = append(n.Refs, ref)
		}
	}
	return n
}

func (h Consented) Read(rq api.Request, in QueryRequest) consent.Query {
	named := in.Subject.IDNumber
	if named == "" {
		named = in.Subject.Code
	}
	return consent.Query{
		Consent: in.ConsentID, Purpose: in.Purpose, Scopes: in.Scopes, Subject: h.naming(in.Subject), Nonce: in.Nonce, By: rq.Actor,
		Signature: in.Signature, Text: consent.Canonical(in.ConsentID, in.Purpose, in.Scopes, named, in.Nonce),
	}
}

// Found are the consent and the partner of a query, nil for one that is not there.
func (h Consented) Found(ctx context.Context, q consent.Query) (*consent.Consent, *consent.Partner, error) {
	p, err := h.Partners.Get(ctx, q.By.Client)
	if err != nil && !errors.Is(err, models.NotFound) {
		return nil, nil, err
	}
	c, err := h.Consents.Get(ctx, q.Consent)
	if err != nil && !errors.Is(err, models.NotFound) {
		return nil, nil, err
	}
	return c, p, nil
}

// Denied logs a refusal, for whom the query was about when that can be told, and answers it.
func (h Consented) Denied(ctx context.Context, rq api.Request, in QueryRequest, refused error) error {
	why := consent.RefusalOf(refused)
	if why == "" {
		return refused
	}
	sub, err := SubjectOf(ctx, h.Subjects, in.Subject, rq.Now)
	if models.CodeOf(err) == models.Invalid || models.CodeOf(err) == models.Forbidden {
		return refused
	}
	if err != nil {
		return err
	}
	purpose := in.Purpose
	if _, ok := consent.Purposes[purpose]; !ok {
		purpose = "share.unstated"
	}
	scopes := in.Scopes
	if len(scopes) > mostScopesLogged {
		scopes = scopes[:mostScopesLogged]
	}
	about := in.ConsentID
	if len(about) > 64 {
		about = ""
	}
	err = h.Log.Note(ctx, rq, access.Access{Subject: sub, Fields: shortened(scopes), About: about, Purpose: purpose, Refused: string(why)})
	if err != nil {
		return err
	}
	return refused
}

const mostScopesLogged = 40

// shortened are names with nothing longer than a scope is.
func shortened(names []string) []string {
	short := make([]string, len(names))
	for i, n := range names {
		short[i] = n[:min(len(n), 40)]
	}
	return short
}

// A ReceiptClaim is what a receipt says.
type ReceiptClaim struct {
	jwt.RegisteredClaims
	Consent    string   `json:"consent_id"`
	Presenter  string   `json:"presenter"`
	Partner    string   `json:"partner"`
	Purpose    string   `json:"purpose"`
	Scopes     []string `json:"scopes"`
	ConsentExp int64    `json:"consent_exp"`
}

// Sign is the receipt as a JWS. Its subject is another for every partner, so that partners cannot compare.
func (h Consented) Sign(r *consent.Receipt) (string, error) {
	if len(h.Seals) == 0 || h.Seals[0].Private() == nil {
		return "", models.E(models.Internal, "internal", api.ErrNoSeal)
	}
	at := jwt.NewNumericDate(r.At)
	tok := jwt.NewWithClaims(jwt.SigningMethodEdDSA, ReceiptClaim{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: h.Issuer, ID: r.ID, Audience: jwt.ClaimStrings{r.To.Org}, Subject: models.Derived("receipt-subject", r.To.Org, r.Subject.Ref),
			IssuedAt: at, NotBefore: at, ExpiresAt: jwt.NewNumericDate(r.Until),
		},
		Consent: r.Consent, Presenter: r.To.Client, Partner: r.To.Org, Purpose: r.Purpose, Scopes: r.Scopes, ConsentExp: r.Ends.Unix(),
	})
	tok.Header["typ"], tok.Header["kid"] = "consent-receipt+jwt", h.Seals[0].ID
	signed, err := tok.SignedString(h.Seals[0].Private())
	if err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	return signed, nil
}
