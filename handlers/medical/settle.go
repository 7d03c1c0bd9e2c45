package medical

import (
	"context"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/medical"
	"xinyi/store"
)

type settleRequest struct {
	api.ByID
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
	v := settlementView{SetlID: s.SetlID, Revision: s.Revision, State: s.Result, Exception: s.Cause, DeferredFen: s.Deferred,
		PayNowFen: s.PayNow}
	for _, b := range bills {
		v.Bills = append(v.Bills, viewHisBill(b))
	}
	return v
}

func (h Handler) settle(ctx context.Context, rq api.Request, in settleRequest) (settlementView, error) {
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
		s, err = e.Settle(medical.InsurerWord{SetlID: in.SetlID, Revision: in.Revision, Amounts: m, MulaidInside: inside}, hold, rq.Actor, rq.Now)
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

func (h Handler) mulaidInside(ctx context.Context, rq api.Request, id string) (bool, error) {
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
