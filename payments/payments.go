// Package payments serves the channels money moves through: WeChat Pay, Alipay, UnionPay and whatever comes after.
// It orders payments and refunds and verifies what channels call back; what that means for a bill is decided in models.
package payments

import (
	"context"
	"time"

	"xinyi/models"
)

// An Order asks a channel to collect an amount. PayNo is ours; the same order again is the same payment.
type Order struct {
	PayNo   string // at most 32 letters and digits
	Channel string // wechat, alipay, unionpay
	Attach  string // ours, at most 127 bytes: the channel hands it back with every word on this payment
	Amount  models.Fen
	Subject string // what the payer reads: neutral, without hospital or reason
	Expires time.Time
}

// A Ticket is what the app needs to let the person pay.
type Ticket struct {
	URL string // deep link or page of the channel
}

// An Outcome is a channel's word on a payment or a refund.
type Outcome struct {
	Attach   string     `json:"attach,omitempty"`
	PayNo    string     `json:"payNo,omitempty"`
	RefundNo string     `json:"refundNo,omitempty"`
	TradeNo  string     `json:"tradeNo"`
	State    State      `json:"state"`
	Amount   models.Fen `json:"amountFen"`
}

// Word is the outcome as bills hear it.
func (o Outcome) Word() models.ChannelWord {
	return models.ChannelWord{PayNo: o.PayNo, RefundNo: o.RefundNo, TradeNo: o.TradeNo, State: string(o.State), Amount: o.Amount}
}

// A State is where a channel says a payment or refund stands.
type State string

// The states a channel knows.
const (
	Waiting   State = models.PayWaiting
	Succeeded State = models.PaySucceeded
	Failed    State = models.PayFailed
	Closed    State = models.PayClosed
)

// A Gateway is a channel, or several behind one door. Every call may be repeated with the same numbers.
// Errors are models.Unavailable when the channel does not answer: the outcome is then unknown and must be queried.
type Gateway interface {
	// Collect orders a payment. The outcome comes by callback, or is queried.
	Collect(ctx context.Context, o Order) (Ticket, error)
	// Query asks how a payment stands. One the channel never heard of is Closed.
	Query(ctx context.Context, payNo string) (Outcome, error)
	// Refund sends money back to where a payment came from: PayNo, Channel and Attach say which. The outcome may be Waiting: it then comes by
	// callback.
	Refund(ctx context.Context, refundNo string, paid Order, amount models.Fen) (Outcome, error)
	// Verify checks a callback's signature over its raw body and reads it. models.Unauthenticated when it does not hold.
	Verify(headers map[string]string, body []byte, now time.Time) (Outcome, error)
}
