package medical

import (
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/journal"
	"xinyi/models/medical"
)

type schemeView struct {
	ID       string        `json:"id"`
	Name     string        `json:"name"`
	Region   models.Region `json:"region"`
	Types    []string      `json:"types"`
	Limits   []limitView   `json:"limits"`
	PayDays  payDaysView   `json:"payDays"`
	Consents []consentText `json:"consents"`
}

type limitView struct {
	Band          string     `json:"band"`
	OutpatientFen models.Fen `json:"outpatientFen"`
	InpatientFen  models.Fen `json:"inpatientFen"`
}

type payDaysView struct {
	Outpatient int `json:"outpatient"`
	Inpatient  int `json:"inpatient"`
	Grace      int `json:"grace"`
}

type consentText struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Text    string `json:"text"`
	Hash    string `json:"hash"` // of the text in both languages: what a signature refers to
}

func viewScheme(s *medical.Scheme, lang string) schemeView {
	v := schemeView{ID: s.ID, Name: s.Name.In(lang), Region: s.Region,
		PayDays: payDaysView{s.Terms.OutpatientDays, s.Terms.InpatientDays, s.Terms.GraceDays}}
	for _, t := range s.Types {
		v.Types = append(v.Types, string(t))
	}
	for _, b := range s.Bands {
		v.Limits = append(v.Limits, limitView{b.ID, b.Outpatient, b.Inpatient})
	}
	for _, c := range s.Consents {
		v.Consents = append(v.Consents, consentText{c.ID, c.Version, c.Text.In(lang), c.Hash()})
	}
	return v
}

type poolView struct {
	LimitFen     models.Fen `json:"limitFen"`
	HeldFen      models.Fen `json:"heldFen"`
	DrawnFen     models.Fen `json:"drawnFen"`
	AvailableFen models.Fen `json:"availableFen"`
}

func viewPool(p medical.Pool) poolView {
	return poolView{p.Limit, p.Held(), p.Owed(), max(p.Available(), 0)}
}

type blockView struct {
	Kind  string      `json:"kind"` // FREEZE stops new holds only; OVERDUE, DEFAULT, OFFICE and CONSENT suspend
	Since time.Time   `json:"since"`
	Until *models.Day `json:"until,omitempty"`
	Words string      `json:"reason,omitempty"` // an office's own
}

type limitChangeView struct {
	At     time.Time  `json:"at"`
	OldFen models.Fen `json:"oldFen"`
	NewFen models.Fen `json:"newFen"`
	Reason string     `json:"reason"`
	By     string     `json:"by"`
}

type agreementView struct {
	ID        string              `json:"id"`
	SchemeID  string              `json:"schemeId"`
	Region    string              `json:"region"`
	State     string              `json:"state"`
	poolView                      // outpatient visits
	Inpatient poolView            `json:"inpatient"`
	Band      string              `json:"band"`
	SignedAt  *time.Time          `json:"signedAt,omitempty"`
	Ends      models.Day          `json:"ends,omitempty"` // last day
	Blocks    []blockView         `json:"blocks"`
	Limits    []limitChangeView   `json:"limits"`
	Consents  []consentView       `json:"consents"`
	Clauses   []api.ProblemClause `json:"clauses,omitempty"` // of a rejection: each condition and how it came out
	revision  int64
}

type consentView struct {
	ID          string      `json:"id"`
	Version     string      `json:"version"`
	Hash        string      `json:"hash"`
	WithdrawnOn *models.Day `json:"withdrawnOn,omitempty"`
}

// Revised makes the agreement carry an ETag.
func (v agreementView) Revised() int64 { return v.revision }

func viewAgreement(a *medical.Agreement, lang string) agreementView {
	v := agreementView{
		ID: a.ID, SchemeID: a.Scheme, Region: string(a.Region), State: string(a.State), poolView: viewPool(a.Outpatient),
		Inpatient: viewPool(a.Inpatient), Band: a.Band, SignedAt: a.SignedAt, Ends: a.Ends,
		Blocks: []blockView{}, Limits: []limitChangeView{}, Consents: []consentView{}, revision: a.Revision,
	}
	for _, b := range a.Blocks {
		bv := blockView{Kind: string(b.Kind), Since: b.Since}
		if b.Kind == medical.ByOffice {
			bv.Words = b.Ref
		}
		if b.Until != nil {
			day := models.DayOf(*b.Until)
			bv.Until = &day
		}
		v.Blocks = append(v.Blocks, bv)
	}
	for _, l := range a.Limits {
		v.Limits = append(v.Limits, limitChangeView{l.At, l.Old, l.New, l.Reason, string(l.By)})
	}
	for _, c := range a.Consents {
		v.Consents = append(v.Consents, consentView{c.ID, c.Version, c.Hash, c.Withdrawn})
	}
	for _, c := range a.Clauses {
		v.Clauses = append(v.Clauses, api.ViewClause(c, lang))
	}
	return v
}

// billRow is a bill in a list.
type billRow struct {
	ID             string     `json:"id"`
	BillNo         string     `json:"billNo"`
	State          string     `json:"state"`
	Hospital       string     `json:"hospital"`
	Type           string     `json:"type"`
	PrincipalFen   models.Fen `json:"principalFen"`
	PaidFen        models.Fen `json:"paidFen"`
	RefundedFen    models.Fen `json:"refundedFen"`
	WaivedFen      models.Fen `json:"waivedFen"`
	OutstandingFen models.Fen `json:"outstandingFen"`
	IssuedOn       models.Day `json:"issuedOn"`
	DueOn          models.Day `json:"dueOn"`
	DaysPastDue    int        `json:"daysPastDue"`
	Stopped        string     `json:"stopped,omitempty"` // DISPUTE or PAUSE while the clock stands still
}

// rowParts is what a row needs of a bill; a test holds it to rowOf.
var rowParts = []string{
	"billNo", "state", "hospitalName", "type", "principal", "waived", "paid", "refunded", "issuedOn", "dueOn", "stops", "terms.graceDays",
}

func rowOf(b *medical.Bill, now time.Time) billRow {
	stopped, _ := b.Stopped()
	return billRow{
		ID: b.ID, BillNo: b.BillNo, State: string(b.State), Hospital: b.HospitalName, Type: string(b.Type),
		PrincipalFen: b.Principal, PaidFen: b.Paid, RefundedFen: b.Refunded, WaivedFen: b.Waived, OutstandingFen: b.Outstanding(),
		IssuedOn: b.IssuedOn, DueOn: b.DueOn, DaysPastDue: b.Dpd(models.DayOf(now)), Stopped: string(stopped),
	}
}

// billView is a bill with its payments and refunds.
type billView struct {
	billRow
	Payments []paymentRow `json:"payments"`
	Refunds  []refundRow  `json:"refunds"`
	revision int64
}

type paymentRow struct {
	PayNo     string     `json:"payNo"`
	Channel   string     `json:"channel"`
	AmountFen models.Fen `json:"amountFen"`
	State     string     `json:"state"`
	At        time.Time  `json:"at"`
	EndedAt   *time.Time `json:"endedAt,omitempty"`
}

type refundRow struct {
	RefundNo  string     `json:"refundNo"`
	PayNo     string     `json:"payNo"`
	Channel   string     `json:"channel"`
	AmountFen models.Fen `json:"amountFen"`
	State     string     `json:"state"`
	At        time.Time  `json:"at"`
	EndedAt   *time.Time `json:"endedAt,omitempty"`
}

// Revised makes the bill carry an ETag.
func (v billView) Revised() int64 { return v.revision }

func viewBill(b *medical.Bill, now time.Time) billView {
	v := billView{billRow: rowOf(b, now), Payments: make([]paymentRow, len(b.Payments)), Refunds: make([]refundRow, len(b.Refunds)),
		revision: b.Revision}
	for i, p := range b.Payments {
		v.Payments[i] = rowOfPayment(p)
	}
	for i, r := range b.Refunds {
		v.Refunds[i] = refundRow{r.RefundNo, r.PayNo, r.Channel, r.Amount, string(r.State), r.At, r.Ended}
	}
	return v
}

func rowOfPayment(p medical.Payment) paymentRow {
	return paymentRow{p.PayNo, p.Channel, p.Amount, string(p.State), p.At, p.Ended}
}

// paymentView answers a payment: what the app opens, and the bill as it stands.
type paymentView struct {
	paymentRow
	PayURL string  `json:"payUrl,omitempty"` // where the app sends the payer
	Bill   billRow `json:"bill"`
}

func viewPayment(p medical.Payment, url string, b *medical.Bill, now time.Time) paymentView {
	return paymentView{rowOfPayment(p), url, rowOf(b, now)}
}

type momentView struct {
	At   time.Time         `json:"at"`
	Kind string            `json:"kind"`
	By   string            `json:"by"` // role
	Data map[string]string `json:"data,omitempty"`
}

func viewMoment(e *journal.Entry) momentView {
	return momentView{e.At, e.Kind, string(e.By.Role), e.Data}
}

type conductView struct {
	ID          string     `json:"id"` // the bill's
	BillNo      string     `json:"billNo"`
	State       string     `json:"state"`
	ObjectUntil models.Day `json:"objectUntil"` // last day
	Objection   string     `json:"objection,omitempty"`
	Statement   string     `json:"statement,omitempty"`
	RepairedOn  models.Day `json:"repairedOn,omitempty"` // the day it heals, once the bill is paid
}

func viewConduct(c *medical.Conduct) conductView {
	v := conductView{ID: c.ID, BillNo: c.BillNo, State: string(c.State), ObjectUntil: c.ObjectUntil, Objection: c.Objection,
		Statement: c.Statement}
	if c.RepairAt != nil {
		v.RepairedOn = models.DayOf(*c.RepairAt)
	}
	return v
}
