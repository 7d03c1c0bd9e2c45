package handlers

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/models/journal"
	"xinyi/models/medical"
	deciding "xinyi/models/rule"
	"xinyi/payments"
	"xinyi/store"
)

// Medical is the door to credit medical care: residents here, hospitals in medical_his.go, staff in medical_staff.go.
type Medical struct {
	store.Medical
	People   *store.Repo[identity.Person]
	Mandates *store.Repo[identity.Mandate]
	Events   *store.Repo[journal.Entry]
	Keys     *store.Keys
	Gateway  payments.Gateway
	Looks    *Looks
	Served   func(ctx context.Context, b *medical.Bill) (medical.Served, error) // reminders delivered for a bill

	// Restricts is the list entry in force that withholds an agreement from a person, "" for none, and every entry that was looked
	// at. nil: no lists are kept here.
	Restricts func(ctx context.Context, person string) (restricted string, looked []deciding.Cited, err error)
}

// month is how long answers about money are kept for their Idempotency-Key.
const month = 30 * 24 * time.Hour

// Mount names every route of the capability, and nothing else does.
func (h Medical) Mount(r *Router) {
	Get(r, "/medical/schemes", h.schemes, Does("Schemes of credit medical care and their consent texts"), Open())
	Get(r, "/me/medical/agreements", h.agreements, Does("My agreements"), May("medical.agreements.read"), Tag("medical"))
	Post(r, "/me/medical/agreements", h.sign, Does("Sign an agreement", "A refusal (422) says which clause, why, and what would change it."), May("medical.agreements.sign"), Creates, Tag("medical"))
	Get(r, "/me/medical/agreements/{id}", h.agreement, Does("One of my agreements"), May("medical.agreements.read"), Tag("medical"))
	Post(r, "/me/medical/agreements/{id}/close", h.close, Does("End an agreement; what is owed runs off first"), May("medical.agreements.sign"), Tag("medical"))
	Post(r, "/me/medical/agreements/{id}/review", h.askReview, Does("Ask for a person to look at a rejection"), May("medical.agreements.sign"), Tag("medical"))
	Post(r, "/me/medical/agreements/{id}/withdraw", h.withdraw, Does("Withdraw a consent; it works at once"), May("medical.agreements.sign"), Tag("medical"))
	Post(r, "/me/medical/code", h.code, Does("A code to show at the desk: one use, five minutes"), May("medical.code"), Answers(201), Tag("medical"))
	Get(r, "/me/medical/bills", h.bills, Does("My bills, the newest first"), May("medical.bills.mine"), Tag("medical"))
	Get(r, "/me/medical/bills/{id}", h.bill, Does("One of my bills"), May("medical.bills.mine"), Tag("medical"))
	Get(r, "/me/medical/bills/{id}/timeline", h.timeline, Does("All that happened to a bill"), May("medical.bills.mine"), Tag("medical"))
	Post(r, "/me/medical/bills/{id}/payments", h.pay, Does("Pay a bill, in part or whole", "The channel confirms by itself; the bill then shows it."), May("medical.bills.pay"), Creates, Keeps(month), Tag("medical"))
	Post(r, "/me/medical/bills/{id}/dispute", h.dispute, Does("Say that a bill is wrong; its clock stops until somebody decides"), May("medical.bills.pay"), Tag("medical"))
	Get(r, "/me/medical/conducts", h.conducts, Does("Records of unpaid bills about me, in this scheme only"), May("medical.bills.mine"), Tag("medical"))
	Post(r, "/me/medical/conducts/{id}/object", h.object, Does("Object to a record before it is confirmed"), May("medical.bills.pay"), Tag("medical"))
	Put(r, "/me/medical/conducts/{id}/statement", h.statement, Does("My own words, shown with the record"), May("medical.bills.pay"), Tag("medical"))
	h.mountHospital(r)
	h.mountStaff(r)
}

type byID struct {
	ID string `path:"id" validate:"required,max=128"`
}

type schemesRequest struct {
	Region string `query:"region" validate:"omitempty,division"`
	PageQuery
}

func (h Medical) schemes(ctx context.Context, rq Request, in schemesRequest) (List[schemeView], error) {
	page, err := h.Schemes.Find(ctx, store.SchemesIn(models.Region(in.Region)).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[schemeView]{}, err
	}
	return Listed(page, func(s *medical.Scheme) schemeView { return viewScheme(s, rq.Lang) }), nil
}

func (h Medical) agreements(ctx context.Context, rq Request, in PageQuery) (List[agreementView], error) {
	page, err := h.Agreements.Find(ctx, store.AgreementsOf(rq.Actor.Person).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[agreementView]{}, err
	}
	return Listed(page, func(a *medical.Agreement) agreementView { return viewAgreement(a, rq.Lang) }), nil
}

func (h Medical) agreement(ctx context.Context, rq Request, in byID) (agreementView, error) {
	a, err := h.Agreements.Get(ctx, in.ID)
	if err != nil || a.Person != rq.Actor.Person {
		return agreementView{}, notYours(err)
	}
	return viewAgreement(a, rq.Lang), nil
}

// notYours hides what belongs to somebody else.
func notYours(err error) error {
	if err != nil {
		return err
	}
	return models.E(models.NotFound, "not_found")
}

type signRequest struct {
	SchemeID string `json:"schemeId" validate:"required,max=64"`
	Consents []struct {
		ID      string `json:"id" validate:"required,max=64"`
		Version string `json:"version" validate:"required,max=32"`
	} `json:"consents" validate:"required,max=10,dive"`
}

func (h Medical) sign(ctx context.Context, rq Request, in signRequest) (agreementView, error) {
	s, err := h.Schemes.Get(ctx, in.SchemeID)
	if err != nil {
		return agreementView{}, pointAt(err, "/schemeId", "medical.scheme_unknown")
	}
	who, err := h.applicant(ctx, rq.Actor.Person, s.ID)
	if err != nil {
		return agreementView{}, err
	}
	consents := make([]medical.Consent, len(in.Consents))
	for i, c := range in.Consents {
		consents[i] = medical.Consent{ID: c.ID, Version: c.Version}
	}
	a, denied := medical.Sign(rq.NewID(), who, s, consents, rq.Actor, rq.Now)
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
func (h Medical) signedBefore(ctx context.Context, rq Request, a *medical.Agreement, taken error) (agreementView, error) {
	same, err := h.Agreements.Get(ctx, a.ID)
	if errors.Is(err, models.NotFound) {
		return agreementView{}, models.E(models.Conflict, "medical.agreement_exists", taken)
	}
	if err != nil {
		return agreementView{}, err
	}
	return viewAgreement(same, rq.Lang), nil
}

// pointAt turns a missing document into an Invalid that points at the field that named it.
func pointAt(err error, pointer, reason string) error {
	if errors.Is(err, models.NotFound) {
		return models.Bad(pointer, "unknown", reason)
	}
	return err
}

// applicant gathers what a signing needs to know.
func (h Medical) applicant(ctx context.Context, person, scheme string) (medical.Applicant, error) {
	p, err := here(h.People.Get(ctx, person))
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
func (h Medical) mine(ctx context.Context, rq Request, id string, act func(*medical.Agreement) error) (agreementView, error) {
	a, err := change(ctx, rq, h.Agreements, id, func(a *medical.Agreement) error {
		if a.Person != rq.Actor.Person {
			return notYours(nil)
		}
		return act(a)
	})
	if err != nil {
		return agreementView{}, err
	}
	return viewAgreement(a, rq.Lang), nil
}

func (h Medical) close(ctx context.Context, rq Request, in byID) (agreementView, error) {
	return h.mine(ctx, rq, in.ID, func(a *medical.Agreement) error { return a.Close(rq.Actor, rq.Now) })
}

type reviewRequest struct {
	byID
	Statement string `json:"statement" validate:"required,max=2000"`
}

func (h Medical) askReview(ctx context.Context, rq Request, in reviewRequest) (agreementView, error) {
	return h.mine(ctx, rq, in.ID, func(a *medical.Agreement) error { return a.AskReview(rq.Actor, in.Statement, rq.Now) })
}

type withdrawRequest struct {
	byID
	Consent string `json:"consent" validate:"required,max=64"`
}

func (h Medical) withdraw(ctx context.Context, rq Request, in withdrawRequest) (agreementView, error) {
	return h.mine(ctx, rq, in.ID, func(a *medical.Agreement) error { return a.Withdraw(in.Consent, rq.Actor, rq.Now) })
}

type codeView struct {
	Code      string    `json:"code"` // shown as a QR code
	ExpiresAt time.Time `json:"expiresAt"`
}

func (h Medical) code(ctx context.Context, rq Request, _ struct{}) (codeView, error) {
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
	PageQuery
}

func states(s string) []medical.BillState {
	if s == "" {
		return nil
	}
	return []medical.BillState{medical.BillState(s)}
}

func (h Medical) bills(ctx context.Context, rq Request, in billsRequest) (List[billRow], error) {
	page, err := h.Bills.Find(ctx, store.BillsOf(rq.Actor.Person, states(in.State)...).Page(in.Limit, in.Cursor).Only(rowParts...))
	if err != nil {
		return List[billRow]{}, err
	}
	return Listed(page, func(b *medical.Bill) billRow { return rowOf(b, rq.Now) }), nil
}

func (h Medical) bill(ctx context.Context, rq Request, in byID) (billView, error) {
	b, err := h.Bills.Get(ctx, in.ID)
	if err != nil || b.Person != rq.Actor.Person {
		return billView{}, notYours(err)
	}
	return viewBill(b, rq.Now), nil
}

func (h Medical) timeline(ctx context.Context, rq Request, in byID) (List[momentView], error) {
	b, err := h.Bills.Get(ctx, in.ID)
	if err != nil || b.Person != rq.Actor.Person {
		return List[momentView]{}, notYours(err)
	}
	rows, err := store.Timeline(ctx, h.Events, b.Head())
	if err != nil {
		return List[momentView]{}, err
	}
	return Listed(store.Page[journal.Entry]{Items: rows}, viewMoment), nil
}

type payRequest struct {
	byID
	AmountFen models.Fen `json:"amountFen" validate:"gte=1,lte=100000000"` // fen; at least 1 yuan or the whole rest
	Channel   string     `json:"channel" validate:"oneof=wechat alipay unionpay"`
}

func (h Medical) pay(ctx context.Context, rq Request, in payRequest) (paymentView, error) {
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
	ticket, err := h.Gateway.Collect(ctx, payments.Order{PayNo: payNo, Channel: p.Channel, Attach: b.ID, Amount: p.Amount, Subject: "Xinyi " + b.BillNo, Expires: *p.Expires})
	if err != nil {
		return paymentView{}, err
	}
	return viewPayment(p, ticket.URL, b, rq.Now), nil
}

// owed changes one of the caller's bills.
func (h Medical) owed(ctx context.Context, rq Request, id string, act func(*medical.Bill) error) (*medical.Bill, error) {
	return change(ctx, rq, h.Bills, id, func(b *medical.Bill) error {
		if b.Person != rq.Actor.Person {
			return notYours(nil)
		}
		return act(b)
	})
}

type statementRequest struct {
	byID
	Statement string `json:"statement" validate:"max=2000"`
}

func (h Medical) dispute(ctx context.Context, rq Request, in reviewRequest) (billView, error) {
	b, err := h.owed(ctx, rq, in.ID, func(b *medical.Bill) error { return b.Object(rq.Actor, in.Statement, rq.Now) })
	if err != nil {
		return billView{}, err
	}
	return viewBill(b, rq.Now), nil
}

func (h Medical) conducts(ctx context.Context, rq Request, in PageQuery) (List[conductView], error) {
	page, err := h.Conducts.Find(ctx, store.ConductsOf(rq.Actor.Person).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[conductView]{}, err
	}
	shown := page.Items[:0]
	for _, c := range page.Items {
		if c.State != medical.Archived {
			shown = append(shown, c)
		}
	}
	page.Items = shown
	return Listed(page, viewConduct), nil
}

// recorded changes a record about the caller.
func (h Medical) recorded(ctx context.Context, rq Request, id string, change func(*medical.Conduct) error) (conductView, error) {
	c, err := h.Conducts.Update(ctx, id, func(c *medical.Conduct) error {
		if c.Person != rq.Actor.Person {
			return notYours(nil)
		}
		return change(c)
	})
	if err != nil {
		return conductView{}, err
	}
	return viewConduct(c), nil
}

func (h Medical) object(ctx context.Context, rq Request, in reviewRequest) (conductView, error) {
	return h.recorded(ctx, rq, in.ID, func(c *medical.Conduct) error { return c.Object(rq.Actor, in.Statement, rq.Now) })
}

func (h Medical) statement(ctx context.Context, rq Request, in statementRequest) (conductView, error) {
	return h.recorded(ctx, rq, in.ID, func(c *medical.Conduct) error { return c.Say(in.Statement) })
}

// Portions are what an export holds of credit medical care.
func (h Medical) Portions() []Portion {
	return []Portion{
		Listing("agreements", false, h.agreements),
		Listing("bills", false, func(ctx context.Context, rq Request, p PageQuery) (List[billRow], error) {
			return h.bills(ctx, rq, billsRequest{PageQuery: p})
		}),
		Listing("defaults", false, h.conducts),
	}
}
