package medical

import (
	"slices"
	"strconv"
	"time"

	"xinyi/models"
)

// Amounts are what an insurer's settlement says, in fen. Field names follow the national interface
// (medfee_sumamt, fund_pay_sumamt, acct_pay, acct_mulaid_pay, psn_part_amt, psn_cash_pay, hosp_part_amt).
type Amounts struct {
	MedfeeSum  models.Fen `bson:"medfeeSum"`  // all charges
	FundPaySum models.Fen `bson:"fundPaySum"` // paid by the funds
	PsnPart    models.Fen `bson:"psnPart"`    // the person's part
	AcctPay    models.Fen `bson:"acctPay"`    // of it from the personal account
	AcctMulaid models.Fen `bson:"acctMulaid"` // of it from a relative's account
	CashPay    models.Fen `bson:"cashPay"`    // of it in cash: all that may be deferred
	HospPart   models.Fen `bson:"hospPart"`   // borne by the hospital
}

// Check is the settlement identity, to the fen: medfeeSum = fundPaySum + psnPart + hospPart and
// psnPart = acctPay + cashPay, plus acctMulaid unless the scheme reports it inside acctPay. It answers "" or what does not hold.
//
// Source: docs/sources.md#medical-money-2.
func (m Amounts) Check(mulaidInside bool) string {
	for _, f := range []models.Fen{m.MedfeeSum, m.FundPaySum, m.PsnPart, m.AcctPay, m.AcctMulaid, m.CashPay, m.HospPart} {
		if f < 0 {
			return "negative_amount"
		}
	}
	own := m.AcctPay + m.CashPay
	if !mulaidInside {
		own += m.AcctMulaid
	}
	switch {
	case m.MedfeeSum != m.FundPaySum+m.PsnPart+m.HospPart:
		return "sum_mismatch"
	case m.PsnPart != own:
		return "person_part_mismatch"
	}
	return ""
}

// A Settlement is one revision of the insurer's word on a visit.
type Settlement struct {
	SetlID   string     `bson:"setlId"`
	Revision int        `bson:"revision"`
	Amounts  Amounts    `bson:"amounts"`
	Result   string     `bson:"result"`   // SETTLED, EXCEPTION or REVERSED
	Cause    string     `bson:"cause"`    // of an exception
	Deferred models.Fen `bson:"deferred"` // goes on the bill
	PayNow   models.Fen `bson:"payNow"`   // is paid at the desk
	At       time.Time  `bson:"at"`
}

// The results of a settlement.
const (
	SettledOK = "SETTLED"
	Excepted  = "EXCEPTION"
	Reversed  = "REVERSED"
)

// Wants is the hold a settlement would need: the cash part less what is paid at the desk and what bills already carry.
func (e *Encounter) Wants(m Amounts) models.Fen {
	if e.Agreement == "" {
		return 0
	}
	return max(m.CashPay-e.PayNowTotal()-e.Deferred, 0)
}

// An InsurerWord is what the insurer says a visit comes to.
type InsurerWord struct {
	SetlID       string
	Revision     int
	Amounts      Amounts
	MulaidInside bool // the scheme reports AcctMulaid inside AcctPay
}

// Settle takes the insurer's word. hold is what the agreement holds for the visit now; the cash part it does not cover is paid at the desk.
// The same revision again answers as before; a lower one than one that held is Conflict; one whose sums do not hold waits in the exception
// queue and issues nothing.
//
// Errors: Conflict "medical.settlement_other" while another settlement stands, "medical.settlement_differs" for the same revision with
// other amounts, "medical.settlement_old"; InvalidTransition for a cancelled visit.
func (e *Encounter) Settle(w InsurerWord, hold models.Fen, by models.Actor, now time.Time) (Settlement, error) {
	if s := e.standing(); s != nil && s.SetlID != w.SetlID {
		return Settlement{}, models.E(models.Conflict, "medical.settlement_other").With("setlId", s.SetlID)
	}
	for _, s := range e.Settlements {
		switch {
		case s.SetlID != w.SetlID:
		case s.Result == Excepted && (s.Revision != w.Revision || s.Amounts != w.Amounts): // what only waited stands in nobody's way
		case s.Revision == w.Revision && s.Amounts == w.Amounts:
			return s, nil
		case s.Revision == w.Revision:
			return Settlement{}, models.E(models.Conflict, "medical.settlement_differs")
		case s.Revision > w.Revision:
			return Settlement{}, models.E(models.Conflict, "medical.settlement_old").With("revision", strconv.Itoa(s.Revision))
		case s.Result == Reversed:
			return Settlement{}, models.E(models.Conflict, "medical.settlement_reversed")
		}
	}
	if e.State == Cancelled {
		return Settlement{}, models.Refused(e.Life, encounterMoves[e.State], "medical.visit_not_settleable")
	}
	s := Settlement{SetlID: w.SetlID, Revision: w.Revision, Amounts: w.Amounts, Result: SettledOK, At: now}
	if s.Cause = w.Amounts.Check(w.MulaidInside); s.Cause != "" {
		s.Result = Excepted
		e.except(s.Cause)
		e.record(s)
		e.Publish(VisitExcepted.Of(ExceptedData{Cause: s.Cause}), "", by, now)
		return s, nil
	}
	if e.State != VisitDone {
		if err := e.move(VisitDone, by, now); err != nil {
			return Settlement{}, err
		}
	}
	due := max(w.Amounts.CashPay-e.PayNowTotal(), 0)
	s.Deferred = min(due, e.Deferred+hold)
	s.PayNow = w.Amounts.CashPay - s.Deferred
	e.Deferred, e.SettledSeq = s.Deferred, e.Version+1
	e.clear()
	e.plan()
	e.record(s)
	e.Publish(VisitSettled.Of(SettledData{Deferred: s.Deferred, PayNow: s.PayNow}), e.Person, by, now)
	return s, nil
}

func (e *Encounter) record(s Settlement) {
	e.SetlID = s.SetlID
	e.Settlements = append(e.Settlements, s)
}

// Reverse takes a settlement back whole; its bills become void and a new settlement is awaited. Again changes nothing.
//
// Errors: NotFound for another settlement's id; InvalidTransition when the visit is not settled.
func (e *Encounter) Reverse(id string, by models.Actor, now time.Time) error {
	last := e.last()
	if last == nil || last.SetlID != id {
		return models.E(models.NotFound, "medical.settlement_unknown")
	}
	if last.Result == Reversed {
		return nil
	}
	if last.Result == Excepted && e.State != VisitDone {
		last.Result = Reversed
		e.clear()
		return nil
	}
	if err := e.move(Resettling, by, now); err != nil {
		return err
	}
	last.Result, e.Deferred = Reversed, 0
	e.clear()
	e.plan()
	e.Publish(VisitReversed, e.Person, by, now)
	return nil
}

// standing is the settlement the bills carry, nil for none; revisions that wait as exceptions do not replace it.
func (e *Encounter) standing() *Settlement {
	for i := len(e.Settlements) - 1; i >= 0; i-- {
		switch s := &e.Settlements[i]; s.Result {
		case SettledOK:
			return s
		case Reversed:
			return nil
		}
	}
	return nil
}

func (e *Encounter) last() *Settlement {
	if len(e.Settlements) == 0 {
		return nil
	}
	return &e.Settlements[len(e.Settlements)-1]
}

// Allocate says which principal each bill of a visit should carry so that all carry total: bills come oldest first, those that are paid,
// overdue or being refunded are never raised, and what no bill may take is the supplement, for a new bill with its own due day.
// What falls is taken from the newest first. A void bill carries nothing and takes nothing.
func Allocate(total models.Fen, bills []*Bill) (principals []models.Fen, supplement models.Fen) {
	principals = make([]models.Fen, len(bills))
	var sum models.Fen
	for i, b := range bills {
		principals[i] = b.Principal
		sum += b.Principal
	}
	for i := len(bills) - 1; i >= 0 && sum > total; i-- {
		less := min(principals[i], sum-total)
		principals[i] -= less
		sum -= less
	}
	if sum == total {
		return principals, 0
	}
	i := slices.IndexFunc(bills, func(b *Bill) bool { return b.State == BillDraft || b.State == Issued || b.State == PartlyPaid })
	if i < 0 {
		return principals, total - sum
	}
	principals[i] += total - sum
	return principals, 0
}
