package medical

import (
	"fmt"
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
	sums := map[Account]models.Fen{}
	for _, e := range b.Ledger {
		sums[e.Debit] += e.Amount
		sums[e.Credit] -= e.Amount
	}
	return sums
}

// Audit recomputes the bill from its ledger and its payments and answers the first thing that differs by as much as a fen.
//
// Source: docs/sources.md#medical-money-12.
func (b *Bill) Audit() error {
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
	for _, c := range []struct {
		what      string
		got, want models.Fen
	}{
		{"debits less credits", total, 0},
		{"paid", b.Paid, paid},
		{"refunded", b.Refunded, refunded},
		{"refunds on their way", -sums[refundPay], pending},
		{"receivable", sums[receivable], max(b.Outstanding(), 0)},
		{"written off", sums[waivedOff], b.Waived},
		{"refund due", pending, max(-b.Outstanding(), 0)},
	} {
		if c.got != c.want {
			return models.E(models.Internal, "internal", fmt.Errorf("bill %s: %s is %d fen, should be %d", b.ID, c.what, c.got, c.want))
		}
	}
	return nil
}
