package medical

import (
	"context"
	"slices"
	"strings"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/medical"
	"xinyi/store"
)

// mountStaff names the routes of hospital finance and the county's health administration. They see bills, amounts and states, and nobody's
// name.
func (h Handler) mountStaff(r *api.Router) {
	api.Get(r, "/medical/bills", h.staffBills, mayBillsList, api.Reveals)
	api.Get(r, "/medical/bills/{id}", h.staffBill, mayBillsList, api.Reveals)
	api.Post(r, "/medical/bills/{id}/waive", h.waive, mayBillsWaive, api.Creates, api.Keeps(month), api.Reveals)
	api.Post(r, "/medical/bills/{id}/waivers/{waiver}/decide", h.decideWaiver, mayBillsWaive, api.Moves, api.Keeps(month), api.Reveals)
	api.Post(r, "/medical/bills/{id}/dispute/decide", h.decideDispute, mayDisputesDecide, api.Moves, api.Reveals)
	api.Post(r, "/medical/bills/{id}/pause", h.pause, mayDisputesDecide, api.Moves, api.Reveals)
	api.Post(r, "/medical/bills/{id}/resume", h.resume, mayDisputesDecide, api.Moves, api.Reveals)
	api.Get(r, "/medical/agreements", h.staffAgreements, mayAgreementsList, api.Reveals)
	api.Post(r, "/medical/agreements/{id}/suspend", h.suspend, mayAgreementsDecide, api.Moves, api.Reveals)
	api.Post(r, "/medical/agreements/{id}/reinstate", h.reinstate, mayAgreementsDecide, api.Moves, api.Reveals)
	api.Post(r, "/medical/agreements/{id}/limit", h.setLimit, mayAgreementsDecide, api.Moves, api.Reveals)
	api.Post(r, "/medical/agreements/{id}/decide", h.decide, mayAgreementsDecide, api.Moves, api.Reveals)
	api.Get(r, "/medical/conducts", h.staffConducts, mayConductsDecide, api.Reveals)
	api.Post(r, "/medical/conducts/{id}/confirm", h.confirm, mayConductsDecide, api.Moves, api.Reveals)
	api.Post(r, "/medical/conducts/{id}/decide", h.decideObjection, mayConductsDecide, api.Moves, api.Reveals)
}

// scoped is api.Scoped, for a hospital's staff by the hospital. Errors: NotFound.
func scoped(rq api.Request, region models.Region, hospital string) error {
	switch {
	case !rq.Actor.Is(models.HospitalFinance):
		return api.Scoped(rq, region)
	case rq.Actor.Org != hospital:
		return api.NotYours(nil)
	}
	return nil
}

type staffBillsRequest struct {
	Hospital string `query:"hospital" validate:"omitempty,max=64"`
	State    string `query:"state" validate:"omitempty,oneof=ISSUED PARTIALLY_PAID OVERDUE IN_COLLECTION REFUND_DUE PAID VOID WRITTEN_OFF"`
	api.PageQuery
}

type staffBillView struct {
	billRow
	AgreementID string       `json:"agreementId"`
	Region      string       `json:"region"`
	Waivers     []waiverView `json:"waivers"`
}

type waiverView struct {
	ID        string     `json:"id"`
	AmountFen models.Fen `json:"amountFen"`
	Reason    string     `json:"reason"`
	State     string     `json:"state"`
}

func (h Handler) staffBills(ctx context.Context, rq api.Request, in staffBillsRequest) (api.List[staffBillView], error) {
	hospital := in.Hospital
	if rq.Actor.Role == models.HospitalFinance && hospital == "" {
		hospital = rq.Actor.Org
	}
	q := store.BillsIn(rq.Actor.Region, states(in.State)...)
	if hospital != "" {
		place, err := h.Hospitals.Get(ctx, hospital)
		if err != nil {
			return api.List[staffBillView]{}, err
		}
		if err := scoped(rq, place.Region, hospital); err != nil {
			return api.List[staffBillView]{}, err
		}
		q = store.BillsOfHospital(hospital, states(in.State)...)
	}
	page, err := h.Bills.Find(ctx, q.Page(in.Limit, in.Cursor).Only(append([]string{"agreement", "region", "waivers", "person"},
		rowParts...)...))
	if err == nil {
		err = h.Log.Note(ctx, rq, billAccess(rq, page.Items...)...)
	}
	if err != nil {
		return api.List[staffBillView]{}, err
	}
	return api.Listed(page, func(b *medical.Bill) staffBillView { return viewStaffBill(b, rq) }), nil
}

func viewStaffBill(b *medical.Bill, rq api.Request) staffBillView {
	v := staffBillView{billRow: rowOf(b, rq.Now), AgreementID: b.Agreement, Region: string(b.Region), Waivers: []waiverView{}}
	for _, w := range b.Waivers {
		v.Waivers = append(v.Waivers, waiverView{w.ID, w.Amount, w.Reason, string(w.State)})
	}
	return v
}

func (h Handler) staffBill(ctx context.Context, rq api.Request, in api.ByID) (staffBillView, error) {
	b, err := h.Bills.Get(ctx, in.ID)
	if err != nil {
		return staffBillView{}, err
	}
	if err := scoped(rq, b.Region, b.Hospital); err != nil {
		return staffBillView{}, err
	}
	if err := h.Log.Note(ctx, rq, billAccess(rq, b)...); err != nil {
		return staffBillView{}, err
	}
	return viewStaffBill(b, rq), nil
}

// billAccess are an office's looks at bills; the case is the bill itself unless another is named.
func billAccess(rq api.Request, bills ...*medical.Bill) []access.Access {
	return api.Personal(rq, "medical.billing", []string{"bill"}, bills, func(b *medical.Bill) (id, person string) { return b.ID, b.Person })
}

func agreementAccess(rq api.Request, agreements ...*medical.Agreement) []access.Access {
	return api.Personal(rq, "medical.agreement", []string{"agreement"}, agreements,
		func(a *medical.Agreement) (id, person string) { return a.ID, a.Person })
}

func conductAccess(rq api.Request, conducts ...*medical.Conduct) []access.Access {
	return api.Personal(rq, "medical.conduct", []string{"conduct"}, conducts, func(c *medical.Conduct) (id, person string) {
		return c.ID,
			c.Person
	})
}

// onBill changes a bill in the caller's scope.
func (h Handler) onBill(ctx context.Context, rq api.Request, id string, change func(*medical.Bill) error) (staffBillView, error) {
	b, err := h.Bills.Update(ctx, id, func(b *medical.Bill) error {
		if err := scoped(rq, b.Region, b.Hospital); err != nil {
			return err
		}
		return change(b)
	})
	if err == nil {
		err = h.Log.Note(ctx, rq, billAccess(rq, b)...)
	}
	if err != nil {
		return staffBillView{}, err
	}
	return viewStaffBill(b, rq), nil
}

type waiveRequest struct {
	api.ByID
	AmountFen models.Fen `json:"amountFen" validate:"gte=0,lte=100000000"` // fen; 0 or absent is the whole rest
	Reason    string     `json:"reason" validate:"required,max=500"`       // HARDSHIP, HOSPITAL_ERROR, CHARITY, DEATH or UNCOLLECTABLE, or one's own words; the last two write off
	Note      string     `json:"note" validate:"max=500"`
}

// grounds are the reasons for a waiver that have a code.
var grounds = []string{"HARDSHIP", "HOSPITAL_ERROR", "CHARITY", "DEATH", "UNCOLLECTABLE"}

// ground is the code of a waiver's reason, OTHER for one's own words, which are kept as they are.
func (in waiveRequest) ground() (code, note string) {
	if slices.Contains(grounds, in.Reason) {
		return in.Reason, in.Note
	}
	return "OTHER", strings.TrimSpace(in.Reason + "\n" + in.Note)
}

func (h Handler) waive(ctx context.Context, rq api.Request, in waiveRequest) (staffBillView, error) {
	id := rq.NewID()
	code, note := in.ground()
	return h.onBill(ctx, rq, in.ID, func(b *medical.Bill) error {
		return b.AskWaiver(medical.Waiver{ID: id, Amount: in.AmountFen, Reason: code, Note: note}, rq.Actor, rq.Now)
	})
}

type decideWaiverRequest struct {
	api.ByID
	Waiver  string `path:"waiver" validate:"required,max=128"`
	Approve *bool  `json:"approve" validate:"required"`
}

func (h Handler) decideWaiver(ctx context.Context, rq api.Request, in decideWaiverRequest) (staffBillView, error) {
	return h.onBill(ctx, rq, in.ID, func(b *medical.Bill) error { return b.DecideWaiver(in.Waiver, *in.Approve, rq.Actor, rq.Now) })
}

type verdictRequest struct {
	api.ByID
	Upheld *bool `json:"upheld" validate:"required"`
}

func (h Handler) decideDispute(ctx context.Context, rq api.Request, in verdictRequest) (staffBillView, error) {
	return h.onBill(ctx, rq, in.ID, func(b *medical.Bill) error { return b.DecideDispute(rq.Actor, *in.Upheld, rq.Now) })
}

type pauseRequest struct {
	api.ByID
	Reason string `json:"reason" validate:"oneof=AWAITING_INSURANCE HARDSHIP DEATH"`
	Days   int    `json:"days" validate:"gte=0,lte=366"` // ignored for DEATH
}

func (h Handler) pause(ctx context.Context, rq api.Request, in pauseRequest) (staffBillView, error) {
	return h.onBill(ctx, rq, in.ID, func(b *medical.Bill) error { return b.PauseFor(in.Reason, in.Days, rq.Actor, rq.Now) })
}

func (h Handler) resume(ctx context.Context, rq api.Request, in api.ByID) (staffBillView, error) {
	return h.onBill(ctx, rq, in.ID, func(b *medical.Bill) error { return b.Resume(rq.Actor, rq.Now) })
}

type staffAgreementsRequest struct {
	State string `query:"state" validate:"required,oneof=REVIEW ACTIVE SUSPENDED CLOSING CLOSED REJECTED EXPIRED"`
	api.PageQuery
}

// staffAgreementView is an agreement without a name: what an office decides on.
type staffAgreementView struct {
	agreementView
	Plea string `json:"plea,omitempty"` // what the person asked a reviewer to weigh
}

func viewStaffAgreement(a *medical.Agreement, lang string) staffAgreementView {
	return staffAgreementView{viewAgreement(a, lang), a.Plea}
}

func (h Handler) staffAgreements(ctx context.Context, rq api.Request, in staffAgreementsRequest) (api.List[staffAgreementView], error) {
	page, err := h.Agreements.Find(ctx, store.AgreementsIn(rq.Actor.Region, medical.AgreementState(in.State)).Page(in.Limit, in.Cursor))
	if err == nil {
		err = h.Log.Note(ctx, rq, agreementAccess(rq, page.Items...)...)
	}
	if err != nil {
		return api.List[staffAgreementView]{}, err
	}
	return api.Listed(page, func(a *medical.Agreement) staffAgreementView { return viewStaffAgreement(a, rq.Lang) }), nil
}

// onAgreement changes an agreement in the caller's region.
func (h Handler) onAgreement(ctx context.Context, rq api.Request, id string, change func(*medical.Agreement) error) (staffAgreementView,
	error) {
	a, err := h.Agreements.Update(ctx, id, func(a *medical.Agreement) error {
		if err := scoped(rq, a.Region, ""); err != nil {
			return err
		}
		if err := rq.Fresh(a.Revision); err != nil {
			return err
		}
		return change(a)
	})
	if err == nil {
		err = h.Log.Note(ctx, rq, agreementAccess(rq, a)...)
	}
	if err != nil {
		return staffAgreementView{}, err
	}
	return viewStaffAgreement(a, rq.Lang), nil
}

func (h Handler) suspend(ctx context.Context, rq api.Request, in api.ReasonRequest) (staffAgreementView, error) {
	return h.onAgreement(ctx, rq, in.ID, func(a *medical.Agreement) error { return a.Suspend(rq.Actor, in.Reason, rq.Now) })
}

func (h Handler) reinstate(ctx context.Context, rq api.Request, in api.ByID) (staffAgreementView, error) {
	return h.onAgreement(ctx, rq, in.ID, func(a *medical.Agreement) error { return a.Reinstate(rq.Actor, rq.Now) })
}

type limitRequest struct {
	api.ByID
	LimitFen models.Fen `json:"limitFen" validate:"gte=0,lte=10000000"` // fen
	Reason   string     `json:"reason" validate:"required,max=500"`
}

func (h Handler) setLimit(ctx context.Context, rq api.Request, in limitRequest) (staffAgreementView, error) {
	return h.onAgreement(ctx, rq, in.ID, func(a *medical.Agreement) error { return a.SetLimit(in.LimitFen, rq.Actor, in.Reason, rq.Now) })
}

type decideRequest struct {
	api.ByID
	Admit *bool `json:"admit" validate:"required"`
}

func (h Handler) decide(ctx context.Context, rq api.Request, in decideRequest) (staffAgreementView, error) {
	a, err := h.Agreements.Get(ctx, in.ID)
	if err != nil {
		return staffAgreementView{}, err
	}
	s, err := h.Schemes.Get(ctx, a.Scheme)
	if err != nil {
		return staffAgreementView{}, err
	}
	return h.onAgreement(ctx, rq, in.ID, func(a *medical.Agreement) error { return a.Decide(rq.Actor, *in.Admit, s, rq.Now) })
}

type staffConductsRequest struct {
	State string `query:"state" validate:"required,oneof=NOTICED OBJECTED CONFIRMED CURED REPAIRED DROPPED"`
	api.PageQuery
}

func (h Handler) staffConducts(ctx context.Context, rq api.Request, in staffConductsRequest) (api.List[conductView], error) {
	page, err := h.Conducts.Find(ctx, store.ConductsIn(rq.Actor.Region, medical.ConductState(in.State)).Page(in.Limit, in.Cursor))
	if err == nil {
		err = h.Log.Note(ctx, rq, conductAccess(rq, page.Items...)...)
	}
	if err != nil {
		return api.List[conductView]{}, err
	}
	return api.Listed(page, viewConduct), nil
}

// onConduct changes a record in the caller's region.
func (h Handler) onConduct(ctx context.Context, rq api.Request, id string, change func(*medical.Conduct) error) (conductView, error) {
	c, err := h.Conducts.Update(ctx, id, func(c *medical.Conduct) error {
		if err := scoped(rq, c.Region, ""); err != nil {
			return err
		}
		return change(c)
	})
	if err == nil {
		err = h.Log.Note(ctx, rq, conductAccess(rq, c)...)
	}
	if err != nil {
		return conductView{}, err
	}
	return viewConduct(c), nil
}

func (h Handler) confirm(ctx context.Context, rq api.Request, in api.ByID) (conductView, error) {
	b, err := h.Bills.Get(ctx, in.ID)
	if err != nil {
		return conductView{}, err
	}
	served, err := h.Served(ctx, b)
	if err != nil {
		return conductView{}, err
	}
	return h.onConduct(ctx, rq, in.ID, func(c *medical.Conduct) error { return c.Confirm(rq.Actor, b, served, rq.Now) })
}

func (h Handler) decideObjection(ctx context.Context, rq api.Request, in verdictRequest) (conductView, error) {
	return h.onConduct(ctx, rq, in.ID, func(c *medical.Conduct) error { return c.DecideObjection(rq.Actor, *in.Upheld, rq.Now) })
}
