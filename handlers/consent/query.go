package consent

import (
	"context"
	"errors"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/consent"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/store"
)

// Query answers partners within a consent, and offices within a case.
type Query struct {
	file.Consented
	Records *store.Repo[record.Record]
	Uses    *store.Repo[recall.Use]

	Category func(ctx context.Context, item string, version int) (string, error) // of an item of the catalogue
	Grounds  func(ctx context.Context, caseID string) (*access.Ground, error)    // the case or document an access rests on; NotFound
}

// mostGiven bounds how many records one answer holds.
const mostGiven = 1000

// Mount names the routes.
func (h Query) Mount(r *api.Router) {
	api.Post(r, "/records/queries", h.query, mayRecordsQuery, api.Reveals)
	api.Post(r, "/records/lookups", h.lookup, mayRecordsLookup, api.Reveals)
	api.Get(r, "/receipts/{id}/status", h.status, api.Open(), api.Tag("records"), api.Limit(time.Minute, 120))
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

func (h Query) query(ctx context.Context, rq api.Request, in file.QueryRequest) (queryView, error) {
	q := h.Read(rq, in)
	c, p, err := h.Found(ctx, q)
	if err != nil {
		return queryView{}, err
	}
	if r := consent.Check(q, p, c, h.Policy, rq.Now); r != "" {
		return queryView{}, h.Denied(ctx, rq, in, r.Error())
	}
	given, more, err := h.gather(ctx, c.Subject, false, q.Scopes)
	if err != nil {
		return queryView{}, err
	}
	c, err = h.Consents.Update(ctx, c.ID, func(c *consent.Consent) error { return c.Take(q, p, h.Policy, rq.Now) })
	if err != nil {
		return queryView{}, h.Denied(ctx, rq, in, err)
	}
	v, err := h.answer(ctx, rq, q, c, given)
	v.More = more
	return v, err
}

// answer keeps the receipt, the look and the uses, and only then shows what was gathered.
func (h Query) answer(ctx context.Context, rq api.Request, q consent.Query, c *consent.Consent, given []*record.Record) (queryView, error) {
	receipt := consent.NewReceipt(q, c, access.Standard.KeepMonths, rq.Now)
	receipt.Records = len(given)
	signed, err := h.Sign(receipt)
	if err != nil {
		return queryView{}, err
	}
	if err := h.Receipts.Insert(ctx, receipt); err != nil {
		return queryView{}, err
	}
	viewing := access.Access{Subject: c.Subject, Fields: q.Scopes, About: c.ID, Purpose: q.Purpose, Receipt: receipt.ID}
	if err := h.Log.Note(ctx, rq, viewing); err != nil {
		return queryView{}, err
	}
	if err := h.use(ctx, receipt.ID, rq.Actor, given, rq.Now); err != nil {
		return queryView{}, err
	}
	v := queryView{
		ConsentID: c.ID, ReceiptID: receipt.ID, Receipt: signed, Scopes: q.Scopes, Policy: policyVersion, Until: receipt.Until, Records: []givenView{},
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
func (h Query) use(ctx context.Context, ref string, to models.Actor, given []*record.Record, now time.Time) error {
	uses := make([]*recall.Use, len(given))
	for i, r := range given {
		uses[i] = recall.NewUse(recall.Paper{Kind: recall.Share, Ref: ref, Recipient: to.Org, Region: to.Region}, r.ID, r.Current.No, r.Subject,
			now)
	}
	err := h.Uses.InsertMany(ctx, uses)
	if errors.Is(err, models.Conflict) {
		return nil // noted by an earlier try of the same request
	}
	return err
}

type receiptStatusView struct {
	ID     string               `json:"id"`
	Status consent.ReceiptState `json:"status"`
	At     time.Time            `json:"at" description:"When this was true"`
}

// status reads the receipt and its consent as they are stored now. What cannot be read is no yes.
func (h Query) status(ctx context.Context, rq api.Request, in api.ByID) (receiptStatusView, error) {
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
