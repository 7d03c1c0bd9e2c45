package medical

import (
	"slices"
	"strconv"
	"time"

	"xinyi/models"
)

// A PaymentState is where a payment stands.
type PaymentState string

// The states of a payment. A closed one may still succeed: the money is real, so it counts or goes back.
const (
	Pending   PaymentState = "PENDING"
	Succeeded PaymentState = "SUCCEEDED"
	Failed    PaymentState = "FAILED"
	ClosedPay PaymentState = "CLOSED"
)

// Window is the channel of a payment at the hospital's desk.
const Window = "window"

// A Payment is one attempt to pay, by the person, a relative or at the desk. PayNo is its natural key.
type Payment struct {
	PayNo   string       `bson:"payNo"`
	Channel string       `bson:"channel"` // wechat, alipay, unionpay, window
	Amount  models.Fen   `bson:"amount"`
	State   PaymentState `bson:"state"`
	TradeNo string       `bson:"tradeNo,omitempty"` // the channel's number, or the desk's receipt
	Payer   string       `bson:"payer,omitempty"`   // person id; "" at the desk
	At      time.Time    `bson:"at"`
	Expires *time.Time   `bson:"expires,omitempty"` // of a pending one: then the channel is asked
	Asked   bool         `bson:"asked,omitempty"`
	Ended   *time.Time   `bson:"ended,omitempty"`
}

// unasked says whether the channel must still be asked how it ended, once its time is over. That goes for one we closed, too: whoever
// was paying may have paid all the same, and the channel's call may be lost.
func (p Payment) unasked() bool {
	return !p.Asked && p.Expires != nil && (p.State == Pending || p.State == ClosedPay)
}

// A RefundState is where a refund stands.
type RefundState string

// The states of a refund.
const (
	RefundWaits RefundState = "PENDING"
	RefundSent  RefundState = "SUCCEEDED"
)

// A Refund goes back to the channel its payment came from.
type Refund struct {
	RefundNo string      `bson:"refundNo"`
	PayNo    string      `bson:"payNo"`
	Channel  string      `bson:"channel"`
	Amount   models.Fen  `bson:"amount"`
	State    RefundState `bson:"state"`
	TradeNo  string      `bson:"tradeNo,omitempty"`
	At       time.Time   `bson:"at"`
	Ended    *time.Time  `bson:"ended,omitempty"`
}

// Pay starts a payment: amount is reserved until the channel answers or the intent's time is over. At least Terms.MinPayment or the whole
// rest. The same payNo again is the same payment. Whoever may see the bill may pay it.
//
// Errors: InvalidTransition unless money is owed; Invalid, pointing at /amountFen, below the minimum; Conflict "medical.payment_over"
// beyond what is outstanding less what other intents reserve, or when the payNo was used with another amount or channel.
// Source: docs/sources.md#medical-money-6.
func (b *Bill) Pay(payNo, channel string, amount models.Fen, by models.Actor, now time.Time) error {
	if p := b.payment(payNo); p != nil {
		if p.Amount != amount || p.Channel != channel {
			return models.E(models.Conflict, "medical.payment_differs")
		}
		return nil
	}
	if !b.Owes() {
		return models.Refused(b.Life, billMoves[b.State], "medical.bill_not_payable")
	}
	free := max(b.Outstanding()-b.reserved(), 0)
	switch {
	case amount <= 0, amount < b.Terms.MinPayment && amount != b.Outstanding():
		return models.Bad("/amountFen", "payment_too_small", "medical.payment_too_small").With("least",
			min(b.Terms.MinPayment, b.Outstanding()).Yuan())
	case amount > free:
		e := models.E(models.Conflict, "medical.payment_over").With("free", free.Yuan())
		e.Fields = []models.Field{{Pointer: "/amountFen", Code: "payment_over", Args: map[string]string{"free": free.Yuan()}}}
		return e
	}
	payer := by.Person
	if by.Agent != "" {
		payer = by.Agent
	}
	b.Payments = append(b.Payments, Payment{
		PayNo: payNo, Channel: channel, Amount: amount, State: Pending, Payer: payer, At: now,
		Expires: models.At(now.Add(time.Duration(b.Terms.IntentMinutes) * time.Minute)),
	})
	b.Publish(PaymentStarted.Of(PaymentData{PayNo: payNo}), b.Person, by, now)
	b.plan()
	return nil
}

// Confirm books a payment the channel has received. It may come late, twice, or after the intent was closed: once it counts, and what is
// paid beyond the outstanding amount starts back at once. amount must be what was asked.
//
// Errors: NotFound for an unknown payNo; Conflict for another amount or another trade number.
func (b *Bill) Confirm(payNo, tradeNo string, amount models.Fen, now time.Time) error {
	p := b.payment(payNo)
	switch {
	case p == nil:
		return models.E(models.NotFound, "medical.payment_unknown")
	case p.Amount != amount, p.State == Succeeded && p.TradeNo != tradeNo:
		return models.E(models.Conflict, "medical.payment_differs")
	case p.State == Succeeded:
		return nil
	}
	p.State, p.TradeNo, p.Ended = Succeeded, tradeNo, models.At(now)
	return b.receive(*p, clearing, now)
}

// PaidAtDesk books a payment the hospital's desk has taken; receiptNo is its natural key. Intents still pending are closed: one that
// succeeds after all is refunded. It counts in every state but a draft, and what is too much starts back.
//
// Errors: Invalid, pointing at /amountFen, unless amount > 0; Conflict for a receipt known with another amount; InvalidTransition.
func (b *Bill) PaidAtDesk(receiptNo string, amount models.Fen, by models.Actor, now time.Time) error {
	if amount <= 0 {
		return models.Bad("/amountFen", "payment_too_small", "medical.payment_too_small").With("least", models.Fen(1).Yuan())
	}
	payNo := "desk-" + receiptNo
	if p := b.payment(payNo); p != nil {
		if p.Amount != amount {
			return models.E(models.Conflict, "medical.payment_differs")
		}
		return nil
	}
	if b.State == BillDraft || b.State == CancelledBill {
		return models.Refused(b.Life, billMoves[b.State], "medical.bill_not_payable")
	}
	b.closeIntents(now)
	p := Payment{PayNo: payNo, Channel: Window, Amount: amount, State: Succeeded, TradeNo: receiptNo, At: now, Ended: models.At(now)}
	b.Payments = append(b.Payments, p)
	return b.receive(p, hospitalPay, now)
}

// receive adds money that has come in on an account.
func (b *Bill) receive(p Payment, from Account, now time.Time) error {
	b.book(now, "payment", from, receivable, p.Amount)
	b.Paid += p.Amount
	if b.Outstanding() > 0 {
		b.Publish(BillPartlyPaid.Of(PartlyPaidData{
			BillNo: b.BillNo, Amount: p.Amount, Outstanding: b.Outstanding(),
		}), b.Person, models.Clockwork, now)
	}
	return b.level(models.Clockwork, now)
}

// Knows says whether a channel's word is no news: the bill has heard it before, or it says nothing yet.
func (b *Bill) Knows(w models.ChannelWord) bool {
	if w.RefundNo != "" {
		return slices.ContainsFunc(b.Refunds, func(r Refund) bool { return r.RefundNo == w.RefundNo && r.State == RefundSent })
	}
	p := b.payment(w.PayNo)
	switch w.State {
	case models.PayWaiting:
		return true
	case models.PaySucceeded:
		return p != nil && p.State == Succeeded && p.TradeNo == w.TradeNo && p.Amount == w.Amount
	case models.PayFailed, models.PayClosed:
		return p != nil && p.State != Pending
	}
	return false
}

// Hear books a channel's word on a payment or a refund; waiting changes nothing.
//
// Errors: as Confirm, Fail and Returned; Invalid for a word it does not know.
func (b *Bill) Hear(w models.ChannelWord, now time.Time) error {
	switch {
	case w.State == models.PayWaiting:
		return nil
	case w.RefundNo != "" && w.State == models.PaySucceeded:
		return b.Returned(w.RefundNo, w.TradeNo, now)
	case w.State == models.PaySucceeded:
		return b.Confirm(w.PayNo, w.TradeNo, w.Amount, now)
	case w.RefundNo == "" && w.State == models.PayFailed:
		return b.Fail(w.PayNo, Failed, now)
	case w.RefundNo == "" && w.State == models.PayClosed:
		return b.Fail(w.PayNo, ClosedPay, now)
	}
	return models.E(models.Invalid, "medical.channel_word")
}

// Fail ends a payment the channel refused or its time closed. One that succeeded stays. Errors: NotFound.
func (b *Bill) Fail(payNo string, to PaymentState, now time.Time) error {
	p := b.payment(payNo)
	if p == nil {
		return models.E(models.NotFound, "medical.payment_unknown")
	}
	if p.State != Pending {
		return nil
	}
	p.State, p.Ended, p.Asked = to, models.At(now), true
	b.Publish(PaymentFailed.Of(PaymentData{PayNo: payNo}), b.Person, models.Clockwork, now)
	b.plan()
	return nil
}

// refundRest sends back what is paid too much and not yet on its way: newest payment first, each at most what is left of it.
//
// Source: docs/sources.md#medical-money-8.
func (b *Bill) refundRest(now time.Time) {
	rest := -b.Outstanding()
	for _, r := range b.Refunds {
		if r.State == RefundWaits {
			rest -= r.Amount
		}
	}
	for _, p := range b.received() {
		amount := min(rest, b.left(p))
		if amount <= 0 {
			continue
		}
		no := b.BillNo + "R" + strconv.Itoa(len(b.Refunds)+1)
		b.Refunds = append(b.Refunds, Refund{RefundNo: no, PayNo: p.PayNo, Channel: p.Channel, Amount: amount, State: RefundWaits, At: now})
		b.book(now, "refund_due", receivable, refundPay, amount)
		b.Publish(RefundStarted.Of(RefundData{RefundNo: no, Amount: amount, BillNo: b.BillNo}), b.Person, models.Clockwork, now)
		rest -= amount
	}
}

// received are the payments that came in, the last to come in first.
func (b *Bill) received() []Payment {
	var came []Payment
	for _, p := range slices.Backward(b.Payments) {
		if p.State == Succeeded {
			came = append(came, p)
		}
	}
	slices.SortStableFunc(came, func(x, y Payment) int { return y.Ended.Compare(*x.Ended) })
	return came
}

// left is what of a payment has not gone back and is not on its way.
func (b *Bill) left(p Payment) models.Fen {
	left := p.Amount
	for _, r := range b.Refunds {
		if r.PayNo == p.PayNo {
			left -= r.Amount
		}
	}
	return left
}

// Returned books a refund the channel has sent. Twice is once. Errors: NotFound for an unknown refundNo.
func (b *Bill) Returned(refundNo, tradeNo string, now time.Time) error {
	i := slices.IndexFunc(b.Refunds, func(r Refund) bool { return r.RefundNo == refundNo })
	if i < 0 {
		return models.E(models.NotFound, "medical.refund_unknown")
	}
	r := &b.Refunds[i]
	if r.State == RefundSent {
		return nil
	}
	r.State, r.TradeNo, r.Ended = RefundSent, tradeNo, models.At(now)
	from := clearing
	if r.Channel == Window {
		from = hospitalPay
	}
	b.book(now, "refund", refundPay, from, r.Amount)
	b.Refunded += r.Amount
	b.Publish(RefundDone.Of(AmountData{Amount: r.Amount, BillNo: b.BillNo}), b.Person, models.Clockwork, now)
	return b.level(models.Clockwork, now)
}

// RefundsWaiting are the refunds not yet sent.
func (b *Bill) RefundsWaiting() []Refund {
	var waiting []Refund
	for _, r := range b.Refunds {
		if r.State == RefundWaits {
			waiting = append(waiting, r)
		}
	}
	return waiting
}

// PaymentOf finds a payment by its number; false if there is none.
func (b *Bill) PaymentOf(payNo string) (Payment, bool) {
	if p := b.payment(payNo); p != nil {
		return *p, true
	}
	return Payment{}, false
}

// Waiting are the payments whose outcome is open.
func (b *Bill) Waiting() []Payment {
	var waiting []Payment
	for _, p := range b.Payments {
		if p.State == Pending {
			waiting = append(waiting, p)
		}
	}
	return waiting
}

func (b *Bill) payment(payNo string) *Payment {
	for i := range b.Payments {
		if b.Payments[i].PayNo == payNo {
			return &b.Payments[i]
		}
	}
	return nil
}

// reserved is what pending intents keep. It may exceed what is owed, when that fell in the meantime.
func (b *Bill) reserved() models.Fen {
	var sum models.Fen
	for _, p := range b.Payments {
		if p.State == Pending {
			sum += p.Amount
		}
	}
	return sum
}

func (b *Bill) closeIntents(now time.Time) {
	for i := range b.Payments {
		if p := &b.Payments[i]; p.State == Pending {
			p.State, p.Ended = ClosedPay, models.At(now)
		}
	}
}
