package handlers

import (
	"context"
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/consent"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/store"
)

// Query answers partners within a consent, and offices within a case.
type Query struct {
	Consented
	Records *store.Repo[record.Record]
	Uses    *store.Repo[recall.Use]

	Category func(ctx context.Context, item string, version int) (string, error) // of an item of the catalogue
	Grounds  func(ctx context.Context, caseID string) (*access.Ground, error)    // the case or document a look rests on; NotFound
}

// Consented reads what a person has agreed to share: it finds the consent and the partner of a query, notes a refusal for
// whom it was about, and signs the receipt.
type Consented struct {
	store.Consent
	Subjects store.Subjects
	Looks    *Looks
	Seals    models.Seals
	Issuer   string // of receipts
	Policy   consent.Policy
}

// mostGiven bounds how many records one answer holds.
const mostGiven = 1000

// Mount names the routes.
func (h Query) Mount(r *Router) {
	Post(r, "/records/queries", h.query, Does("Read a subject's records within a consent",
		"Ten checks, in this order: malformed_object, unknown_partner, signature_invalid, audience_mismatch, subject_not_allowed, purpose_not_allowed, "+
			"scope_exceeds_policy, expired or validity_exceeds_policy or exhausted, revoked, replay. The first that fails is the reason (query.…), and is logged.",
		"A system with a key sends X-Signature over five lines: consentId, purpose, scopes with a blank between them, the idNumber or code, nonce.",
		"Every answer takes one read of the consent, is logged before it is given, and carries a receipt signed with the seal (GET /v1/seals)."),
		May("records.query"), Reveals)
	Post(r, "/records/lookups", h.lookup, Does("Read a subject's records for a case, by law", "Only offices, only for a purpose the law gives, only for an open case about that subject"),
		May("records.lookup"), Reveals)
	Get(r, "/receipts/{id}/status", h.status, Does("Whether a receipt still holds", "active, revoked or expired; no answer means no. Ask again before each use: nothing is cached"), Open(), Tag("records"), Limit(time.Minute, 120))
}

// queryRequest is read loosely: what is wrong with it is the first of the checks.
type queryRequest struct {
	ConsentID string         `json:"consentId"`
	Purpose   string         `json:"purpose"`
	Scopes    []string       `json:"scopes"`
	Subject   subjectRequest `json:"subject"`
	Nonce     string         `json:"nonce" description:"16 to 128 characters, never used before under this consent"`
	Signature string         `header:"X-Signature" validate:"max=256" description:"Ed25519 in base64, or HMAC-SHA-256 in hex"`
}

// naming is a subject as a partner names it, under every key in use; none when it is not well-formed.
func (h Consented) naming(in subjectRequest) consent.Naming {
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

func (h Consented) read(rq Request, in queryRequest) consent.Query {
	named := in.Subject.IDNumber
	if named == "" {
		named = in.Subject.Code
	}
	return consent.Query{
		Consent: in.ConsentID, Purpose: in.Purpose, Scopes: in.Scopes, Subject: h.naming(in.Subject), Nonce: in.Nonce, By: rq.Actor,
		Signature: in.Signature, Text: consent.Canonical(in.ConsentID, in.Purpose, in.Scopes, named, in.Nonce),
	}
}

type queryView struct {
	ConsentID string       `json:"consentId"`
	ReceiptID string       `json:"receiptId"`
	Receipt   string       `json:"receipt" description:"JWS, typ consent-receipt+jwt, EdDSA by the seal"`
	Scopes    []string     `json:"effectiveScopes"`
	Policy    string       `json:"policyVersion"`
	Until     time.Time    `json:"validUntil" description:"Of the receipt"`
	Profile   *profileView `json:"profile,omitempty"`
	Records   []givenView  `json:"records" personal:"true"`
	More      bool         `json:"more,omitzero" description:"There are others; ask for fewer scopes"`
}

// policyVersion names the text, the checks and the bounds in force.
var policyVersion = consent.Main.Version + "/" + consent.Main.Hash()[:8]

func (h Query) query(ctx context.Context, rq Request, in queryRequest) (queryView, error) {
	q := h.read(rq, in)
	c, p, err := h.found(ctx, q)
	if err != nil {
		return queryView{}, err
	}
	if r := consent.Check(q, p, c, h.Policy, rq.Now); r != "" {
		return queryView{}, h.denied(ctx, rq, in, r.Error())
	}
	given, more, err := h.gather(ctx, c.Subject, q.Scopes, false)
	if err != nil {
		return queryView{}, err
	}
	c, err = h.Consents.Update(ctx, c.ID, func(c *consent.Consent) error { return c.Take(q, p, h.Policy, rq.Now) })
	if err != nil {
		return queryView{}, h.denied(ctx, rq, in, err)
	}
	return h.answer(ctx, rq, q, c, given, more)
}

// found are the consent and the partner of a query, nil for one that is not there.
func (h Consented) found(ctx context.Context, q consent.Query) (*consent.Consent, *consent.Partner, error) {
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

// denied logs a refusal, for whom the query was about when that can be told, and answers it.
func (h Consented) denied(ctx context.Context, rq Request, in queryRequest, refused error) error {
	why := consent.RefusalOf(refused)
	if why == "" {
		return refused
	}
	sub, err := subjectOf(ctx, h.Subjects, in.Subject, rq.Now)
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
	err = h.Looks.Look(ctx, rq, access.Look{Subject: sub, Fields: shortened(scopes), About: about, Purpose: purpose, Refused: string(why)})
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

// answer keeps the receipt, the look and the uses, and only then shows what was gathered.
func (h Query) answer(ctx context.Context, rq Request, q consent.Query, c *consent.Consent, given []*record.Record, more bool) (queryView, error) {
	receipt := consent.NewReceipt(q, c, access.Standard.KeepMonths, rq.Now)
	receipt.Records = len(given)
	signed, err := h.sign(receipt)
	if err != nil {
		return queryView{}, err
	}
	if err := h.Receipts.Insert(ctx, receipt); err != nil {
		return queryView{}, err
	}
	look := access.Look{Subject: c.Subject, Fields: q.Scopes, About: c.ID, Purpose: q.Purpose, Receipt: receipt.ID}
	if err := h.Looks.Look(ctx, rq, look); err != nil {
		return queryView{}, err
	}
	if err := h.use(ctx, receipt.ID, rq.Actor.Org, given, rq.Now); err != nil {
		return queryView{}, err
	}
	v := queryView{
		ConsentID: c.ID, ReceiptID: receipt.ID, Receipt: signed, Scopes: q.Scopes, Policy: policyVersion, Until: receipt.Until, Records: []givenView{}, More: more,
	}
	if v.Profile, err = h.profile(ctx, c.Subject, q.Scopes, given); err != nil {
		return queryView{}, err
	}
	for _, r := range given {
		v.Records = append(v.Records, viewGiven(r))
	}
	return v, nil
}

// use remembers who was given which version of which record.
func (h Query) use(ctx context.Context, ref, recipient string, given []*record.Record, now time.Time) error {
	uses := make([]*recall.Use, len(given))
	for i, r := range given {
		uses[i] = recall.NewUse(recall.Share, ref, r.ID, r.Current.No, r.Subject, recipient, now)
	}
	err := h.Uses.InsertMany(ctx, uses)
	if errors.Is(err, models.Conflict) {
		return nil // noted by an earlier try of the same request
	}
	return err
}

// A receiptClaim is what a receipt says.
type receiptClaim struct {
	jwt.RegisteredClaims
	Consent    string   `json:"consent_id"`
	Presenter  string   `json:"presenter"`
	Partner    string   `json:"partner"`
	Purpose    string   `json:"purpose"`
	Scopes     []string `json:"scopes"`
	ConsentExp int64    `json:"consent_exp"`
}

// errNoSeal is a server without a seal.
var errNoSeal = errors.New("there is no seal to sign with")

// sign is the receipt as a JWS. Its subject is another for every partner, so that partners cannot compare.
func (h Consented) sign(r *consent.Receipt) (string, error) {
	if len(h.Seals) == 0 || h.Seals[0].Private() == nil {
		return "", models.E(models.Internal, "internal", errNoSeal)
	}
	at := jwt.NewNumericDate(r.At)
	tok := jwt.NewWithClaims(jwt.SigningMethodEdDSA, receiptClaim{
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

type receiptStatusView struct {
	ID     string           `json:"id"`
	Status consent.Standing `json:"status" enum:"active,revoked,expired"`
	At     time.Time        `json:"at" description:"When this was true"`
}

// status reads the receipt and its consent as they are stored now. What cannot be read is no yes.
func (h Query) status(ctx context.Context, rq Request, in byID) (receiptStatusView, error) {
	r, err := h.Receipts.Get(ctx, in.ID)
	if err != nil {
		return receiptStatusView{}, closedFor(err)
	}
	c, err := h.Consents.Get(ctx, r.Consent)
	if err != nil {
		return receiptStatusView{}, closedFor(err)
	}
	return receiptStatusView{r.ID, r.Stands(c, rq.Now), rq.Now}, nil
}

// closedFor is NotFound as it is, and anything else Unavailable.
func closedFor(err error) error {
	if errors.Is(err, models.NotFound) {
		return models.E(models.NotFound, "not_found")
	}
	return models.E(models.Unavailable, "unavailable", err)
}
