package sandbox

import "xinyi/models"

// An Order is what the made-up payment channel knows of a payment. Its id is the PayNo.
type Order struct {
	models.Meta `bson:",inline"`
	Attach      string     `bson:"attach"`
	TradeNo     string     `bson:"tradeNo"`
	State       string     `bson:"state"` // as models.PaySucceeded
	Amount      models.Fen `bson:"amount"`
}
