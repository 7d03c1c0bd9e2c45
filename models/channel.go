package models

// A ChannelWord is what a payment channel says of a payment (PayNo) or of a refund (RefundNo set): the root value
// by which capabilities that take money hear of it.
type ChannelWord struct {
	PayNo    string
	RefundNo string
	TradeNo  string // the channel's own number
	State    string // one of the Pay states
	Amount   Fen
}

// What a channel can say.
const (
	PayWaiting   = "WAITING"
	PaySucceeded = "SUCCEEDED"
	PayFailed    = "FAILED"
	PayClosed    = "CLOSED"
)
