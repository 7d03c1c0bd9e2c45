package medical

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"xinyi/models"
)

// An Account of the ledger. A bill keeps its own entries, so a movement and its booking are one write.
type Account string

// The accounts.
const (
	receivable  Account = "PATIENT_RECEIVABLE"
	hospitalPay Account = "HOSPITAL_PAYABLE"
	bankPay     Account = "BANK_PAYABLE"
	clearing    Account = "CHANNEL_CLEARING"
	refundPay   Account = "REFUND_PAYABLE"
	waivedOff   Account = "WRITE_OFF"
)

// An Entry is one movement, balanced by its form: the same amount is debited to one account and credited to another. Amount > 0.
type Entry struct {
	At     time.Time  `bson:"at"`
	Kind   string     `bson:"kind"` // issue, resettle, payment, refund_due, refund, waiver, write_off, void
	Debit  Account    `bson:"debit"`
	Credit Account    `bson:"credit"`
	Amount models.Fen `bson:"amount"`
}

// book appends an entry; a negative amount turns the sides round, zero books nothing.
func (b *Bill) book(now time.Time, kind string, debit, credit Account, amount models.Fen) {
	if amount < 0 {
		debit, credit, amount = credit, debit, -amount
	}
	if amount != 0 {
		b.Ledger = append(b.Ledger, Entry{At: now, Kind: kind, Debit: debit, Credit: credit, Amount: amount})
	}
}

// payable is the account of whoever waits for the money.
func (b *Bill) payable() Account {
	if b.Funding == BankAdvance {
		return bankPay
	}
	return hospitalPay
}

// Balances are the sums of the bill's entries, debits less credits. They always add up to zero.
func (b *Bill) Balances() map[Account]models.Fen {
	sums := make(map[Account]models.Fen)
	for _, e := range b.Ledger {
		sums[e.Debit] += e.Amount
		sums[e.Credit] -= e.Amount
	}
	return sums
}

// A Fault is one amount that differs from what it is recomputed to. It names documents, never a person.
type Fault struct {
	Bill      string     `bson:"bill,omitempty"`
	Agreement string     `bson:"agreement,omitempty"`
	What      FaultKind  `bson:"what"`
	Got       models.Fen `bson:"got"`  // as kept
	Want      models.Fen `bson:"want"` // as recomputed; for overused the least it may be
}

// A FaultKind says which amount it is.
type FaultKind string

// The kinds of faults: of a bill's entries and sums, and of what an agreement says its bills draw.
const (
	Unbalanced     FaultKind = "UNBALANCED" // debits less credits
	WrongPaid      FaultKind = "PAID"
	WrongRefunded  FaultKind = "REFUNDED"
	WrongPending   FaultKind = "REFUNDS_PENDING"
	WrongOwed      FaultKind = "RECEIVABLE"
	WrongWaived    FaultKind = "WRITTEN_OFF"
	WrongRefundDue FaultKind = "REFUND_DUE"
	WrongDraw      FaultKind = "DRAWN"     // an agreement's entry is not what its bill draws
	NotDrawn       FaultKind = "NOT_DRAWN" // a bill is owed and its agreement has no entry of it
	Overused       FaultKind = "AVAILABLE" // a pool has less than nothing left
)

// String names the documents, the amount and both figures in fen.
func (f Fault) String() string {
	of := "bill " + f.Bill
	if f.Agreement != "" {
		of = strings.TrimSuffix("agreement "+f.Agreement+" bill "+f.Bill, " bill ")
	}
	return fmt.Sprintf("%s: %s is %d fen, should be %d", of, f.What, f.Got, f.Want)
}

// Audit recomputes the bill from its ledger and its payments and answers the first thing that differs by as much as a fen.
//
// Source: docs/sources.md#medical-money-12.
func (b *Bill) Audit() error {
	if f := b.Fault(); f != nil {
		return models.E(models.Internal, "internal", errors.New(f.String()))
	}
	return nil
}

// Fault is Audit as figures, nil for none.
func (b *Bill) Fault() *Fault {
	sums := b.Balances()
	var paid, refunded, pending, total models.Fen
	for _, p := range b.Payments {
		if p.State == Succeeded {
			paid += p.Amount
		}
	}
	for _, r := range b.Refunds {
		if r.State == RefundSent {
			refunded += r.Amount
		} else {
			pending += r.Amount
		}
	}
	for _, sum := range sums {
		total += sum
	}
	for _, c := range []Fault{
		{What: Unbalanced, Got: total, Want: 0},
		{What: WrongPaid, Got: b.Paid, Want: paid},
		{What: WrongRefunded, Got: b.Refunded, Want: refunded},
		{What: WrongPending, Got: -sums[refundPay], Want: pending},
		{What: WrongOwed, Got: sums[receivable], Want: max(b.Outstanding(), 0)},
		{What: WrongWaived, Got: sums[waivedOff], Want: b.Waived},
		{What: WrongRefundDue, Got: pending, Want: max(-b.Outstanding(), 0)},
	} {
		if c.Got != c.Want {
			c.Bill = b.ID
			return &c
		}
	}
	return nil
}

// Faults compares what a draws with its bills: every one that is owed, and those its entries name that exist.
// A bill whose own ledger is at fault is left out; it is a fault of its own already.
//
// Source: docs/sources.md#medical-money-4.
func (a *Agreement) Faults(bills map[string]*Bill) []Fault {
	var faults []Fault
	drawn := map[string]bool{}
	for _, p := range []*Pool{&a.Outpatient, &a.Inpatient} {
		for _, d := range p.Drawn {
			b := bills[d.Bill]
			var want models.Fen
			switch {
			case b != nil && b.Fault() != nil:
				drawn[d.Bill] = true
				continue
			case b != nil && b.Agreement == a.ID && a.pool(b.Type) == p && !drawn[d.Bill]:
				drawn[d.Bill] = true
				want = b.Drawn()
			}
			if d.Amount != want {
				faults = append(faults, Fault{Bill: d.Bill, Agreement: a.ID, What: WrongDraw, Got: d.Amount, Want: want})
			}
		}
		if left := p.Available(); left < 0 {
			faults = append(faults, Fault{Agreement: a.ID, What: Overused, Got: left})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(bills)) {
		if b := bills[id]; !drawn[id] && b.Agreement == a.ID && b.Drawn() > 0 && b.Fault() == nil {
			faults = append(faults, Fault{Bill: id, Agreement: a.ID, What: NotDrawn, Want: b.Drawn()})
		}
	}
	return faults
}
