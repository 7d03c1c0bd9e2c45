package loan

import (
	"math/big"

	"xinyi/models"
)

// A Method is how a loan is paid back.
type Method string

// The methods.
const (
	EqualInstalment Method = "EQUAL_INSTALMENT" // 等额本息
	EqualPrincipal  Method = "EQUAL_PRINCIPAL"  // 等额本金
	Bullet          Method = "BULLET"           // 到期还本, interest on the way or with it
)

// Enum are all of them.
func (Method) Enum() []any { return models.Enum(EqualInstalment, EqualPrincipal, Bullet) }

// Methods lists them.
var Methods = []Method{EqualInstalment, EqualPrincipal, Bullet}

// The bounds of a loan.
const (
	MaxMonths = 360
	MaxRate   = 3600 // bp a year
	MaxAmount = models.Fen(100_000_000_000)
)

// An Instalment is what is due on a day, and what came of it.
type Instalment struct {
	No            int        `bson:"no"`
	Due           models.Day `bson:"due"`
	Principal     models.Fen `bson:"principal"`
	Interest      models.Fen `bson:"interest"`
	PaidPrincipal models.Fen `bson:"paidPrincipal,omitempty"`
	PaidInterest  models.Fen `bson:"paidInterest,omitempty"`
	PaidOn        models.Day `bson:"paidOn,omitempty"` // in full
	Late          int        `bson:"late,omitempty"`   // days past due when it was paid in full
	Told          int        `bson:"told,omitempty"`   // 1 reminded, 2 told that it is overdue
}

// Owed is what is not paid of it.
func (i Instalment) Owed() models.Fen {
	return i.Principal + i.Interest - i.PaidPrincipal - i.PaidInterest
}

// A Plan says how a loan is paid back.
type Plan struct {
	Method  Method     `bson:"method"`
	Amount  models.Fen `bson:"amount"`
	Rate    models.Bp  `bson:"rate"`              // a year
	Months  int        `bson:"months"`            //
	Every   int        `bson:"every,omitempty"`   // BULLET: months between payments of interest, 0: with the principal
	Working bool       `bson:"working,omitempty"` // a day that is no working day goes to the next one
}

// check says what is wrong with a plan. Errors: Invalid "loan.plan_invalid".
func (p Plan) check() error {
	var faults []models.Field
	fault := func(bad bool, pointer, code string) {
		if bad {
			faults = append(faults, models.Field{Pointer: pointer, Code: code})
		}
	}
	fault(p.Method != EqualInstalment && p.Method != EqualPrincipal && p.Method != Bullet, "/method", "oneof")
	fault(p.Amount < models.Fen(p.Months) || p.Amount <= 0 || p.Amount > MaxAmount, "/amountFen", "range")
	fault(p.Rate < 0 || p.Rate > MaxRate, "/rateBp", "range")
	fault(p.Months < 1 || p.Months > MaxMonths, "/months", "range")
	fault(p.Every < 0 || p.Method != Bullet && p.Every != 0 || p.Every > 0 && p.Months%p.Every != 0, "/every", "loan_every")
	if len(faults) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "loan.plan_invalid", Fields: faults}
	}
	return nil
}

// interest is what months cost on an amount, half up: a twelfth of the yearly rate for each.
//
// Source: docs/sources.md#loan-interest.
func (p Plan) interest(of models.Fen, months int) models.Fen {
	return half(big.NewInt(0).Mul(big.NewInt(int64(of)), big.NewInt(int64(p.Rate)*int64(months))), 120_000)
}

// accrued is what days cost on an amount, half up: a year is 360 days.
func (p Plan) accrued(of models.Fen, days int) models.Fen {
	return half(big.NewInt(0).Mul(big.NewInt(int64(of)), big.NewInt(int64(p.Rate)*int64(days))), 3_600_000)
}

// half divides a number ≥ 0, half up.
func half(n *big.Int, by int64) models.Fen {
	n.Mul(n, big.NewInt(2)).Add(n, big.NewInt(by))
	return models.Fen(n.Quo(n, big.NewInt(2*by)).Int64())
}

// level is the equal instalment, half up: P·r·(1+r)ⁿ ÷ ((1+r)ⁿ−1), exact until it is rounded.
func (p Plan) level() models.Fen {
	grown := big.NewInt(0).Exp(big.NewInt(120_000+int64(p.Rate)), big.NewInt(int64(p.Months)), nil)
	flat := big.NewInt(0).Exp(big.NewInt(120_000), big.NewInt(int64(p.Months)), nil)
	over := big.NewInt(0).Mul(big.NewInt(int64(p.Amount)*int64(p.Rate)), grown)
	under := big.NewInt(0).Mul(big.NewInt(120_000), big.NewInt(0).Sub(grown, flat))
	over.Mul(over, big.NewInt(2)).Add(over, under)
	return models.Fen(over.Quo(over, under.Mul(under, big.NewInt(2))).Int64())
}

// due is the day of the n-th month after from: the same day of the month, or its last.
func (p Plan) due(from models.Day, n int) models.Day {
	d := from.AddMonths(n)
	for p.Working && !d.Working() {
		d = d.Add(1)
	}
	return d
}

// Schedule is what is due when, for a loan paid out on a day. Principals add up to the amount exactly: the last takes the rest.
// Errors: Invalid "loan.plan_invalid".
//
// Source: docs/sources.md#loan-interest.
func (p Plan) Schedule(from models.Day) ([]Instalment, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if p.Method == Bullet {
		return p.bullet(from), nil
	}
	left, each := p.Amount, p.Amount/models.Fen(p.Months)
	level := models.Fen(0)
	if p.Method == EqualInstalment && p.Rate > 0 {
		level = p.level()
	}
	all := make([]Instalment, p.Months)
	for n := range all {
		i := Instalment{No: n + 1, Due: p.due(from, n+1), Principal: each, Interest: p.interest(left, 1)}
		if level > 0 {
			i.Principal = min(max(level-i.Interest, 0), left)
		}
		if n == len(all)-1 {
			i.Principal = left
		}
		left -= i.Principal
		all[n] = i
	}
	return all, nil
}

func (p Plan) bullet(from models.Day) []Instalment {
	every := p.Every
	if every == 0 {
		every = p.Months
	}
	var all []Instalment
	for at := every; at <= p.Months; at += every {
		all = append(all, Instalment{No: len(all) + 1, Due: p.due(from, at), Interest: p.interest(p.Amount, every)})
	}
	all[len(all)-1].Principal = p.Amount
	return all
}
