package farmer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/consent"
	"xinyi/models/farmer"
	"xinyi/store"
	"xinyi/usecase"
)

// Share serves a household's file goes to a bank its head chose: one package, one consent, one receipt.
type Share struct {
	Handler
	Query file.Consented
}

// Mount names the routes.
func (h Share) Mount(r *api.Router) {
	tag := api.Tag("farm packages")
	api.Post(r, "/farmers/packages", h.give, mayFarmPackages, api.Reveals, tag)
	api.Get(r, "/farmers/packages", h.mineAt, mayFarmPackages, api.Reveals, tag)
	api.Post(r, "/farmers/packages/{id}/deleted", h.deleted, mayFarmPackages, api.Reveals, tag)
	api.Post(r, "/farmers/facts", h.tell, mayFarmTell, api.Reveals, tag)
	api.Get(r, "/farmers/undeleted", h.undeleted, mayFarmOverdue, api.Reveals, tag)
}

type packageView struct {
	Package   string    `json:"package" personal:"true" description:"JWE, compact; inside a JWS, compact, of the household's parts as JSON"`
	Digest    string    `json:"sha256" description:"Of the package"`
	ConsentID string    `json:"consentId"`
	ReceiptID string    `json:"receiptId"`
	Receipt   string    `json:"receipt"`
	Scopes    []string  `json:"effectiveScopes"`
	Until     time.Time `json:"validUntil"`
}

// contents is what is inside a package.
type contents struct {
	Household  string             `json:"householdId"`
	No         string             `json:"no"`
	Village    models.Region      `json:"village"`
	VerifiedOn models.Day         `json:"verifiedOn,omitempty"`
	State      farmer.State       `json:"state"`
	Sections   []sectionView      `json:"sections"`
	Score      *api.FarmScoreView `json:"score,omitempty"`
	Consent    string             `json:"consentId"`
	Receipt    string             `json:"receiptId"`
	Purpose    string             `json:"purpose"`
	Scopes     []string           `json:"scopes"`
	At         time.Time          `json:"at"`
	DeleteBy   string             `json:"deletion" description:"What is owed once the consent is over"`
}

func (h Share) give(ctx context.Context, rq api.Request, in file.QueryRequest) (packageView, error) {
	q := h.Query.Read(rq, in)
	c, p, err := h.Query.Found(ctx, q)
	if err != nil {
		return packageView{}, err
	}
	if r := consent.Check(q, p, c, h.Query.Policy, rq.Now); r != "" {
		return packageView{}, h.Query.Denied(ctx, rq, in, r.Error())
	}
	f, err := h.Files.First(ctx, store.FarmFileOf(c.Subject.Ref))
	if errors.Is(err, models.NotFound) {
		err = models.E(models.NotFound, "farmer.no_file")
	}
	if err != nil {
		return packageView{}, err
	}
	box, err := file.BoxOf(p.Box)
	if err != nil {
		return packageView{}, err
	}
	if c, err = h.Query.Consents.Update(ctx, c.ID,
		func(c *consent.Consent) error { return c.Take(q, p, h.Query.Policy, rq.Now) }); err != nil {
		return packageView{}, h.Query.Denied(ctx, rq, in, err)
	}
	inside, err := h.contents(ctx, rq, q, f)
	if err != nil {
		return packageView{}, err
	}
	sealed, err := h.seal(inside, box)
	if err != nil {
		return packageView{}, err
	}
	return h.hand(ctx, rq, handed{q, c, f}, sealed)
}

// contents are the parts of a file that a query may read. Other people's names and numbers stay masked: the head cannot agree for them.
func (h Share) contents(ctx context.Context, rq api.Request, q consent.Query, f *farmer.File) (contents, error) {
	forms, err := h.FormsAt(ctx, f.Village)
	if err != nil {
		return contents{}, err
	}
	v := contents{
		Household: f.ID, No: f.No, Village: f.Village, VerifiedOn: f.VerifiedOn, State: f.State, Consent: q.Consent, Receipt: q.ReceiptID(), Purpose: q.Purpose,
		Scopes: q.Scopes, At: rq.Now, Sections: eyesOf{scopes: q.Scopes, forms: forms, lang: rq.Lang}.sections(f),
		DeleteBy: api.Say("farmer.deletion", rq.Lang, map[string]string{"days": api.Itoa(h.Policy.DeleteDays)}),
	}
	for _, s := range q.Scopes {
		if s != "farm.score" {
			continue
		}
		own, err := h.Scores.Get(ctx, f.ID)
		if errors.Is(err, models.NotFound) || err == nil && own.Model == "" {
			break
		}
		if err != nil {
			return v, err
		}
		shown, err := h.scored(ctx, own, rq.Lang)
		if err != nil {
			return v, err
		}
		v.Score = &shown
	}
	return v, nil
}

// handed is a file that a query is answered with, and the consent to it.
type handed struct {
	query   consent.Query
	consent *consent.Consent
	file    *farmer.File
}

// hand keeps receipt, look and share, and only then gives the package.
func (h Share) hand(ctx context.Context, rq api.Request, what handed, sealed string) (packageView, error) {
	q, c := what.query, what.consent
	receipt := consent.NewReceipt(q, c, access.Standard.KeepMonths, rq.Now)
	receipt.Records = 1
	signed, err := h.Query.Sign(receipt)
	if err == nil {
		err = h.Query.Receipts.Insert(ctx, receipt)
	}
	if err != nil {
		return packageView{}, err
	}
	screening := access.Access{Subject: c.Subject, Fields: q.Scopes, About: c.ID, Purpose: q.Purpose, Receipt: receipt.ID}
	if err := h.Log.Note(ctx, rq, screening); err != nil {
		return packageView{}, err
	}
	sum := sha256.Sum256([]byte(sealed))
	v := packageView{sealed, hex.EncodeToString(sum[:]), c.ID, receipt.ID, signed, q.Scopes, receipt.Until}
	name, err := h.Log.OfficeName(ctx, rq.Actor)
	if err != nil {
		return packageView{}, err
	}
	read := farmer.ShareRead{Receipt: receipt.ID, Digest: v.Digest, At: rq.Now}
	return v, h.noted(ctx, what.file.NewShare(farmer.Recipient{Consent: c.ID, Bank: rq.Actor.Org, Name: name, Scopes: c.Terms.Scopes}, read,
		rq.Actor, rq.Now), read, rq, c)
}

// noted keeps who has the file.
func (h Share) noted(ctx context.Context, s *farmer.Share, read farmer.ShareRead, rq api.Request, c *consent.Consent) error {
	err := h.Shares.Insert(ctx, s)
	if errors.Is(err, models.Conflict) {
		_, err = h.Shares.Update(ctx, s.ID, func(s *farmer.Share) error { s.Read(read, rq.Actor, rq.Now); return nil })
	}
	if err != nil || c.State == consent.Given {
		return err
	}
	// that was the last read: what ends with it was told before there was a share
	_, err = h.Shares.Update(ctx, s.ID, func(s *farmer.Share) error {
		if !s.End(h.Policy, rq.Now) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// seal signs the contents and encrypts them to the bank.
func (h Share) seal(inside contents, box jose.Recipient) (string, error) {
	if len(h.Query.Seals) == 0 || h.Query.Seals[0].Private() == nil {
		return "", models.E(models.Internal, "internal", api.ErrNoSeal)
	}
	raw, err := json.Marshal(inside)
	if err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	opts := (&jose.SignerOptions{}).WithType("farm-package+jwt").WithHeader("kid", h.Query.Seals[0].ID)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: h.Query.Seals[0].Private()}, opts)
	if err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	signed, err := signer.Sign(raw)
	if err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	enc, err := jose.NewEncrypter(jose.A256GCM, box, (&jose.EncrypterOptions{Compression: jose.NONE}).WithContentType("JWT"))
	if err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	jwe, err := enc.Encrypt([]byte(text))
	if err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	out, err := jwe.CompactSerialize()
	if err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	return out, nil
}

type sharesRequest struct {
	State farmer.ShareState `query:"state" validate:"required,known"`
	api.PageQuery
}

// seen notes that shares are looked at: they are about the heads.
func (h Share) seen(ctx context.Context, rq api.Request, purpose string, items []*farmer.Share) error {
	return h.Log.Note(ctx, rq, api.Personal(rq, purpose, []string{"farm.share"}, items,
		func(s *farmer.Share) (string, string) { return s.ID, s.Person })...)
}

func (h Share) mineAt(ctx context.Context, rq api.Request, in sharesRequest) (api.List[shareView], error) {
	page, err := h.Shares.Find(ctx, store.FarmSharesAt(rq.Actor.Org, in.State).Page(in.Limit, in.Cursor))
	if err == nil {
		err = h.seen(ctx, rq, "share.loan_review", page.Items)
	}
	if err != nil {
		return api.List[shareView]{}, err
	}
	return api.Listed(page, viewShare(rq.Lang)), nil
}

type tellRequest struct {
	Op      string        `json:"op" validate:"required,max=64" description:"The teller's own id of this; the same twice changes nothing"`
	Number  string        `json:"idNumber" validate:"required,cnid" description:"Of the head"`
	Consent string        `json:"consentId,omitempty" validate:"max=64" description:"A bank's: one of the head, in force"`
	Edits   []editRequest `json:"edits" validate:"required,min=1,max=100,dive"`
}

func (h Share) tell(ctx context.Context, rq api.Request, in tellRequest) (opView, error) {
	n, err := models.ParseIDNumber(in.Number)
	if err != nil {
		return opView{}, models.Bad("/idNumber", "cnid", "consent.subject_invalid")
	}
	f, err := h.Files.First(ctx, store.FarmFileOf(h.Subjects.Ref(n).Ref))
	if errors.Is(err, models.NotFound) {
		err = models.E(models.NotFound, "farmer.no_file")
	}
	if err != nil {
		return opView{}, err
	}
	if rq.Actor.Is(models.Bank) {
		c, err := h.Query.Consents.Get(ctx, in.Consent)
		if err != nil && !errors.Is(err, models.NotFound) {
			return opView{}, err
		}
		if err != nil || c.State != consent.Given || !c.Receives(rq.Actor) || c.Subject.Ref != f.Seat {
			return opView{}, models.E(models.Forbidden, "loan.consent_not_given")
		}
	}
	c, err := h.Collect(ctx, usecase.Gathered{Op: rq.Actor.Org + "/" + in.Op, Household: f.ID, Edits: edits(in.Edits)}, h.Policy, rq.Actor)
	if err != nil {
		return opView{}, err
	}
	if err := h.Log.Note(ctx, rq, file.AboutHead(rq, c.File, "farmer.file", "farm.facts")); err != nil {
		return opView{}, err
	}
	return viewOp(in.Op, c, rq.Lang), nil
}

type deletedRequest struct {
	api.ByID
	No string `json:"no" validate:"required,max=64" description:"The bank's own number of its deletion"`
}

func (h Share) deleted(ctx context.Context, rq api.Request, in deletedRequest) (shareView, error) {
	s, err := h.Shares.Update(ctx, in.ID, func(s *farmer.Share) error { return s.Attest(in.No, rq.Actor, rq.Now) })
	if err == nil {
		err = h.seen(ctx, rq, "share.loan_review", []*farmer.Share{s})
	}
	if err != nil {
		return shareView{}, err
	}
	return viewShare(rq.Lang)(s), nil
}

func (h Share) undeleted(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[shareView], error) {
	page, err := h.Shares.Find(ctx, store.FarmSharesIn(rq.Actor.Region, farmer.Undeleted).Page(in.Limit, in.Cursor))
	if err == nil {
		err = h.seen(ctx, rq, "credit.supervision", page.Items)
	}
	if err != nil {
		return api.List[shareView]{}, err
	}
	return api.Listed(page, viewShare(rq.Lang)), nil
}
