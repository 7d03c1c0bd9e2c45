package handlers

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/models/medical"
	"xinyi/store"
)

// mountHospital names the routes of a hospital's information system.
func (h Medical) mountHospital(r *Router) {
	Post(r, "/his/encounters", h.open, Does("Open a visit", "Says whether it can be put on credit, never why not beyond the code. Care is never refused."), May("medical.his"), Creates)
	Get(r, "/his/encounters/{id}", h.encounter, Does("A visit of this hospital"), May("medical.his"))
	Post(r, "/his/encounters/{id}/charges", h.charge, Does("Post charges and reversals, at most 200 lines", "PAY_NOW is collected at the desk."), May("medical.his"), Moves, Keeps(month))
	Post(r, "/his/encounters/{id}/settlements", h.settle, Does("Post the insurer's settlement", "Its sums hold to the fen or it waits in the exception queue."), May("medical.his"), Creates, Keeps(month))
	Post(r, "/his/encounters/{id}/cancel", h.cancel, Does("Cancel a visit"), May("medical.his"), Moves)
	Post(r, "/his/settlements/{setlId}/reverse", h.reverse, Does("Take a settlement back whole"), May("medical.his"), Moves, Keeps(month))
	Post(r, "/his/bills/{billNo}/offline-payments", h.desk, Does("Report a payment taken at the desk"), May("medical.his"), Creates, Keeps(month))
	Post(r, "/his/bills/{billNo}/offline-refunds", h.deskRefund, Does("Report a refund paid out at the desk"), May("medical.his"), Creates, Keeps(month))
	Get(r, "/his/exceptions", h.exceptions, Does("Visits whose settlement or charges do not add up"), May("medical.his"))
}

type openRequest struct {
	VisitNo string `json:"visitNo" validate:"required,max=64"`
	Type    string `json:"type" validate:"oneof=OUTPATIENT INPATIENT EMERGENCY REGISTRATION"`
	Patient struct {
		IDNumber string `json:"idNumber" validate:"required_without=Code,omitempty,cnid"`
		Code     string `json:"code" validate:"required_without=IDNumber,excluded_with=IDNumber,omitempty,max=64"`
	} `json:"patient"`
}

type openView struct {
	EncounterID  string     `json:"encounterId"`
	Creditable   bool       `json:"creditable"`
	ReasonCode   string     `json:"reasonCode"`   // "" when creditable, else NO_AGREEMENT, SUSPENDED, LIMIT or SCHEME_OFF
	AvailableFen models.Fen `json:"availableFen"` // rounded down to whole yuan
}

// visitID derives a visit's id from the hospital and its number, so that a visit opened twice is one.
func visitID(hospital, visitNo string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(hospital+"\n"+visitNo)).String()
}

func (h Medical) open(ctx context.Context, rq Request, in openRequest) (openView, error) {
	id := visitID(rq.Actor.Org, in.VisitNo)
	typ := medical.VisitType(in.Type)
	person, err := h.patient(ctx, rq, in)
	if err != nil {
		return openView{}, err
	}
	a, reason, err := h.covers(ctx, rq, person, typ)
	if err != nil {
		return openView{}, err
	}
	e := medical.Open(id, rq.Actor.Org, in.VisitNo, typ, person, a, reason, rq.Actor.Region, rq.Actor, rq.Now)
	if err := h.Encounters.Insert(ctx, e); errors.Is(err, models.Conflict) {
		before, err := h.Encounters.Get(ctx, id)
		if err != nil {
			return openView{}, err
		}
		if before.Type != typ || before.Person != person {
			return openView{}, models.E(models.Conflict, "medical.visit_differs")
		}
		e = before
	} else if err != nil {
		return openView{}, err
	}
	view := openView{EncounterID: e.ID, Creditable: e.Agreement != "", ReasonCode: e.Reason}
	if a != nil && view.Creditable {
		view.AvailableFen = a.Room(e.ID, typ) / 100 * 100
	}
	return view, nil
}

// patient finds who the hospital means: by code, which is spent, or by ID number. "" is somebody not known here.
func (h Medical) patient(ctx context.Context, rq Request, in openRequest) (string, error) {
	if in.Patient.Code != "" {
		c, err := h.Codes.Update(ctx, codeID(in.Patient.Code), func(c *medical.Code) error {
			return c.Use(rq.Actor.Org+"/"+in.VisitNo, rq.Now)
		})
		if err != nil {
			return "", pointAt(err, "/patient/code", "medical.code_unknown")
		}
		return c.Person, nil
	}
	n, err := models.ParseIDNumber(in.Patient.IDNumber)
	if err != nil {
		return "", err
	}
	p, err := h.People.First(ctx, h.Keys.PersonByIDNumber(n))
	if errors.Is(err, models.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return p.ID, nil
}

// covers finds the agreement a visit may be put on: the person's own or, for somebody without one, the guardian's.
// Without one it says why: NO_AGREEMENT, SUSPENDED, LIMIT or SCHEME_OFF.
func (h Medical) covers(ctx context.Context, rq Request, person string, typ medical.VisitType) (*medical.Agreement, string, error) {
	reason := "NO_AGREEMENT"
	if person == "" {
		return nil, reason, nil
	}
	a, own, err := h.coveredBy(ctx, rq, person, typ)
	if a != nil || err != nil || own != reason {
		return a, own, err
	}
	m, err := h.Mandates.Find(ctx, store.MandatesOfPrincipal(person, identity.InForce))
	if err != nil {
		return nil, "", err
	}
	for _, m := range m.Items {
		if m.Kind == identity.Guardian {
			return h.coveredBy(ctx, rq, m.Agent, typ)
		}
	}
	return nil, reason, nil
}

func (h Medical) coveredBy(ctx context.Context, rq Request, person string, typ medical.VisitType) (*medical.Agreement, string, error) {
	page, err := h.Agreements.Find(ctx, store.AgreementsOf(person))
	if err != nil {
		return nil, "", err
	}
	reason := "NO_AGREEMENT"
	for _, a := range page.Items {
		why := a.Creditable(typ)
		if why == "NO_AGREEMENT" {
			continue
		}
		s, err := h.Schemes.Get(ctx, a.Scheme)
		if err != nil {
			return nil, "", err
		}
		if !s.Open(rq.Actor.Org, typ, models.DayOf(rq.Now)) {
			why = "SCHEME_OFF"
		}
		if why == "" {
			return a, "", nil
		}
		reason = why
	}
	return nil, reason, nil
}

type encounterView struct {
	EncounterID string           `json:"encounterId"`
	VisitNo     string           `json:"visitNo"`
	Type        string           `json:"type"`
	State       string           `json:"state"`
	Creditable  bool             `json:"creditable"`
	ReasonCode  string           `json:"reasonCode"`
	TotalFen    models.Fen       `json:"totalFen"`  // accepted charges
	PayNowFen   models.Fen       `json:"payNowFen"` // charges to collect at the desk
	Exception   string           `json:"exception,omitempty"`
	Settlements []settlementView `json:"settlements"`
}

func viewEncounter(e *medical.Encounter) encounterView {
	v := encounterView{
		EncounterID: e.ID, VisitNo: e.VisitNo, Type: string(e.Type), State: string(e.State), Creditable: e.Agreement != "",
		ReasonCode: e.Reason, TotalFen: e.Total(), PayNowFen: e.PayNowTotal(), Exception: e.Exception, Settlements: []settlementView{},
	}
	for _, s := range e.Settlements {
		v.Settlements = append(v.Settlements, viewSettlement(s, nil))
	}
	return v
}

// own reads a visit of the caller's hospital.
func (h Medical) own(ctx context.Context, rq Request, id string) (*medical.Encounter, error) {
	e, err := h.Encounters.Get(ctx, id)
	if err != nil || e.Hospital != rq.Actor.Org {
		return nil, notYours(err)
	}
	return e, nil
}

func (h Medical) encounter(ctx context.Context, rq Request, in byID) (encounterView, error) {
	e, err := h.own(ctx, rq, in.ID)
	if err != nil {
		return encounterView{}, err
	}
	return viewEncounter(e), nil
}

type chargeRequest struct {
	byID
	Lines []lineRequest `json:"lines" validate:"required,min=1,max=200,dive"`
}

type lineRequest struct {
	LineID     string    `json:"lineId" validate:"required,max=64"`
	Revision   int       `json:"revision" validate:"gte=0,lte=1000000"`
	Category   category  `json:"category" validate:"oneof=DRUG EXAM TREATMENT BED OTHER"` // or 药品 检查 治疗 床位 其他
	Amount     string    `json:"amount" validate:"required,yuan"`                         // yuan, at most two decimals; negative only with reverses
	OccurredAt time.Time `json:"occurredAt" validate:"required"`
	Reverses   string    `json:"reverses" validate:"omitempty,max=64,nefield=LineID"`
}

// A category is as coarse as it may be: a finer one would tell what for.
type category string

// categories are the Chinese names, as many hospital systems write them.
var categories = map[string]category{"药品": "DRUG", "检查": "EXAM", "治疗": "TREATMENT", "床位": "BED", "其他": "OTHER"}

// UnmarshalText reads a code in any case, or its Chinese name.
func (c *category) UnmarshalText(text []byte) error {
	if known, ok := categories[string(text)]; ok {
		*c = known
		return nil
	}
	*c = category(strings.ToUpper(string(text)))
	return nil
}

type lineView struct {
	LineID string `json:"lineId"`
	Result string `json:"result"`          // ACCEPTED, DUPLICATE, CONFLICT or PAY_NOW
	First  string `json:"first,omitempty"` // what a duplicate was answered the first time
	Parked bool   `json:"parked,omitzero"` // a reversal that waits for its original
}

type chargeView struct {
	Lines []lineView `json:"lines"`
}

// The bounds of a line: what is beyond is a slip of the keyboard, and would push the whole bill to the desk.
const (
	maxCharge = models.Fen(100_000_000) // a million yuan
	ahead     = 24 * time.Hour          // how far a hospital's clock may be before ours
)

// lines reads the lines of a request. Errors: Invalid, pointing at the line.
func (in chargeRequest) lines(now time.Time) ([]medical.Line, error) {
	lines := make([]medical.Line, len(in.Lines))
	for i, l := range in.Lines {
		amount, err := models.ParseYuan(l.Amount)
		if err != nil {
			return nil, err
		}
		pointer := "/lines/" + strconv.Itoa(i) + "/amount"
		switch {
		case l.Reverses == "" && amount <= 0:
			return nil, models.Bad(pointer, "charge_not_positive", "medical.charge_not_positive")
		case max(amount, -amount) > maxCharge:
			return nil, models.Bad(pointer, "charge_too_large", "medical.charge_too_large").With("max", maxCharge.Yuan())
		case l.OccurredAt.After(now.Add(ahead)):
			return nil, models.Bad("/lines/"+strconv.Itoa(i)+"/occurredAt", "charge_in_future", "medical.charge_in_future")
		case l.Reverses != "" && amount >= 0:
			return nil, models.Bad(pointer, "reversal_not_negative", "medical.reversal_not_negative")
		}
		lines[i] = medical.Line{ID: l.LineID, Revision: l.Revision, Category: string(l.Category), Amount: amount, At: *models.At(l.OccurredAt), Reverses: l.Reverses}
	}
	return lines, nil
}

// errMoved says that the visit was saved between reading it and writing to it.
var errMoved = errors.New("the visit moved on")

// attempts bounds how often a hold and the visit it is for are brought together.
const attempts = 8

func (h Medical) charge(ctx context.Context, rq Request, in chargeRequest) (chargeView, error) {
	lines, err := in.lines(rq.Now)
	if err != nil {
		return chargeView{}, err
	}
	var results []medical.LineResult
	err = h.covered(ctx, rq, in.ID, func(e *medical.Encounter, room models.Fen) models.Fen {
		return e.Fit(lines, room, rq.Now)
	}, func(e *medical.Encounter, hold models.Fen) (err error) {
		results, err = e.Charge(lines, hold, rq.Actor, rq.Now)
		return err
	})
	if err != nil {
		return chargeView{}, err
	}
	view := chargeView{Lines: make([]lineView, len(results))}
	for i, r := range results {
		view.Lines[i] = lineView{r.ID, string(r.Result), string(r.First), r.Parked}
	}
	return view, nil
}

// covered reserves what a change of a visit needs, then makes the change: the hold comes first, so whatever the visit records is covered.
// need says what hold the change wants, given the room there is; change gets the hold there is. If the visit was saved in between, both run again.
func (h Medical) covered(ctx context.Context, rq Request, id string, need func(*medical.Encounter, models.Fen) models.Fen, change func(*medical.Encounter, models.Fen) error) error {
	for range attempts {
		e, err := h.own(ctx, rq, id)
		if err != nil {
			return err
		}
		trial := *e // what is refused, and what came before, holds nothing
		if err := change(&trial, 0); err != nil || unmoved(e, &trial) {
			return err
		}
		hold, err := h.reserve(ctx, rq, e, need)
		if err != nil {
			return err
		}
		_, err = h.Encounters.Update(ctx, id, func(now *medical.Encounter) error {
			if now.Version != e.Version {
				return errMoved
			}
			if err := change(now, hold); err != nil {
				return err
			}
			if unmoved(e, now) {
				return store.Unchanged()
			}
			return nil
		})
		if err == nil || !errors.Is(err, errMoved) && models.CodeOf(err) == models.Unavailable {
			return err
		}
		if back := h.giveBack(ctx, e); back != nil || !errors.Is(err, errMoved) {
			return errors.Join(err, back)
		}
	}
	return models.E(models.Stale, "stale")
}

// giveBack lowers the hold of a visit whose change was refused after the hold was raised for it, because the visit moved on in between.
func (h Medical) giveBack(ctx context.Context, seen *medical.Encounter) error {
	e, err := h.Encounters.Get(ctx, seen.ID)
	if err != nil || e.Agreement == "" || e.Version == seen.Version {
		return err
	}
	rest := models.Fen(0)
	if e.State == medical.Charging {
		rest = e.Total()
	}
	_, err = h.Agreements.Update(ctx, e.Agreement, func(a *medical.Agreement) error {
		if !a.Lower(e.ID, e.Type, rest, e.Version, e.UpdatedAt) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// unmoved says whether a change left a visit as it was.
func unmoved(before, after *medical.Encounter) bool {
	return after.Revision == before.Revision && len(after.Outbox) == len(before.Outbox) && len(after.Lines) == len(before.Lines) &&
		len(after.Settlements) == len(before.Settlements)
}

// reserve raises the visit's hold to what is needed, as far as the agreement allows, and answers the hold.
func (h Medical) reserve(ctx context.Context, rq Request, e *medical.Encounter, need func(*medical.Encounter, models.Fen) models.Fen) (models.Fen, error) {
	if e.Agreement == "" {
		return 0, nil
	}
	var hold models.Fen
	_, err := h.Agreements.Update(ctx, e.Agreement, func(a *medical.Agreement) error {
		held, seq := a.HeldFor(e.ID, e.Type)
		if e.State == medical.VisitDone && held > 0 && seq <= e.SettledSeq {
			return models.E(models.Unavailable, "medical.settling") // the last settlement has not reached the agreement yet
		}
		want := need(e, a.Room(e.ID, e.Type))
		if hold = held; want <= held {
			return store.Unchanged()
		}
		if err := a.Reserve(e.ID, e.Type, want, e.Version+1, rq.Actor, rq.Now); err != nil {
			return err
		}
		hold = want
		return nil
	})
	return hold, err
}

type settleRequest struct {
	byID
	SetlID     string `json:"setlId" validate:"required,max=64"`
	Revision   int    `json:"revision" validate:"gte=0,lte=1000000"`
	MedfeeSum  string `json:"medfeeSum" validate:"required,yuan"`
	FundPaySum string `json:"fundPaySum" validate:"required,yuan"`
	PsnPart    string `json:"psnPart" validate:"required,yuan"`
	AcctPay    string `json:"acctPay" validate:"omitempty,yuan"`
	AcctMulaid string `json:"acctMulaid" validate:"omitempty,yuan"`
	CashPay    string `json:"cashPay" validate:"required,yuan"`
	HospPart   string `json:"hospPart" validate:"omitempty,yuan"`
}

// amounts reads the yuan strings; an absent one is zero.
func (in settleRequest) amounts() (m medical.Amounts, err error) {
	for _, f := range []struct {
		text string
		to   *models.Fen
	}{{in.MedfeeSum, &m.MedfeeSum}, {in.FundPaySum, &m.FundPaySum}, {in.PsnPart, &m.PsnPart}, {in.AcctPay, &m.AcctPay},
		{in.AcctMulaid, &m.AcctMulaid}, {in.CashPay, &m.CashPay}, {in.HospPart, &m.HospPart}} {
		if f.text == "" {
			continue
		}
		if *f.to, err = models.ParseYuan(f.text); err != nil {
			return m, err
		}
	}
	return m, nil
}

type settlementView struct {
	SetlID      string     `json:"setlId"`
	Revision    int        `json:"revision"`
	State       string     `json:"state"`               // SETTLED, EXCEPTION or REVERSED
	Exception   string     `json:"exception,omitempty"` // which sum does not hold
	DeferredFen models.Fen `json:"deferredFen"`         // on the patient's bills
	PayNowFen   models.Fen `json:"payNowFen"`           // of the cash part, to be collected at the desk
	Bills       []hisBill  `json:"bills,omitempty"`
}

type hisBill struct {
	BillNo         string     `json:"billNo"`
	State          string     `json:"state"`
	PrincipalFen   models.Fen `json:"principalFen"`
	PaidFen        models.Fen `json:"paidFen"`
	RefundedFen    models.Fen `json:"refundedFen"`
	OutstandingFen models.Fen `json:"outstandingFen"`
}

func viewHisBill(b *medical.Bill) hisBill {
	return hisBill{b.BillNo, string(b.State), b.Principal, b.Paid, b.Refunded, b.Outstanding()}
}

func viewSettlement(s medical.Settlement, bills []*medical.Bill) settlementView {
	v := settlementView{SetlID: s.SetlID, Revision: s.Revision, State: s.Result, Exception: s.Cause, DeferredFen: s.Deferred, PayNowFen: s.PayNow}
	for _, b := range bills {
		v.Bills = append(v.Bills, viewHisBill(b))
	}
	return v
}

func (h Medical) settle(ctx context.Context, rq Request, in settleRequest) (settlementView, error) {
	m, err := in.amounts()
	if err != nil {
		return settlementView{}, err
	}
	inside, err := h.mulaidInside(ctx, rq, in.ID)
	if err != nil {
		return settlementView{}, err
	}
	var s medical.Settlement
	err = h.covered(ctx, rq, in.ID, func(e *medical.Encounter, room models.Fen) models.Fen {
		if m.Check(inside) != "" {
			return 0
		}
		return min(e.Wants(m), room)
	}, func(e *medical.Encounter, hold models.Fen) (err error) {
		s, err = e.Settle(in.SetlID, in.Revision, m, inside, hold, rq.Actor, rq.Now)
		return err
	})
	if err != nil {
		return settlementView{}, err
	}
	bills, err := h.Bills.Find(ctx, store.BillsOfVisit(in.ID).Page(store.MaxPage, ""))
	if err != nil {
		return settlementView{}, err
	}
	return viewSettlement(s, bills.Items), nil
}

func (h Medical) mulaidInside(ctx context.Context, rq Request, id string) (bool, error) {
	e, err := h.own(ctx, rq, id)
	if err != nil || e.Agreement == "" {
		return false, err
	}
	a, err := h.Agreements.Get(ctx, e.Agreement)
	if err != nil {
		return false, err
	}
	return a.Terms.MulaidInside, nil
}

func (h Medical) cancel(ctx context.Context, rq Request, in byID) (encounterView, error) {
	if _, err := h.own(ctx, rq, in.ID); err != nil {
		return encounterView{}, err
	}
	e, err := h.Encounters.Update(ctx, in.ID, func(e *medical.Encounter) error { return e.Cancel(rq.Actor, rq.Now) })
	if err != nil {
		return encounterView{}, err
	}
	return viewEncounter(e), nil
}

type reverseRequest struct {
	SetlID string `path:"setlId" validate:"required,max=64"`
}

func (h Medical) reverse(ctx context.Context, rq Request, in reverseRequest) (settlementView, error) {
	e, err := h.Encounters.First(ctx, store.EncounterSettled(rq.Actor.Org, in.SetlID))
	if err != nil {
		return settlementView{}, err
	}
	e, err = h.Encounters.Update(ctx, e.ID, func(e *medical.Encounter) error { return e.Reverse(in.SetlID, rq.Actor, rq.Now) })
	if err != nil {
		return settlementView{}, err
	}
	bills, err := h.Bills.Find(ctx, store.BillsOfVisit(e.ID).Page(store.MaxPage, ""))
	if err != nil {
		return settlementView{}, err
	}
	return viewSettlement(e.Settlements[len(e.Settlements)-1], bills.Items), nil
}

type deskRequest struct {
	BillNo    string `path:"billNo" validate:"required,max=64"`
	ReceiptNo string `json:"receiptNo" validate:"required,max=64"`
	Amount    string `json:"amount" validate:"required,yuan"` // yuan
}

// numbered changes a bill of the caller's hospital.
func (h Medical) numbered(ctx context.Context, rq Request, no string, change func(*medical.Bill) error) (hisBill, error) {
	b, err := h.Bills.First(ctx, store.BillNumbered(no))
	if err != nil || b.Hospital != rq.Actor.Org {
		return hisBill{}, notYours(err)
	}
	b, err = h.Bills.Update(ctx, b.ID, change)
	if err != nil {
		return hisBill{}, err
	}
	return viewHisBill(b), nil
}

func (h Medical) desk(ctx context.Context, rq Request, in deskRequest) (hisBill, error) {
	amount, err := models.ParseYuan(in.Amount)
	if err == nil && amount <= 0 {
		err = models.Bad("/amount", "charge_not_positive", "medical.charge_not_positive")
	}
	if err != nil {
		return hisBill{}, err
	}
	return h.numbered(ctx, rq, in.BillNo, func(b *medical.Bill) error { return b.PaidAtDesk(in.ReceiptNo, amount, rq.Actor, rq.Now) })
}

type deskRefundRequest struct {
	BillNo    string `path:"billNo" validate:"required,max=64"`
	RefundNo  string `json:"refundNo" validate:"required,max=64"`
	ReceiptNo string `json:"receiptNo" validate:"required,max=64"`
}

func (h Medical) deskRefund(ctx context.Context, rq Request, in deskRefundRequest) (hisBill, error) {
	return h.numbered(ctx, rq, in.BillNo, func(b *medical.Bill) error {
		for _, r := range b.RefundsWaiting() {
			if r.RefundNo == in.RefundNo && r.Channel != medical.Window {
				return models.E(models.Conflict, "medical.refund_not_at_desk", fmt.Errorf("channel %s", r.Channel))
			}
		}
		return b.Returned(in.RefundNo, in.ReceiptNo, rq.Now)
	})
}

func (h Medical) exceptions(ctx context.Context, rq Request, in PageQuery) (List[encounterView], error) {
	page, err := h.Encounters.Find(ctx, store.ExceptionsOf(rq.Actor.Org).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[encounterView]{}, err
	}
	return Listed(page, viewEncounter), nil
}
