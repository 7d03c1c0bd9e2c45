package medical

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/identity"
	"xinyi/models/medical"
	"xinyi/store"
)

// mountHospital names the routes of a hospital's information system.
func (h Handler) mountHospital(r *api.Router) {
	api.Post(r, "/his/encounters", h.open, mayHis, api.Creates, api.Reveals)
	api.Get(r, "/his/encounters/{id}", h.encounter, mayHis, api.Reveals)
	api.Post(r, "/his/encounters/{id}/charges", h.charge, mayHis, api.Moves, api.Keeps(month))
	api.Post(r, "/his/encounters/{id}/settlements", h.settle, mayHis, api.Creates, api.Keeps(month))
	api.Post(r, "/his/encounters/{id}/cancel", h.cancel, mayHis, api.Moves)
	api.Post(r, "/his/settlements/{setlId}/reverse", h.reverse, mayHis, api.Moves, api.Keeps(month))
	api.Post(r, "/his/bills/{billNo}/offline-payments", h.desk, mayHis, api.Creates, api.Keeps(month))
	api.Post(r, "/his/bills/{billNo}/offline-refunds", h.deskRefund, mayHis, api.Creates, api.Keeps(month))
	api.Get(r, "/his/exceptions", h.exceptions, mayHis, api.Reveals)
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

func (h Handler) open(ctx context.Context, rq api.Request, in openRequest) (openView, error) {
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
	e := medical.Open(medical.Arrival{ID: id, Hospital: rq.Actor.Org, VisitNo: in.VisitNo, Type: typ, Person: person, Agreement: a,
		Reason: reason, Region: rq.Actor.Region}, rq.Actor, rq.Now)
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
	if err := h.Log.Note(ctx, rq, visitAccess(rq, []string{"creditable", "available"}, e)...); err != nil {
		return openView{}, err
	}
	view := openView{EncounterID: e.ID, Creditable: e.Agreement != "", ReasonCode: e.Reason}
	if a != nil && view.Creditable {
		view.AvailableFen = a.Room(e.ID, typ) / 100 * 100
	}
	return view, nil
}

// visitAccess are a hospital's looks at its own visits; the visit is the case.
func visitAccess(rq api.Request, fields []string, visits ...*medical.Encounter) []access.Access {
	return api.Personal(rq, "medical.care", fields, visits, func(e *medical.Encounter) (id, person string) { return e.ID, e.Person })
}

// patient finds who the hospital means: by code, which is spent, or by ID number. "" is somebody not known here.
func (h Handler) patient(ctx context.Context, rq api.Request, in openRequest) (string, error) {
	if in.Patient.Code != "" {
		c, err := h.Codes.Update(ctx, codeID(in.Patient.Code), func(c *medical.Code) error {
			return c.Use(rq.Actor.Org+"/"+in.VisitNo, rq.Now)
		})
		if err != nil {
			return "", api.PointAt(err, "/patient/code", "medical.code_unknown")
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
func (h Handler) covers(ctx context.Context, rq api.Request, person string, typ medical.VisitType) (*medical.Agreement, string, error) {
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

func (h Handler) coveredBy(ctx context.Context, rq api.Request, person string, typ medical.VisitType) (*medical.Agreement, string, error) {
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
func (h Handler) own(ctx context.Context, rq api.Request, id string) (*medical.Encounter, error) {
	e, err := h.Encounters.Get(ctx, id)
	if err != nil || e.Hospital != rq.Actor.Org {
		return nil, api.NotYours(err)
	}
	return e, nil
}

func (h Handler) encounter(ctx context.Context, rq api.Request, in api.ByID) (encounterView, error) {
	e, err := h.own(ctx, rq, in.ID)
	if err == nil {
		err = h.Log.Note(ctx, rq, visitAccess(rq, []string{"visit"}, e)...)
	}
	if err != nil {
		return encounterView{}, err
	}
	return viewEncounter(e), nil
}

type chargeRequest struct {
	api.ByID
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
		lines[i] = medical.Line{ID: l.LineID, Revision: l.Revision, Category: string(l.Category), Amount: amount, At: *models.At(l.OccurredAt),
			Reverses: l.Reverses}
	}
	return lines, nil
}

func (h Handler) charge(ctx context.Context, rq api.Request, in chargeRequest) (chargeView, error) {
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

func (h Handler) cancel(ctx context.Context, rq api.Request, in api.ByID) (encounterView, error) {
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

func (h Handler) reverse(ctx context.Context, rq api.Request, in reverseRequest) (settlementView, error) {
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
func (h Handler) numbered(ctx context.Context, rq api.Request, no string, change func(*medical.Bill) error) (hisBill, error) {
	b, err := h.Bills.First(ctx, store.BillNumbered(no))
	if err != nil || b.Hospital != rq.Actor.Org {
		return hisBill{}, api.NotYours(err)
	}
	b, err = h.Bills.Update(ctx, b.ID, change)
	if err != nil {
		return hisBill{}, err
	}
	return viewHisBill(b), nil
}

func (h Handler) desk(ctx context.Context, rq api.Request, in deskRequest) (hisBill, error) {
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

func (h Handler) deskRefund(ctx context.Context, rq api.Request, in deskRefundRequest) (hisBill, error) {
	return h.numbered(ctx, rq, in.BillNo, func(b *medical.Bill) error {
		for _, r := range b.RefundsWaiting() {
			if r.RefundNo == in.RefundNo && r.Channel != medical.Window {
				return models.E(models.Conflict, "medical.refund_not_at_desk", fmt.Errorf("channel %s", r.Channel))
			}
		}
		return b.Returned(in.RefundNo, in.ReceiptNo, rq.Now)
	})
}

func (h Handler) exceptions(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[encounterView], error) {
	page, err := h.Encounters.Find(ctx, store.ExceptionsOf(rq.Actor.Org).Page(in.Limit, in.Cursor))
	if err == nil {
		err = h.Log.Note(ctx, rq, visitAccess(rq, []string{"visit"}, page.Items...)...)
	}
	if err != nil {
		return api.List[encounterView]{}, err
	}
	return api.Listed(page, viewEncounter), nil
}
