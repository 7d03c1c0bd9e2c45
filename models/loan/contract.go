package loan

import (
	"slices"
	"time"

	"xinyi/models"
)

// A ContractState is where a loan stands.
type ContractState string

// Where a loan can stand.
const (
	Active     ContractState = "ACTIVE"
	Settled    ContractState = "SETTLED"     // everything owed was paid
	WrittenOff ContractState = "WRITTEN_OFF" // the bank gave it up; what comes in later is a recovery
	Overpaid   ContractState = "OVERPAID"    // more than everything was paid: the bank owes the rest back
)

// Enum are all of them.
func (ContractState) Enum() []any { return models.Enum(Active, Settled, WrittenOff, Overpaid) }

// ContractStates lists them.
var ContractStates = []ContractState{Active, Settled, WrittenOff, Overpaid}

var loanActs = models.Acts[ContractState]{
	models.From(Active).To(Settled, Overpaid).By("Prepay", models.Bank),
	models.From(Active).To(Settled, Overpaid).By("Repay", models.Bank),
	models.From(Active).To(WrittenOff).By("WriteOff", models.Bank),
	models.From(Overpaid).To(Settled).By("GiveBack", models.Bank),
}

var loanMoves = loanActs.Machine()

// A Payment is one the bank told of, by its own number.
type Payment struct {
	No        string     `bson:"no"`
	On        models.Day `bson:"on"`
	Amount    models.Fen `bson:"amount"`
	Principal models.Fen `bson:"principal"`
	Interest  models.Fen `bson:"interest"`
	Rest      models.Fen `bson:"rest,omitempty"`     // over what was owed
	Early     bool       `bson:"early,omitempty"`    // it reduced the principal before it was due
	Recovery  bool       `bson:"recovery,omitempty"` // after the loan was written off
}

// A Spell is a time in which a loan was in a range of days past due.
type Spell struct {
	From  models.Day `bson:"from"`
	Range int        `bson:"range"` // the days at which it begins; 0 none
}

// maxPayments bounds a loan.
const maxPayments = 1000

// A Loan is one that was paid out, as its bank tells of it.
type Loan struct {
	models.Meta                `bson:",inline"`
	models.Life[ContractState] `bson:",inline"`

	Application string        `bson:"application"`
	Bank        string        `bson:"bank"`
	Called      string        `bson:"called"`
	No          string        `bson:"no"` // the bank's
	Person      string        `bson:"person"`
	Borrower    string        `bson:"borrower"`
	Household   string        `bson:"household,omitempty"`
	Place       models.Region `bson:"place"`
	First       bool          `bson:"first"` // nobody had lent to the borrower here before
	PaidOut     models.Day    `bson:"paidOut"`
	Plan        Plan          `bson:"plan"`
	Instalments []Instalment  `bson:"instalments"`
	Payments    []Payment     `bson:"payments,omitempty"`
	Spells      []Spell       `bson:"spells,omitempty"`
	Ranges      []int         `bson:"ranges"`
	Remind      int           `bson:"remind"`
	GivenUp     models.Fen    `bson:"givenUp,omitempty"` // written off
	Credit      models.Fen    `bson:"credit,omitempty"`  // paid over everything
}

// A Contract is what a bank says of a loan it paid out.
type Contract struct {
	ID, No string
	On     models.Day
	First  bool // the borrower never had one here
}

// Open opens the loan of an application that was paid out.
func Open(a *Application, c Contract, pol Policy, now time.Time) (*Loan, error) {
	all, err := a.Offer.Plan.Schedule(c.On)
	if err != nil {
		return nil, err
	}
	l := &Loan{
		Application: a.ID, Bank: a.Bank, Called: a.Called, No: c.No, Person: a.Person, Borrower: a.Borrower, Household: a.Household, Place: a.Place, First: c.First,
		PaidOut: c.On, Plan: a.Offer.Plan, Instalments: all, Ranges: pol.Ranges, Remind: pol.RemindDays,
	}
	l.ID, l.State, l.Moved = c.ID, Active, models.Moved{By: models.Bank, At: now}
	l.says(EventOpened, now)
	l.plan()
	return l, nil
}

// Outstanding is the principal that is not paid back.
func (l *Loan) Outstanding() (sum models.Fen) {
	for _, i := range l.Instalments {
		sum += i.Principal - i.PaidPrincipal
	}
	return sum
}

// oldest is the first instalment that is not paid in full, nil for none.
func (l *Loan) oldest() *Instalment {
	for n := range l.Instalments {
		if l.Instalments[n].Owed() > 0 {
			return &l.Instalments[n]
		}
	}
	return nil
}

// PastDue is how many days the oldest unpaid instalment is past due, 0 none.
func (l *Loan) PastDue(on models.Day) int {
	if i := l.oldest(); l.State == Active && i != nil && on > i.Due {
		return on.Since(i.Due)
	}
	return 0
}

// Range is the range of a number of days past due: where it begins, 0 none.
func (l *Loan) Range(days int) int {
	at := 0
	for _, r := range l.Ranges {
		if days >= r {
			at = r
		}
	}
	return at
}

func (l *Loan) says(kind models.Kind[ContractData], now time.Time) {
	var due models.Day
	if i := l.oldest(); i != nil {
		due = i.Due
	}
	l.Publish(kind.Of(ContractData{Bank: l.Called, Due: due, Days: l.PastDue(models.DayOf(now))}), l.Person, models.Clockwork, now)
}

// ours says whether by is the loan's bank.
func (l *Loan) ours(by models.Actor) error {
	if !by.Is(models.Bank) || by.Org != l.Bank {
		return models.E(models.NotFound, "not_found")
	}
	return nil
}

// payment says whether a payment may be taken, and whether it was before: the same number twice is once.
func (l *Loan) payment(no string, amount models.Fen, on models.Day, by models.Actor, now time.Time) (known bool, err error) {
	if err := l.ours(by); err != nil {
		return false, err
	}
	for _, p := range l.Payments {
		if p.No == no {
			if p.Amount != amount || p.On != on {
				return false, models.E(models.Conflict, "loan.other_payment")
			}
			return true, nil
		}
	}
	switch {
	case amount <= 0 || amount > 2*MaxAmount:
		return false, models.Bad("/amountFen", "fen", "loan.payment")
	case on < l.PaidOut || on > models.DayOf(now):
		return false, models.Bad("/on", "loan_day", "loan.payment")
	case len(l.Payments) >= maxPayments:
		return false, models.E(models.Conflict, "loan.too_many")
	}
	return false, nil
}

// Repay takes a payment: the oldest instalment first, its interest before its principal. What is over everything is the
// borrower's. After a write-off it is a recovery. The bank's number makes it happen once. Errors: NotFound; Invalid; Conflict
// "loan.other_payment"; InvalidTransition once it is settled.
func (l *Loan) Repay(no string, amount models.Fen, on models.Day, by models.Actor, now time.Time) error {
	if known, err := l.payment(no, amount, on, by, now); err != nil || known {
		return err
	}
	p := Payment{No: no, On: on, Amount: amount}
	if l.State == WrittenOff {
		p.Recovery, p.Rest = true, amount
		l.Payments = append(l.Payments, p)
		return nil
	}
	if l.State != Active {
		return models.Refused(l.Life, loanMoves[l.State], "loan.not_active")
	}
	p.Rest = l.allocate(amount, on, &p)
	l.Payments = append(l.Payments, p)
	return l.after(p.Rest, on, by, now)
}

// allocate spreads an amount over the instalments, and answers what is over.
func (l *Loan) allocate(amount models.Fen, on models.Day, p *Payment) models.Fen {
	for n := range l.Instalments {
		i := &l.Instalments[n]
		for _, part := range []struct{ owed, paid, sum *models.Fen }{{&i.Interest, &i.PaidInterest, &p.Interest},
			{&i.Principal, &i.PaidPrincipal, &p.Principal}} {
			x := min(amount, *part.owed-*part.paid)
			*part.paid += x
			*part.sum += x
			amount -= x
		}
		if i.Owed() == 0 && i.PaidOn == "" {
			i.PaidOn, i.Late = on, max(on.Since(i.Due), 0)
		}
		if amount == 0 {
			break
		}
	}
	return amount
}

// after says where the loan stands after a payment.
func (l *Loan) after(rest models.Fen, on models.Day, by models.Actor, now time.Time) error {
	l.Credit += rest
	l.ranged(on)
	switch {
	case l.oldest() != nil:
		l.says(EventRepaid, now)
		l.plan()
		return nil
	case l.Credit > 0:
		l.WakeAt = nil
		l.says(EventOverpaid, now)
		return l.Move(loanMoves, Overpaid, by.At(now), "loan.not_active")
	}
	l.WakeAt = nil
	l.says(EventSettled, now)
	return l.Move(loanMoves, Settled, by.At(now), "loan.not_active")
}

// GiveBack says that the bank paid back what was over. Errors: NotFound; InvalidTransition.
func (l *Loan) GiveBack(by models.Actor, now time.Time) error {
	if err := l.ours(by); err != nil {
		return err
	}
	if err := l.Move(loanMoves, Settled, by.At(now), "loan.not_active"); err != nil {
		return err
	}
	l.Credit = 0
	l.says(EventSettled, now)
	return nil
}

// PayOff is what would settle the loan on a day: what is due, the rest of the principal, and interest by the day since the last
// due day.
func (l *Loan) PayOff(on models.Day) (principal, interest models.Fen) {
	last, left := l.PaidOut, models.Fen(0)
	for _, i := range l.Instalments {
		principal += i.Principal - i.PaidPrincipal
		if i.Due <= on {
			interest += i.Interest - i.PaidInterest
			last = i.Due
		} else {
			left += i.Principal - i.PaidPrincipal
		}
	}
	if left > 0 && on > last {
		interest += l.Plan.accrued(left, on.Since(last))
	}
	return principal, interest
}

// Prepay pays principal before it is due: interest to the day first, then the rest off the principal; the months that remain stay and the
// instalments are counted anew. Enough for everything settles the loan. Nothing may be past due. Errors: NotFound; Conflict
// "loan.past_due", "loan.too_little", "loan.other_payment"; InvalidTransition.
//
// Source: docs/sources.md#loan-interest.
func (l *Loan) Prepay(no string, amount models.Fen, on models.Day, by models.Actor, now time.Time) error {
	if known, err := l.payment(no, amount, on, by, now); err != nil || known {
		return err
	}
	if l.State != Active {
		return models.Refused(l.Life, loanMoves[l.State], "loan.not_active")
	}
	if i := l.oldest(); i != nil && on > i.Due {
		return models.E(models.Conflict, "loan.past_due")
	}
	principal, interest := l.PayOff(on)
	due := models.Fen(0)
	for _, i := range l.Instalments {
		if i.Due <= on {
			due += i.Principal - i.PaidPrincipal
		}
	}
	if amount <= interest+due { // nothing of it is early
		return models.E(models.Conflict, "loan.too_little")
	}
	p := Payment{No: no, On: on, Amount: amount, Interest: interest, Early: true}
	p.Principal = min(amount-interest, principal)
	p.Rest = amount - interest - p.Principal
	if err := l.rest(principal-p.Principal, interest, p.Principal, on); err != nil {
		return err
	}
	l.Payments = append(l.Payments, p)
	return l.after(p.Rest, on, by, now)
}

// rest counts the instalments anew for what remains; what was paid early stands as an instalment of its own on that day.
func (l *Loan) rest(left, interest, principal models.Fen, on models.Day) error {
	var kept, ahead []Instalment
	for _, i := range l.Instalments {
		switch {
		case i.Due > on && i.Owed() > 0:
			ahead = append(ahead, i)
		case i.Principal+i.Interest > 0:
			kept = append(kept, i)
		}
	}
	for n := range kept { // what was due already is paid of it first
		principal -= kept[n].Principal - kept[n].PaidPrincipal
		interest -= kept[n].Interest - kept[n].PaidInterest
		kept[n].PaidPrincipal, kept[n].PaidInterest = kept[n].Principal, kept[n].Interest
		if kept[n].PaidOn == "" {
			kept[n].PaidOn = on
		}
	}
	own := Instalment{Due: on, Principal: principal, Interest: interest, PaidPrincipal: principal, PaidInterest: interest, PaidOn: on}
	for _, i := range ahead { // what was paid of the next one counts with it
		own.PaidPrincipal += i.PaidPrincipal
		own.PaidInterest += i.PaidInterest
		own.Principal += i.PaidPrincipal
		own.Interest += i.PaidInterest
	}
	next := kept
	if own.Principal+own.Interest > 0 {
		next = append(next, own)
	}
	if left > 0 {
		more, err := l.counted(left, ahead, on)
		if err != nil {
			return err
		}
		next = append(next, more...)
	}
	for n := range next {
		next[n].No = n + 1
	}
	l.Instalments = next
	return nil
}

// counted are the instalments of what remains, on the days that were left. The first pays for the days since on alone.
func (l *Loan) counted(left models.Fen, ahead []Instalment, on models.Day) ([]Instalment, error) {
	plan := l.Plan
	plan.Amount, plan.Months, plan.Every = left, len(ahead), 0
	if plan.Method == Bullet {
		more := slices.Clone(ahead)
		for n := range more {
			more[n] = Instalment{Due: more[n].Due, Interest: plan.interest(left, max(l.Plan.Every, 1))}
		}
		more[len(more)-1].Principal = left
		more[0].Interest = plan.accrued(left, more[0].Due.Since(on))
		return more, nil
	}
	if left < models.Fen(plan.Months) { // less than a fen a month: all of it with the next
		return []Instalment{{Due: ahead[0].Due, Principal: left, Interest: plan.accrued(left, ahead[0].Due.Since(on))}}, nil
	}
	more, err := plan.Schedule(on)
	if err != nil {
		return nil, err
	}
	for n := range more {
		more[n].Due = ahead[n].Due
	}
	more[0].Interest = plan.accrued(left, more[0].Due.Since(on))
	return more, nil
}

// WriteOff gives up what is owed; it is no payment, and the loan is not settled by it. Errors: NotFound; InvalidTransition.
func (l *Loan) WriteOff(by models.Actor, now time.Time) error {
	if err := l.ours(by); err != nil {
		return err
	}
	if err := l.Move(loanMoves, WrittenOff, by.At(now), "loan.not_active"); err != nil {
		return err
	}
	l.GivenUp, l.WakeAt = l.Outstanding(), nil
	l.says(EventWriteOff, now)
	return nil
}

// ranged notes a change of the range. It says whether there was one.
func (l *Loan) ranged(on models.Day) bool {
	now, was := l.Range(l.PastDue(on)), 0
	if n := len(l.Spells); n > 0 {
		was = l.Spells[n-1].Range
	}
	if now == was {
		return false
	}
	l.Spells = append(l.Spells, Spell{on, now})
	return true
}

// plan sets when time next changes something.
func (l *Loan) plan() {
	l.WakeAt = nil
	i := l.oldest()
	if i == nil || l.State != Active {
		return
	}
	switch i.Told {
	case 0:
		l.WakeAt = models.At(i.Due.Add(-l.Remind).Clock(9, 0))
	case 1:
		l.WakeAt = models.At(i.Due.Add(1).Clock(9, 0))
	default:
		at := 0
		if n := len(l.Spells); n > 0 {
			at = l.Spells[n-1].Range
		}
		for _, r := range l.Ranges {
			if r > at {
				l.WakeAt = models.At(i.Due.Add(r).Clock(9, 0))
				return
			}
		}
	}
}

// Wake reminds before an instalment is due, says when it is past due, and notes each range it comes into.
func (l *Loan) Wake(now time.Time) error {
	if l.WakeAt == nil || l.WakeAt.After(now) {
		return nil
	}
	i := l.oldest()
	if i == nil || l.State != Active {
		l.WakeAt = nil
		return nil
	}
	today := models.DayOf(now)
	switch {
	case i.Told == 0 && today <= i.Due:
		i.Told = 1
		l.says(EventDueSoon, now)
	case i.Told < 2 && today > i.Due:
		i.Told = 2
		l.ranged(today)
		l.says(EventOverdue, now)
	case i.Told == 2 && l.ranged(today):
		l.says(EventRange, now)
	}
	l.plan()
	return nil
}

// Lateness is how late the loan's instalments were in the last months: 0 never, 1 once and below 30 days, 2 at most three times and
// below 30, 3 worse.
//
// Source: docs/sources.md#farmer-score.
func (l *Loan) Lateness(on models.Day, months int) (times, worst int) {
	since := on.AddMonths(-months)
	for _, i := range l.Instalments {
		late := i.Late
		if i.Owed() > 0 && on > i.Due && l.State == Active {
			late = on.Since(i.Due)
		}
		if late > 0 && i.Due >= since {
			times, worst = times+1, max(worst, late)
		}
	}
	return times, worst
}

// LateBand is the score's word for a number of late instalments and the worst of them in days.
func LateBand(times, worst int) int64 {
	switch {
	case times == 0:
		return 0
	case times == 1 && worst < 30:
		return 1
	case times <= 3 && worst < 30:
		return 2
	}
	return 3
}
