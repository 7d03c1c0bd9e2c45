package loan

import (
	"time"

	"xinyi/models"
)

// A ProductState is where a product stands.
type ProductState string

// The states of a product.
const (
	ProductDraft  ProductState = "DRAFT"
	ProductOnline ProductState = "ONLINE"
	ProductPaused ProductState = "PAUSED"
	ProductGone   ProductState = "OFFLINE"
)

// Enum are all of them.
func (ProductState) Enum() []any {
	return models.Enum(ProductDraft, ProductOnline, ProductPaused, ProductGone)
}

// ProductStates lists them.
var ProductStates = []ProductState{ProductDraft, ProductOnline, ProductPaused, ProductGone}

var productActs = models.Acts[ProductState]{
	models.From(ProductDraft).To(ProductOnline, ProductGone).By("Set", models.Bank),
	models.From(ProductOnline).To(ProductPaused, ProductGone).By("Set", models.Bank),
	models.From(ProductPaused).To(ProductOnline, ProductGone).By("Set", models.Bank),
}

var productMoves = productActs.Machine()

// Terms are what a product says. Rates are the bank's own; a village with stars pays less.
type Terms struct {
	Name      models.Words    `bson:"name"`
	Details   models.Words    `bson:"details"`
	Methods   []Method        `bson:"methods"`
	From      models.Fen      `bson:"from"` // the least amount
	To        models.Fen      `bson:"to"`
	MinMonths int             `bson:"minMonths"`
	MaxMonths int             `bson:"maxMonths"`
	Rate      models.Bp       `bson:"rate"`    // a year, at most
	Stars     [3]models.Bp    `bson:"stars"`   // taken off in a village of one, two, three stars
	Regions   []models.Region `bson:"regions"` // where it is offered
	Scopes    []string        `bson:"scopes"`  // what the bank reads with consent to decide
}

// A Product is one bank's offer to everybody it is for.
type Product struct {
	models.Meta               `bson:",inline"`
	models.Life[ProductState] `bson:",inline"`

	Bank   string        `bson:"bank"`
	Called string        `bson:"called"` // the bank's name
	Region models.Region `bson:"region"`
	Terms  Terms         `bson:"terms"`
}

// A Lender is the bank whose product it is.
type Lender struct {
	Bank, Called string
	Region       models.Region
}

// NewProduct drafts a product. Errors: Invalid "loan.product_invalid".
func NewProduct(id string, l Lender, t Terms, by models.Actor, now time.Time) (*Product, error) {
	p := &Product{Bank: l.Bank, Called: l.Called, Region: l.Region, Terms: t}
	p.ID, p.State, p.Moved = id, ProductDraft, models.Moved{By: by.Role, At: now}
	return p, t.check()
}

func (t Terms) check() error {
	faults := append(t.Name.Check("/title", models.MaxTitle), t.Details.Check("/details", models.MaxTitle)...)
	fault := func(bad bool, pointer, code string) {
		if bad {
			faults = append(faults, models.Field{Pointer: pointer, Code: code})
		}
	}
	fault(len(t.Methods) == 0, "/methods", "required")
	fault(t.From <= 0 || t.To < t.From || t.To > MaxAmount, "/toFen", "range")
	fault(t.MinMonths < 1 || t.MaxMonths < t.MinMonths || t.MaxMonths > MaxMonths, "/maxMonths", "range")
	fault(t.Rate < 0 || t.Rate > MaxRate, "/rateBp", "range")
	fault(len(t.Regions) == 0, "/regions", "required")
	last := models.Bp(0)
	for _, d := range t.Stars {
		fault(d < last || d > t.Rate, "/starsBp", "loan_stars")
		last = d
	}
	if len(faults) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "loan.product_invalid", Fields: faults}
	}
	return nil
}

// RateIn is the most the product costs a year in a village of so many stars.
//
// Source: docs/sources.md#loan-stars.
func (t Terms) RateIn(stars int) models.Bp {
	if stars < 1 {
		return t.Rate
	}
	return t.Rate - t.Stars[min(stars, len(t.Stars))-1]
}

// For says whether the product is offered where somebody lives.
func (t Terms) For(place models.Region) bool {
	for _, r := range t.Regions {
		if r.Contains(place) {
			return true
		}
	}
	return false
}

// Edit changes a draft. Errors: InvalidTransition once it is online; Invalid.
func (p *Product) Edit(t Terms) error {
	if p.State != ProductDraft {
		return models.Refused(p.Life, productMoves[p.State], "loan.product_state")
	}
	if err := t.check(); err != nil {
		return err
	}
	p.Terms = t
	return nil
}

// Set puts it online, pauses or ends it. Errors: InvalidTransition.
func (p *Product) Set(to ProductState, by models.Actor, now time.Time) error {
	return p.Move(productMoves, to, by.At(now), "loan.product_state")
}

// Open says whether somebody may ask. Errors: Conflict "loan.product_closed"; Invalid "loan.outside".
func (p *Product) Open(place models.Region, amount models.Fen, months int) error {
	if p.State != ProductOnline || !p.Terms.For(place) {
		return models.E(models.Conflict, "loan.product_closed")
	}
	var faults []models.Field
	if amount < p.Terms.From || amount > p.Terms.To {
		faults = append(faults, models.Field{Pointer: "/amountFen", Code: "range"})
	}
	if months < p.Terms.MinMonths || months > p.Terms.MaxMonths {
		faults = append(faults, models.Field{Pointer: "/months", Code: "range"})
	}
	if faults != nil {
		return &models.Error{Code: models.Invalid, Reason: "loan.outside", Fields: faults}
	}
	return nil
}
