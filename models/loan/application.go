package loan

import (
	"math/big"
	"slices"
	"strings"
	"time"

	"xinyi/models"
)

// A State is where an application stands.
type State string

// The states of an application.
const (
	Draft     State = "DRAFT"
	Submitted State = "SUBMITTED"
	Delivered State = "DELIVERED" // the bank has it; its clock runs
	Accepted  State = "ACCEPTED_BY_BANK"
	InReview  State = "IN_REVIEW"
	AskedMore State = "INFO_REQUESTED"
	Offered   State = "OFFERED"
	Agreed    State = "OFFER_ACCEPTED"
	Declined  State = "DECLINED"
	Withdrawn State = "WITHDRAWN"
	Expired   State = "EXPIRED"
	Disbursed State = "DISBURSED"
)

// Enum are all of them.
func (State) Enum() []any {
	return models.Enum(Draft, Submitted, Delivered, Accepted, InReview, AskedMore, Offered, Agreed, Declined, Withdrawn, Expired, Disbursed)
}

// States lists them.
var States = []State{Draft, Submitted, Delivered, Accepted, InReview, AskedMore, Offered, Agreed, Declined, Withdrawn, Expired, Disbursed}

// moves is the whole life of an application.
//
// Source: docs/sources.md#loan-clocks.
var acts = models.Acts[State]{
	models.From(Draft).To(Submitted).By("Submit", models.Resident),
	models.From(Draft, Submitted, Delivered, Accepted, InReview, AskedMore, Offered, Agreed).To(Withdrawn).By("Quit", models.System),
	models.From(Submitted).To(Delivered).By("Deliver", models.System),
	models.From(Delivered).To(Accepted).By("Take", models.Bank),
	models.From(Accepted).To(InReview).By("Take", models.Bank),
	models.From(AskedMore).To(InReview).By("Supply", models.Resident),
	models.From(Delivered, Accepted, InReview).To(AskedMore).By("AskMore", models.Bank),
	models.From(Delivered, Accepted, InReview).To(Offered).By("MakeOffer", models.Bank),
	models.From(Delivered, Accepted, InReview, AskedMore, Offered, Agreed).To(Declined).By("Turn", models.Bank),
	models.From(AskedMore, Offered).To(Expired).By("Wake", models.System),
	models.From(Offered).To(Agreed).By("Agree", models.Resident),
	models.From(Agreed).To(Disbursed).By("Disburse", models.Bank),
}

var moves = acts.Machine()

// Reasons are why a bank declines; it names one to four. What they say is for the borrower to read.
//
// Source: docs/sources.md#loan-decline.
var Reasons = []string{"income", "debts", "overdue", "listed", "purpose", "documents", "identity", "region", "collateral", "history",
	"policy", "duplicate"}

// maxReasons bounds them.
const maxReasons = 4

// An Offer is what a bank would lend.
type Offer struct {
	Plan  Plan       `bson:"plan"`
	No    string     `bson:"no"` // the bank's own
	Until models.Day `bson:"until"`
	Total models.Fen `bson:"total"` // of interest
	First models.Fen `bson:"first"` // what the first instalment would be
	Stars int        `bson:"stars"` // of the village, when it was made
}

// A Decline is kept as evidence of what the borrower was told.
type Decline struct {
	Codes []string     `bson:"codes"`
	Words string       `bson:"words,omitempty"`
	At    time.Time    `bson:"at"`
	By    models.Actor `bson:"by"`
}

// An Application is one borrower's wish put to one bank.
type Application struct {
	models.Meta        `bson:",inline"`
	models.Life[State] `bson:",inline"`

	Need      string             `bson:"need"` // groups what she asked several banks
	Product   string             `bson:"product"`
	Bank      string             `bson:"bank"`
	Called    string             `bson:"called"`
	Subject   models.SubjectKind `bson:"subject"`
	Person    string             `bson:"person"`              // who asks
	Borrower  string             `bson:"borrower"`            // account, or the organisation's code
	Household string             `bson:"household,omitempty"` // of a farmer
	Place     models.Region      `bson:"place"`
	Amount    models.Fen         `bson:"amount"`
	Months    int                `bson:"months"`
	Purpose   string             `bson:"purpose"`
	Consent   string             `bson:"consent"` // by which the bank reads
	Text      string             `bson:"text"`    // hash of what she agreed to: that the bank tells how the loan goes
	Slot      string             `bson:"slot,omitempty"`

	Due        models.Day `bson:"due,omitempty"` // of the bank's first answer
	Late       bool       `bson:"late,omitempty"`
	AnsweredAt *time.Time `bson:"answeredAt,omitempty"`
	Asked      string     `bson:"asked,omitempty"` // what more the bank wants
	Supplied   string     `bson:"supplied,omitempty"`
	Offer      *Offer     `bson:"offer,omitempty"`
	Decline    *Decline   `bson:"decline,omitempty"`
	Loan       string     `bson:"loan,omitempty"`
}

// A Wish is what somebody wants of a bank.
type Wish struct {
	Need, Purpose, Consent, Text, Household string
	Subject                                 models.SubjectKind
	Borrower                                string
	Place                                   models.Region
	Amount                                  models.Fen
	Months                                  int
}

// Apply drafts an application for a product. Errors: as Product.Open.
func Apply(id string, p *Product, w Wish, by models.Actor, now time.Time) (*Application, error) {
	if err := p.Open(w.Place, w.Amount, w.Months); err != nil {
		return nil, err
	}
	a := &Application{
		Need: w.Need, Product: p.ID, Bank: p.Bank, Called: p.Called, Subject: w.Subject, Person: by.Person, Borrower: w.Borrower, Household: w.Household,
		Place: w.Place, Amount: w.Amount, Months: w.Months, Purpose: w.Purpose, Consent: w.Consent, Text: w.Text,
	}
	a.ID, a.State, a.Moved = id, Draft, models.Moved{By: by.Role, At: now}
	a.Slot = w.Borrower + "/" + p.ID
	return a, nil
}

func (a *Application) publish(kind models.Kind[ApplicationData], by models.Actor, now time.Time) {
	until, reason := a.Due, a.Asked
	if a.Offer != nil {
		until = a.Offer.Until
	}
	if a.Decline != nil {
		reason = strings.Join(a.Decline.Codes, " ")
	}
	a.Publish(kind.Of(ApplicationData{Bank: a.Called, Until: until, Reason: reason}), a.Person, by, now)
}

func (a *Application) mine(by models.Actor) error {
	if by.Person == "" || by.Person != a.Person {
		return models.E(models.NotFound, "not_found")
	}
	return nil
}

func (a *Application) bank(by models.Actor) error {
	if !by.Is(models.Bank) || by.Org != a.Bank {
		return models.E(models.NotFound, "not_found")
	}
	return nil
}

// Submit sends the application. Errors: NotFound for anybody else; Invalid "loan.no_consent"; InvalidTransition.
func (a *Application) Submit(by models.Actor, now time.Time) error {
	if err := a.mine(by); err != nil {
		return err
	}
	if a.Consent == "" || a.Text == "" {
		return models.Bad("/consentId", "required", "loan.no_consent")
	}
	if err := a.Move(moves, Submitted, by.At(now), "loan.state"); err != nil {
		return err
	}
	a.publish(EventSubmitted, by, now)
	return nil
}

// Deliver puts it before the bank and starts its clock. It says whether anything changed.
func (a *Application) Deliver(pol Policy, now time.Time) bool {
	if a.State != Submitted || a.Move(moves, Delivered, models.Clockwork.At(now), "loan.state") != nil {
		return false
	}
	a.Due = models.DayOf(now).AddWorking(pol.AnswerDays)
	a.WakeAt = models.At(a.Due.Add(1).Start())
	a.publish(EventDelivered, models.Clockwork, now)
	return true
}

// answered stops the clock of the first answer.
func (a *Application) answered(now time.Time) {
	if a.AnsweredAt == nil {
		a.AnsweredAt = models.At(now)
	}
	a.WakeAt = nil
}

// Take says that the bank looks at it: ACCEPTED_BY_BANK first, then IN_REVIEW. Errors: NotFound; InvalidTransition.
func (a *Application) Take(to State, by models.Actor, now time.Time) error {
	if err := a.bank(by); err != nil {
		return err
	}
	if to != Accepted && to != InReview {
		return models.Refused(a.Life, moves[a.State], "loan.state")
	}
	if err := a.Move(moves, to, by.At(now), "loan.state"); err != nil {
		return err
	}
	a.answered(now)
	a.publish(EventAnswered, by, now)
	return nil
}

// AskMore asks the borrower for something, which is awaited for as long as an offer is good. Errors: NotFound; InvalidTransition.
func (a *Application) AskMore(what string, pol Policy, by models.Actor, now time.Time) error {
	if err := a.bank(by); err != nil {
		return err
	}
	if err := a.Move(moves, AskedMore, by.At(now), "loan.state"); err != nil {
		return err
	}
	a.answered(now)
	a.Asked, a.Due = what, models.DayOf(now).Add(pol.OfferDays)
	a.WakeAt = models.At(a.Due.Add(1).Start())
	a.publish(EventAskedMore, by, now)
	return nil
}

// Supply answers what the bank asked. Errors: NotFound; InvalidTransition.
func (a *Application) Supply(words string, by models.Actor, now time.Time) error {
	if err := a.mine(by); err != nil {
		return err
	}
	if a.State != AskedMore {
		return models.Refused(a.Life, moves[a.State], "loan.state")
	}
	if err := a.Move(moves, InReview, by.At(now), "loan.state"); err != nil {
		return err
	}
	a.Supplied, a.WakeAt = words, nil
	a.publish(EventSupplied, by, now)
	return nil
}

// MakeOffer is what the bank would lend: at most what was asked, never dearer than the product says for a village of so many
// stars. Errors: NotFound; Invalid "loan.offer_invalid", "loan.plan_invalid"; InvalidTransition.
func (a *Application) MakeOffer(o Offer, p *Product, pol Policy, by models.Actor, now time.Time) error {
	if err := a.bank(by); err != nil {
		return err
	}
	if err := moves.Check(a.Life, Offered, "loan.state"); err != nil {
		return err
	}
	var faults []models.Field
	fault := func(bad bool, pointer, code string) {
		if bad {
			faults = append(faults, models.Field{Pointer: pointer, Code: code})
		}
	}
	today := models.DayOf(now)
	if o.Until == "" {
		o.Until = today.Add(pol.OfferDays)
	}
	fault(o.Plan.Rate > p.Terms.RateIn(o.Stars), "/rateBp", "loan_rate")
	fault(o.Plan.Amount > a.Amount, "/amountFen", "loan_amount")
	fault(!slices.Contains(p.Terms.Methods, o.Plan.Method), "/method", "oneof")
	fault(o.Until < today || o.Until.Since(today) > 90, "/until", "loan_until")
	if len(faults) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "loan.offer_invalid", Fields: faults}
	}
	all, err := o.Plan.Schedule(today)
	if err != nil {
		return err
	}
	o.Total, o.First = 0, all[0].Principal+all[0].Interest
	for _, i := range all {
		o.Total += i.Interest
	}
	a.answered(now)
	a.Offer = &o
	a.WakeAt = models.At(o.Until.Add(1).Start())
	if err := a.Move(moves, Offered, by.At(now), "loan.state"); err != nil {
		return err
	}
	a.publish(EventOffered, by, now)
	return nil
}

// Turn declines with one to four reasons. Errors: NotFound; Invalid "loan.reasons"; InvalidTransition.
func (a *Application) Turn(codes []string, words string, by models.Actor, now time.Time) error {
	if err := a.bank(by); err != nil {
		return err
	}
	known := len(codes) >= 1 && len(codes) <= maxReasons
	for i, c := range codes {
		known = known && slices.Contains(Reasons, c) && !slices.Contains(codes[:i], c)
	}
	if !known {
		return models.Bad("/reasons", "loan_reasons", "loan.reasons")
	}
	if err := a.Move(moves, Declined, by.At(now).Because(strings.Join(codes, " ")), "loan.state"); err != nil {
		return err
	}
	a.answered(now)
	a.Decline, a.Slot = &Decline{codes, words, now, by}, ""
	a.publish(EventDeclined, by, now)
	return nil
}

// Agree takes the offer. Errors: NotFound; Conflict "loan.offer_over"; InvalidTransition.
func (a *Application) Agree(by models.Actor, now time.Time) error {
	if err := a.mine(by); err != nil {
		return err
	}
	if a.State == Offered && models.DayOf(now) > a.Offer.Until {
		return models.E(models.Conflict, "loan.offer_over")
	}
	if err := a.Move(moves, Agreed, by.At(now), "loan.state"); err != nil {
		return err
	}
	a.WakeAt = nil
	a.publish(EventAccepted, by, now)
	return nil
}

// Quit withdraws it: the borrower, or a flow because she took another bank's offer. Errors: NotFound; InvalidTransition.
func (a *Application) Quit(why string, by models.Actor, now time.Time) error {
	if !by.Is(models.System) {
		if err := a.mine(by); err != nil {
			return err
		}
	}
	if err := a.Move(moves, Withdrawn, by.At(now).Because(why), "loan.state"); err != nil {
		return err
	}
	a.WakeAt, a.Slot = nil, ""
	a.publish(EventWithdrawn, by, now)
	return nil
}

// Disburse says that the bank paid the money out. Errors: NotFound; InvalidTransition.
func (a *Application) Disburse(loan string, by models.Actor, now time.Time) error {
	if err := a.bank(by); err != nil {
		return err
	}
	if err := a.Move(moves, Disbursed, by.At(now), "loan.state"); err != nil {
		return err
	}
	a.Loan, a.Slot = loan, ""
	a.publish(EventDisbursed, by, now)
	return nil
}

// Wake does what time brings: the bank is late, an offer or a question is over.
func (a *Application) Wake(now time.Time) error {
	if a.WakeAt == nil || a.WakeAt.After(now) {
		return nil
	}
	a.WakeAt = nil
	switch a.State { //nolint:exhaustive // the others have no clock
	case Delivered:
		a.Late = true
		a.publish(EventLate, models.Clockwork, now)
	case Offered, AskedMore:
		a.Slot = ""
		if err := a.Move(moves, Expired, models.Clockwork.At(now), "loan.state"); err != nil {
			return err
		}
		a.publish(EventExpired, models.Clockwork, now)
	}
	return nil
}

// Cheapest puts offers in order: what all of the interest comes to for each fen and month lent, then the sooner ending, then the id.
func Cheapest(offered []*Application) []*Application {
	out := slices.Clone(offered)
	slices.SortFunc(out, func(a, b *Application) int {
		x, y := a.Offer, b.Offer
		left := big.NewInt(0).Mul(big.NewInt(int64(x.Total)), big.NewInt(int64(y.Plan.Amount)*int64(y.Plan.Months)))
		right := big.NewInt(0).Mul(big.NewInt(int64(y.Total)), big.NewInt(int64(x.Plan.Amount)*int64(x.Plan.Months)))
		switch {
		case left.Cmp(right) != 0:
			return left.Cmp(right)
		case x.Until != y.Until:
			return strings.Compare(string(x.Until), string(y.Until))
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}
