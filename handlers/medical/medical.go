// Package medical serves credit medical care: agreements, visits, bills, payments, the ledger (信用就医).
package medical

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/models/journal"
	"xinyi/models/medical"
	"xinyi/models/rule"
	"xinyi/payments"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler serves credit medical care: residents here, hospitals in medical_his.go, staff in medical_staff.go.
type Handler struct {
	store.Medical
	People   *store.Repo[identity.Person]
	Mandates *store.Repo[identity.Mandate]
	Events   *store.Repo[journal.Entry]
	Keys     *store.Keys
	Gateway  payments.Gateway
	Log      *api.AccessLog
	Served   func(ctx context.Context, b *medical.Bill) (medical.Served, error) // reminders delivered for a bill

	// Restricts is the list entry in force that withholds an agreement from a person, "" for none, and every entry that was looked
	// at. nil: no lists are kept here.
	Restricts func(ctx context.Context, person string) (restricted string, looked []rule.Cited, err error)
}

// month is how long answers about money are kept for their Idempotency-Key.
const month = 30 * 24 * time.Hour

// Mount names every route of the capability, and nothing else does.
func (h Handler) Mount(r *api.Router) {
	api.Get(r, "/medical/schemes", h.schemes, api.Open())
	api.Get(r, "/me/medical/agreements", h.agreements, mayAgreementsRead, api.Tag("medical"))
	api.Post(r, "/me/medical/agreements", h.sign, mayAgreementsSign, api.Creates, api.Tag("medical"), api.Quota(api.Applications))
	api.Get(r, "/me/medical/agreements/{id}", h.agreement, mayAgreementsRead, api.Tag("medical"))
	api.Post(r, "/me/medical/agreements/{id}/close", h.close, mayAgreementsSign, api.Tag("medical"))
	api.Post(r, "/me/medical/agreements/{id}/review", h.askReview, mayAgreementsSign, api.Tag("medical"))
	api.Post(r, "/me/medical/agreements/{id}/withdraw", h.withdraw, mayAgreementsSign, api.Tag("medical"))
	api.Post(r, "/me/medical/code", h.code, mayCode, api.Answers(201), api.Tag("medical"), api.Quota(api.Papers))
	api.Get(r, "/me/medical/bills", h.bills, mayBillsMine, api.Tag("medical"))
	api.Get(r, "/me/medical/bills/{id}", h.bill, mayBillsMine, api.Tag("medical"))
	api.Get(r, "/me/medical/bills/{id}/timeline", h.timeline, mayBillsMine, api.Tag("medical"))
	api.Post(r, "/me/medical/bills/{id}/payments", h.pay, mayBillsPay, api.Creates, api.Keeps(month), api.Tag("medical"),
		api.Quota(api.Payments))
	api.Post(r, "/me/medical/bills/{id}/dispute", h.dispute, mayBillsPay, api.Tag("medical"))
	api.Get(r, "/me/medical/conducts", h.conducts, mayBillsMine, api.Tag("medical"))
	api.Post(r, "/me/medical/conducts/{id}/object", h.object, mayBillsPay, api.Tag("medical"))
	api.Put(r, "/me/medical/conducts/{id}/statement", h.statement, mayBillsPay, api.Tag("medical"))
	h.mountHospital(r)
	h.mountStaff(r)
}

type schemesRequest struct {
	Region string `query:"region" validate:"omitempty,division"`
	api.PageQuery
}

func (h Handler) schemes(ctx context.Context, rq api.Request, in schemesRequest) (api.List[schemeView], error) {
	return api.Found(ctx, h.Schemes, store.SchemesIn(models.Region(in.Region)), in.PageQuery,
		func(s *medical.Scheme) schemeView { return viewScheme(s, rq.Lang) })
}

func (h Handler) agreements(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[agreementView], error) {
	return api.Found(ctx, h.Agreements, store.AgreementsOf(rq.Actor.Person), in,
		func(a *medical.Agreement) agreementView { return viewAgreement(a, rq.Lang) })
}

func (h Handler) agreement(ctx context.Context, rq api.Request, in api.ByID) (agreementView, error) {
	a, err := h.Agreements.Get(ctx, in.ID)
	if err != nil || a.Person != rq.Actor.Person {
		return agreementView{}, api.NotYours(err)
	}
	return viewAgreement(a, rq.Lang), nil
}

type signRequest struct {
	SchemeID string `json:"schemeId" validate:"required,max=64"`
	Consents []struct {
		ID      string `json:"id" validate:"required,max=64"`
		Version string `json:"version" validate:"required,max=32"`
	} `json:"consents" validate:"required,max=10,dive"`
}

func (h Handler) sign(ctx context.Context, rq api.Request, in signRequest) (agreementView, error) {
	s, err := h.Schemes.Get(ctx, in.SchemeID)
	if err != nil {
		return agreementView{}, api.PointAt(err, "/schemeId", "medical.scheme_unknown")
	}
	who, err := h.Applicant(ctx, rq.Actor.Person, s.ID)
	if err != nil {
		return agreementView{}, err
	}
	consents := make([]medical.Consent, len(in.Consents))
	for i, c := range in.Consents {
		consents[i] = medical.Consent{ID: c.ID, Version: c.Version}
	}
	a, denied := s.Sign(rq.NewID(), who, consents, rq.Actor, rq.Now)
	if a == nil {
		return agreementView{}, denied
	}
	switch err := h.Agreements.Insert(ctx, a); {
	case errors.Is(err, models.Conflict):
		return h.signedBefore(ctx, rq, a, err)
	case err != nil:
		return agreementView{}, err
	}
	return viewAgreement(a, rq.Lang), denied
}

// signedBefore answers a signing that is there already: the same one after a crash, or another that still lives.
func (h Handler) signedBefore(ctx context.Context, rq api.Request, a *medical.Agreement, taken error) (agreementView, error) {
	same, err := h.Agreements.Get(ctx, a.ID)
	if errors.Is(err, models.NotFound) {
		return agreementView{}, models.E(models.Conflict, "medical.agreement_exists", taken)
	}
	if err != nil {
		return agreementView{}, err
	}
	return viewAgreement(same, rq.Lang), nil
}

// Applicant gathers what a signing needs to know.
func (h Handler) Applicant(ctx context.Context, person, scheme string) (medical.Applicant, error) {
	p, err := api.Here(h.People.Get(ctx, person))
	if err != nil {
		return medical.Applicant{}, err
	}
	who := medical.Applicant{Person: person, Birth: p.Birth}
	if p.State == identity.Bound {
		who.Level = 1
	}
	_, err = h.Conducts.Each(ctx, store.ConductsOf(person), func(c *medical.Conduct) error {
		if c.Scheme == scheme && c.State == medical.Confirmed {
			who.OpenDefaults = append(who.OpenDefaults, c.ID)
		}
		return nil
	})
	if err != nil {
		return who, err
	}
	_, err = h.Agreements.Each(ctx, store.AgreementsOf(person), func(a *medical.Agreement) error {
		if a.Scheme == scheme {
			who.CoolingUntil = max(who.CoolingUntil, a.CoolingUntil())
		}
		return nil
	})
	if err == nil && h.Restricts != nil {
		who.Restricted, who.Looked, err = h.Restricts(ctx, person)
	}
	return who, err
}

// mine changes one of the caller's agreements.
func (h Handler) mine(ctx context.Context, rq api.Request, id string, act func(*medical.Agreement) error) (agreementView, error) {
	a, err := api.Change(ctx, rq, h.Agreements, id, func(a *medical.Agreement) error {
		if a.Person != rq.Actor.Person {
			return api.NotYours(nil)
		}
		return act(a)
	})
	if err != nil {
		return agreementView{}, err
	}
	return viewAgreement(a, rq.Lang), nil
}

func (h Handler) close(ctx context.Context, rq api.Request, in api.ByID) (agreementView, error) {
	return h.mine(ctx, rq, in.ID, func(a *medical.Agreement) error { return a.Close(rq.Actor, rq.Now) })
}

type reviewRequest struct {
	api.ByID
	Statement string `json:"statement" validate:"required,max=2000"`
}

func (h Handler) askReview(ctx context.Context, rq api.Request, in reviewRequest) (agreementView, error) {
	return h.mine(ctx, rq, in.ID, func(a *medical.Agreement) error { return a.AskReview(rq.Actor, in.Statement, rq.Now) })
}

type withdrawRequest struct {
	api.ByID
	Consent string `json:"consent" validate:"required,max=64"`
}

func (h Handler) withdraw(ctx context.Context, rq api.Request, in withdrawRequest) (agreementView, error) {
	return h.mine(ctx, rq, in.ID, func(a *medical.Agreement) error { return a.Withdraw(in.Consent, rq.Actor, rq.Now) })
}

type codeView struct {
	Code      string    `json:"code"` // shown as a QR code
	ExpiresAt time.Time `json:"expiresAt"`
}

func (h Handler) code(ctx context.Context, rq api.Request, _ struct{}) (codeView, error) {
	var secret [18]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return codeView{}, err
	}
	token := "XYM" + base64.RawURLEncoding.EncodeToString(secret[:])
	c := medical.NewCode(codeID(token), rq.Actor.Person, rq.Now)
	return codeView{Code: token, ExpiresAt: c.Expires}, h.Codes.Insert(ctx, c)
}

// codeID is what the store knows of a code: its hash.
func codeID(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

type billsRequest struct {
	State string `query:"state" validate:"omitempty,oneof=ISSUED PARTIALLY_PAID OVERDUE IN_COLLECTION REFUND_DUE PAID VOID WRITTEN_OFF"`
	api.PageQuery
}

func states(s string) []medical.BillState {
	if s == "" {
		return nil
	}
	return []medical.BillState{medical.BillState(s)}
}

func (h Handler) bills(ctx context.Context, rq api.Request, in billsRequest) (api.List[billRow], error) {
	page, err := h.Bills.Find(ctx, store.BillsOf(rq.Actor.Person, states(in.State)...).Page(in.Limit, in.Cursor).Only(rowParts...))
	if err != nil {
		return api.List[billRow]{}, err
	}
	return api.Listed(page, func(b *medical.Bill) billRow { return rowOf(b, rq.Now) }), nil
}

func (h Handler) bill(ctx context.Context, rq api.Request, in api.ByID) (billView, error) {
	b, err := h.Bills.Get(ctx, in.ID)
	if err != nil || b.Person != rq.Actor.Person {
		return billView{}, api.NotYours(err)
	}
	return viewBill(b, rq.Now), nil
}

func (h Handler) timeline(ctx context.Context, rq api.Request, in api.ByID) (api.List[momentView], error) {
	b, err := h.Bills.Get(ctx, in.ID)
	if err != nil || b.Person != rq.Actor.Person {
		return api.List[momentView]{}, api.NotYours(err)
	}
	rows, err := usecase.Timeline(ctx, h.Events, b.Head())
	if err != nil {
		return api.List[momentView]{}, err
	}
	return api.Listed(store.Page[journal.Entry]{Items: rows}, viewMoment), nil
}

type payRequest struct {
	api.ByID
	AmountFen models.Fen `json:"amountFen" validate:"gte=1,lte=100000000"` // fen; at least 1 yuan or the whole rest
	Channel   string     `json:"channel" validate:"oneof=wechat alipay unionpay"`
}

func (h Handler) pay(ctx context.Context, rq api.Request, in payRequest) (paymentView, error) {
	payNo := strings.ReplaceAll(rq.NewID(), "-", "") // channels take 32 characters
	b, err := h.owed(ctx, rq, in.ID, func(b *medical.Bill) error {
		return b.Pay(payNo, in.Channel, in.AmountFen, rq.Actor, rq.Now)
	})
	if err != nil {
		return paymentView{}, err
	}
	p, _ := b.PaymentOf(payNo)
	if p.State != medical.Pending {
		return viewPayment(p, "", b, rq.Now), nil
	}
	ticket, err := h.Gateway.Collect(ctx, payments.Order{PayNo: payNo, Channel: p.Channel, Attach: b.ID, Amount: p.Amount,
		Subject: "Xinyi " + b.BillNo, Expires: *p.Expires})
	if err != nil {
		return paymentView{}, err
	}
	return viewPayment(p, ticket.URL, b, rq.Now), nil
}

// owed changes one of the caller's bills.
func (h Handler) owed(ctx context.Context, rq api.Request, id string, act func(*medical.Bill) error) (*medical.Bill, error) {
	return api.Change(ctx, rq, h.Bills, id, func(b *medical.Bill) error {
		if b.Person != rq.Actor.Person {
			return api.NotYours(nil)
		}
		return act(b)
	})
}

type statementRequest struct {
	api.ByID
	Statement string `json:"statement" validate:"max=2000"`
}

func (h Handler) dispute(ctx context.Context, rq api.Request, in reviewRequest) (billView, error) {
	b, err := h.owed(ctx, rq, in.ID, func(b *medical.Bill) error { return b.Object(rq.Actor, in.Statement, rq.Now) })
	if err != nil {
		return billView{}, err
	}
	return viewBill(b, rq.Now), nil
}

func (h Handler) conducts(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[conductView], error) {
	page, err := h.Conducts.Find(ctx, store.ConductsOf(rq.Actor.Person).Page(in.Limit, in.Cursor))
	if err != nil {
		return api.List[conductView]{}, err
	}
	shown := page.Items[:0]
	for _, c := range page.Items {
		if c.State != medical.Archived {
			shown = append(shown, c)
		}
	}
	page.Items = shown
	return api.Listed(page, viewConduct), nil
}

// recorded changes a record about the caller.
func (h Handler) recorded(ctx context.Context, rq api.Request, id string, change func(*medical.Conduct) error) (conductView, error) {
	c, err := h.Conducts.Update(ctx, id, func(c *medical.Conduct) error {
		if c.Person != rq.Actor.Person {
			return api.NotYours(nil)
		}
		return change(c)
	})
	if err != nil {
		return conductView{}, err
	}
	return viewConduct(c), nil
}

func (h Handler) object(ctx context.Context, rq api.Request, in reviewRequest) (conductView, error) {
	return h.recorded(ctx, rq, in.ID, func(c *medical.Conduct) error { return c.Object(rq.Actor, in.Statement, rq.Now) })
}

func (h Handler) statement(ctx context.Context, rq api.Request, in statementRequest) (conductView, error) {
	return h.recorded(ctx, rq, in.ID, func(c *medical.Conduct) error { return c.Say(in.Statement) })
}

// Portions are what an export holds of credit medical care.
func (h Handler) Portions() []api.Portion {
	return []api.Portion{
		api.Listing("agreements", false, h.agreements),
		api.Listing("bills", false, func(ctx context.Context, rq api.Request, p api.PageQuery) (api.List[billRow], error) {
			return h.bills(ctx, rq, billsRequest{PageQuery: p})
		}),
		api.Listing("defaults", false, h.conducts),
	}
}
