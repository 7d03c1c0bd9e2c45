package handlers

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/identity"
	"xinyi/models/loan"
	"xinyi/store"
)

// LoanDesk is the door to 信易贷 for banks, and for the office that follows what comes of it.
type LoanDesk struct {
	Loan
	Clients *store.Repo[identity.Client]
	Looks   *Looks
}

// Mount names the routes.
func (h LoanDesk) Mount(r *Router) {
	tag := Tag("loan desk")
	Post(r, "/bank/products", h.draft, Does("Draft a loan product"), May("loans.bank"), Creates, tag)
	Get(r, "/bank/products", h.mineToo, Does("My products, the newest first"), May("loans.bank"), tag)
	Put(r, "/bank/products/{id}", h.edit, Does("Change a draft"), May("loans.bank"), tag)
	Post(r, "/bank/products/{id}/state", h.set, Does("Put a product online, pause it, end it"), May("loans.bank"), tag)
	Get(r, "/bank/applications", h.waiting, Does("Applications in a state, the oldest first"), May("loans.bank"), Reveals, tag)
	Get(r, "/bank/applications/{id}", h.read, Does("One application"), May("loans.bank"), Reveals, tag)
	Post(r, "/bank/applications/{id}/take", h.take, Does("Say that the bank looks at it", "The first answer is due within three working days"), May("loans.bank"), Reveals, tag)
	Post(r, "/bank/applications/{id}/ask", h.more, Does("Ask the borrower for something"), May("loans.bank"), Reveals, tag)
	Post(r, "/bank/applications/{id}/offer", h.offer, Does("Offer a loan", "Never dearer than the product says for the borrower's village"), May("loans.bank"), Reveals, tag)
	Post(r, "/bank/applications/{id}/decline", h.decline, Does("Decline, with one to four reasons the borrower reads", "They are kept as evidence of what was told"), May("loans.bank"), Reveals, tag)
	Post(r, "/bank/applications/{id}/disburse", h.disburse, Does("Say that the money was paid out"), May("loans.bank"), Moves, Reveals, tag)
	Get(r, "/bank/loans", h.given, Does("My loans by where they stand, the last paid out first"), May("loans.bank"), Reveals, tag)
	Get(r, "/bank/loans/{id}", h.oneOf, Does("One of my loans"), May("loans.bank"), Reveals, tag)
	Post(r, "/bank/loans/{id}/payments", h.repay, Does("Tell a repayment, or an early one", "The bank's number makes it happen once"), May("loans.bank"), Reveals, tag)
	Post(r, "/bank/loans/{id}/write-off", h.writeOff, Does("Give a loan up; what comes in later is a recovery"), May("loans.bank"), Reveals, tag)
	Post(r, "/bank/loans/{id}/give-back", h.giveBack, Does("Say that what was overpaid was given back"), May("loans.bank"), Reveals, tag)

	Get(r, "/loans/metrics", h.metrics, Does("What was lent since a day, by county, against the plan's target"), May("loans.metrics"), tag)
	Get(r, "/loans/late", h.late, Does("Applications a bank did not answer in time, by place"), May("loans.metrics"), Reveals, tag)
	Get(r, "/farmers/villages/{village}", h.village, Does("A village's stars"), Open(), Limit(minute, 120), tag)
}

type termsOfProduct struct {
	Title     formTitle       `json:"title"`
	Details   formTitle       `json:"details"`
	Methods   []loan.Method   `json:"methods" validate:"required,min=1,max=3,dive,oneof=EQUAL_INSTALMENT EQUAL_PRINCIPAL BULLET"`
	From      models.Fen      `json:"fromFen" validate:"gte=1"`
	To        models.Fen      `json:"toFen" validate:"gte=1"`
	MinMonths int             `json:"minMonths" validate:"gte=1,lte=360"`
	MaxMonths int             `json:"maxMonths" validate:"gte=1,lte=360"`
	Rate      models.Bp       `json:"rateBp" validate:"gte=0,lte=3600"`
	Stars     []models.Bp     `json:"starsBp,omitempty" validate:"max=3,dive,gte=0,lte=3600" description:"Taken off in a village of one, two, three stars"`
	Regions   []models.Region `json:"regions" validate:"required,min=1,max=50,dive,numeric,min=4,max=12"`
	Scopes    []string        `json:"scopes,omitempty" validate:"max=40,dive,max=40"`
}

func (t termsOfProduct) terms() loan.Terms {
	out := loan.Terms{
		Name: loan.Words{ZH: t.Title.ZH, EN: t.Title.EN}, Details: loan.Words{ZH: t.Details.ZH, EN: t.Details.EN}, Methods: t.Methods, From: t.From, To: t.To,
		MinMonths: t.MinMonths, MaxMonths: t.MaxMonths, Rate: t.Rate, Regions: t.Regions, Scopes: t.Scopes,
	}
	copy(out.Stars[:], t.Stars)
	return out
}

func (h LoanDesk) draft(ctx context.Context, rq Request, in termsOfProduct) (productView, error) {
	c, err := h.Clients.Get(ctx, rq.Actor.Client)
	if err != nil {
		return productView{}, err
	}
	p, err := loan.NewProduct(rq.NewID(), rq.Actor.Org, c.Name, c.Region, in.terms(), rq.Actor, rq.Now)
	if err == nil {
		err = existing(h.Products.Insert(ctx, p))
	}
	if err != nil {
		return productView{}, err
	}
	return viewProduct(p, rq.Lang), nil
}

func (h LoanDesk) mineToo(ctx context.Context, rq Request, in PageQuery) (List[productView], error) {
	page, err := h.Products.Find(ctx, store.LoanProductsOf(rq.Actor.Org).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[productView]{}, err
	}
	return Listed(page, func(p *loan.Product) productView { return viewProduct(p, rq.Lang) }), nil
}

func (h LoanDesk) onProduct(ctx context.Context, rq Request, id string, do func(*loan.Product) error) (productView, error) {
	p, err := h.Products.Update(ctx, id, func(p *loan.Product) error {
		if p.Bank != rq.Actor.Org {
			return models.E(models.NotFound, "not_found")
		}
		if err := rq.Fresh(p.Revision); err != nil {
			return err
		}
		return do(p)
	})
	if err != nil {
		return productView{}, err
	}
	return viewProduct(p, rq.Lang), nil
}

type editProductRequest struct {
	byID
	termsOfProduct
}

func (h LoanDesk) edit(ctx context.Context, rq Request, in editProductRequest) (productView, error) {
	return h.onProduct(ctx, rq, in.ID, func(p *loan.Product) error { return p.Edit(in.terms()) })
}

type productStateRequest struct {
	byID
	State loan.ProductState `json:"state" validate:"required,oneof=ONLINE PAUSED OFFLINE"`
}

func (h LoanDesk) set(ctx context.Context, rq Request, in productStateRequest) (productView, error) {
	return h.onProduct(ctx, rq, in.ID, func(p *loan.Product) error { return p.Set(in.State, rq.Actor, rq.Now) })
}

// askedBy is an application as its bank sees it.
type askedBy struct {
	applicationView
	Person    string             `json:"borrower" description:"The account, or the organisation's code; what is to be known of whom it is, the consent opens"`
	Subject   models.SubjectKind `json:"kind" enum:"PERSON,ORGANISATION,HOUSEHOLD" personal:"false"`
	Place     models.Region      `json:"place"`
	Household string             `json:"householdId,omitempty"`
	Supplied  string             `json:"supplied,omitempty"`
}

func viewAskedBy(lang string) func(*loan.Application) askedBy {
	return func(a *loan.Application) askedBy {
		return askedBy{viewApplication(lang)(a), a.Borrower, a.Subject, a.Place, a.Household, a.Supplied}
	}
}

// looked notes that a bank looks at applications or loans of borrowers.
func (h LoanDesk) looked(ctx context.Context, rq Request, purpose, id, person string) error {
	return h.Looks.Look(ctx, rq, access.Look{Subject: aPerson(person), Fields: []string{"loan"}, About: id, Purpose: purpose, Case: id})
}

type waitingRequest struct {
	State loan.State `query:"state" validate:"required,oneof=DELIVERED ACCEPTED_BY_BANK IN_REVIEW INFO_REQUESTED OFFERED OFFER_ACCEPTED DECLINED WITHDRAWN EXPIRED DISBURSED"`
	PageQuery
}

func (h LoanDesk) waiting(ctx context.Context, rq Request, in waitingRequest) (List[askedBy], error) {
	page, err := h.Applications.Find(ctx, store.ApplicationsAt(rq.Actor.Org, in.State).Page(in.Limit, in.Cursor))
	if err == nil {
		err = h.Looks.Look(ctx, rq, personal(rq, "share.loan", []string{"loan"}, page.Items, func(a *loan.Application) (string, string) { return a.ID, a.Person })...)
	}
	if err != nil {
		return List[askedBy]{}, err
	}
	return Listed(page, viewAskedBy(rq.Lang)), nil
}

// on changes an application of the caller's bank, nil only reads it.
func (h LoanDesk) on(ctx context.Context, rq Request, id string, do func(*loan.Application) error) (askedBy, error) {
	a, err := h.Applications.Get(ctx, id)
	if err != nil || a.Bank != rq.Actor.Org || a.State == loan.Draft || a.State == loan.Submitted {
		return askedBy{}, notYours(err)
	}
	if do != nil {
		a, err = h.Applications.Update(ctx, id, func(a *loan.Application) error {
			if err := rq.Fresh(a.Revision); err != nil {
				return err
			}
			return do(a)
		})
	}
	if err == nil {
		err = h.looked(ctx, rq, "share.loan", a.ID, a.Person)
	}
	if err != nil {
		return askedBy{}, err
	}
	return viewAskedBy(rq.Lang)(a), nil
}

func (h LoanDesk) read(ctx context.Context, rq Request, in byID) (askedBy, error) {
	return h.on(ctx, rq, in.ID, nil)
}

type takeRequest struct {
	byID
	To loan.State `json:"to" validate:"required,oneof=ACCEPTED_BY_BANK IN_REVIEW"`
}

func (h LoanDesk) take(ctx context.Context, rq Request, in takeRequest) (askedBy, error) {
	return h.on(ctx, rq, in.ID, func(a *loan.Application) error { return a.Take(in.To, rq.Actor, rq.Now) })
}

func (h LoanDesk) more(ctx context.Context, rq Request, in reasonRequest) (askedBy, error) {
	return h.on(ctx, rq, in.ID, func(a *loan.Application) error { return a.AskMore(in.Reason, h.Policy, rq.Actor, rq.Now) })
}

type lendRequest struct {
	byID
	planRequest
	Rate  models.Bp  `json:"rateBp" validate:"gte=0,lte=3600"`
	No    string     `json:"no" validate:"required,max=64" description:"The bank's own"`
	Until models.Day `json:"until,omitempty" validate:"omitempty,day"`
}

func (h LoanDesk) offer(ctx context.Context, rq Request, in lendRequest) (askedBy, error) {
	a, err := h.Applications.Get(ctx, in.ID)
	if err != nil || a.Bank != rq.Actor.Org {
		return askedBy{}, notYours(err)
	}
	p, err := h.Products.Get(ctx, a.Product)
	if err != nil {
		return askedBy{}, err
	}
	stars, err := h.Farm.Stars(ctx, a.Place, models.DayOf(rq.Now))
	if err != nil {
		return askedBy{}, err
	}
	o := loan.Offer{Plan: in.plan(in.Rate), No: in.No, Until: in.Until}
	return h.on(ctx, rq, in.ID, func(a *loan.Application) error { return a.MakeOffer(o, p, stars, h.Policy, rq.Actor, rq.Now) })
}

type declineRequest struct {
	byID
	Reasons []string `json:"reasons" validate:"required,min=1,max=4,dive,required,max=20" description:"income, debts, overdue, listed, purpose, documents, identity, region, collateral, history, policy, duplicate"`
	Words   string   `json:"words,omitempty" validate:"max=500"`
}

func (h LoanDesk) decline(ctx context.Context, rq Request, in declineRequest) (askedBy, error) {
	return h.on(ctx, rq, in.ID, func(a *loan.Application) error { return a.Turn(in.Reasons, in.Words, rq.Actor, rq.Now) })
}

type disburseRequest struct {
	byID
	No string     `json:"no" validate:"required,max=64" description:"The bank's own of the loan"`
	On models.Day `json:"on,omitempty" validate:"omitempty,day" description:"Today when absent"`
}

func (h LoanDesk) disburse(ctx context.Context, rq Request, in disburseRequest) (bankLoanView, error) {
	a, err := h.Applications.Get(ctx, in.ID)
	if err != nil || a.Bank != rq.Actor.Org {
		return bankLoanView{}, notYours(err)
	}
	in.On = cmp.Or(in.On, models.DayOf(rq.Now))
	if in.On > models.DayOf(rq.Now) || in.On < models.DayOf(a.CreatedAt) {
		return bankLoanView{}, models.Bad("/on", "loan_day", "loan.payment")
	}
	id := models.Derived("loan", a.ID)
	if a.State == loan.Agreed { // the loan first: an application that says it was paid out has one
		had, err := h.Had(ctx, a.Borrower, id)
		if err != nil {
			return bankLoanView{}, err
		}
		l, err := loan.Open(id, a, in.No, in.On, !had, h.Policy, rq.Now)
		if err == nil {
			err = existing(h.Loans.Insert(ctx, l))
		}
		if err != nil {
			return bankLoanView{}, err
		}
	}
	if a.State != loan.Disbursed {
		if _, err := h.Applications.Update(ctx, a.ID, func(a *loan.Application) error { return a.Disburse(id, rq.Actor, rq.Now) }); err != nil {
			return bankLoanView{}, err
		}
	}
	return h.oneOf(ctx, rq, byID{id})
}

type standingRequest struct {
	State loan.Standing `query:"state" validate:"required,oneof=ACTIVE SETTLED WRITTEN_OFF OVERPAID"`
	PageQuery
}

type bankLoanRow struct {
	loanRow
	Person string `json:"borrower" description:"The account, or the organisation's code"`
}

type bankLoanView struct {
	loanView
	Person string `json:"borrower" description:"The account, or the organisation's code"`
}

func (h LoanDesk) given(ctx context.Context, rq Request, in standingRequest) (List[bankLoanRow], error) {
	page, err := h.Loans.Find(ctx, store.LoansAt(rq.Actor.Org, in.State).Page(in.Limit, in.Cursor))
	if err == nil {
		err = h.Looks.Look(ctx, rq, personal(rq, "share.loan_review", []string{"loan"}, page.Items, func(l *loan.Loan) (string, string) { return l.ID, l.Person })...)
	}
	if err != nil {
		return List[bankLoanRow]{}, err
	}
	return Listed(page, func(l *loan.Loan) bankLoanRow {
		return bankLoanRow{viewLoanRow(models.DayOf(rq.Now))(l), l.Borrower}
	}), nil
}

// onLoan changes a loan of the caller's bank, nil only reads it.
func (h LoanDesk) onLoan(ctx context.Context, rq Request, id string, do func(*loan.Loan) error) (bankLoanView, error) {
	l, err := h.Loans.Get(ctx, id)
	if err != nil || l.Bank != rq.Actor.Org {
		return bankLoanView{}, notYours(err)
	}
	if do != nil {
		l, err = h.Loans.Update(ctx, id, do)
	}
	if err == nil {
		err = h.looked(ctx, rq, "share.loan_review", l.ID, l.Person)
	}
	if err != nil {
		return bankLoanView{}, err
	}
	return bankLoanView{viewLoan(l, models.DayOf(rq.Now)), l.Borrower}, nil
}

func (h LoanDesk) oneOf(ctx context.Context, rq Request, in byID) (bankLoanView, error) {
	return h.onLoan(ctx, rq, in.ID, nil)
}

type repayRequest struct {
	byID
	No     string     `json:"no" validate:"required,max=64"`
	Amount models.Fen `json:"amountFen" validate:"gte=1"`
	On     models.Day `json:"on,omitempty" validate:"omitempty,day" description:"Today when absent"`
	Early  bool       `json:"early,omitempty" description:"It reduces the principal before it is due"`
}

func (h LoanDesk) repay(ctx context.Context, rq Request, in repayRequest) (bankLoanView, error) {
	in.On = cmp.Or(in.On, models.DayOf(rq.Now))
	return h.onLoan(ctx, rq, in.ID, func(l *loan.Loan) error {
		n := len(l.Payments)
		act := l.Repay
		if in.Early {
			act = l.Prepay
		}
		err := act(in.No, in.Amount, in.On, rq.Actor, rq.Now)
		if err == nil && len(l.Payments) == n {
			return store.Unchanged()
		}
		return err
	})
}

func (h LoanDesk) writeOff(ctx context.Context, rq Request, in byID) (bankLoanView, error) {
	return h.onLoan(ctx, rq, in.ID, func(l *loan.Loan) error { return l.WriteOff(rq.Actor, rq.Now) })
}

func (h LoanDesk) giveBack(ctx context.Context, rq Request, in byID) (bankLoanView, error) {
	return h.onLoan(ctx, rq, in.ID, func(l *loan.Loan) error { return l.GiveBack(rq.Actor, rq.Now) })
}

type loanMetricsRequest struct {
	Since models.Day `query:"since" validate:"required,day"`
}

type loanMetricsView struct {
	Since    models.Day     `json:"since"`
	Target   models.Fen     `json:"targetFen" description:"Of the plan"`
	ShareBp  models.Bp      `json:"shareBp" description:"Of the target, rounded down"`
	Total    lentView       `json:"total"`
	Counties []lentInCounty `json:"counties"`
}

type lentView struct {
	Loans   int64      `json:"loans"`
	Paid    models.Fen `json:"paidOutFen"`
	FirstBp models.Bp  `json:"firstLoanShareBp"`
	Farmers int64      `json:"farmers"`
	DaysAvg int64      `json:"averageDays" description:"From delivery to the money, rounded down"`
}

type lentInCounty struct {
	County models.Region `json:"county"`
	lentView
}

func (h LoanDesk) metrics(ctx context.Context, rq Request, in loanMetricsRequest) (loanMetricsView, error) {
	v := loanMetricsView{Since: in.Since, Target: h.Policy.Target, Counties: []lentInCounty{}}
	sums := map[string]loan.Sum{}
	var all loan.Sum
	_, err := h.Tallies.Each(ctx, store.LoanTalliesSince(in.Since), func(t *loan.Tally) error {
		for county, s := range t.Counties {
			if rq.Actor.Region.Contains(models.Region(county)) || models.Region(county).Contains(rq.Actor.Region) {
				sums[county] = sums[county].Add(s)
				all = all.Add(s)
			}
		}
		return nil
	})
	if err != nil {
		return v, err
	}
	v.Total = viewLent(all)
	v.ShareBp = models.Bp(int64(all.Paid) / max(int64(h.Policy.Target)/10000, 1))
	for county, s := range sums {
		v.Counties = append(v.Counties, lentInCounty{models.Region(county), viewLent(s)})
	}
	slices.SortFunc(v.Counties, func(a, b lentInCounty) int { return compareText(string(a.County), string(b.County)) })
	return v, nil
}

func viewLent(s loan.Sum) lentView {
	v := lentView{Loans: s.Loans, Paid: s.Paid, Farmers: s.Farmers}
	if s.Loans > 0 {
		v.FirstBp, v.DaysAvg = models.Bp(s.First*10000/s.Loans), s.WaitDays/s.Loans
	}
	return v
}

func (h LoanDesk) late(ctx context.Context, rq Request, in PageQuery) (List[applicationView], error) {
	page, err := h.Applications.Find(ctx, store.ApplicationsLate(rq.Actor.Region).Page(in.Limit, in.Cursor))
	if err == nil {
		err = h.Looks.Look(ctx, rq, personal(rq, "credit.supervision", []string{"loan"}, page.Items, func(a *loan.Application) (string, string) { return a.ID, a.Person })...)
	}
	if err != nil {
		return List[applicationView]{}, err
	}
	return Listed(page, viewApplication(rq.Lang)), nil
}

type starsView struct {
	Village models.Region `json:"village"`
	Stars   int           `json:"stars" description:"Today"`
	Since   models.Day    `json:"since,omitempty"`
	Until   models.Day    `json:"until,omitempty"`
}

type villageAt struct {
	Village models.Region `path:"village" validate:"required,numeric,len=12"`
}

func (h LoanDesk) village(ctx context.Context, rq Request, in villageAt) (starsView, error) {
	v, err := h.Farm.Villages.Get(ctx, string(in.Village))
	if errors.Is(err, models.NotFound) {
		return starsView{Village: in.Village}, nil
	}
	if err != nil {
		return starsView{}, err
	}
	return starsView{in.Village, v.On(models.DayOf(rq.Now)), v.Since, v.Until}, nil
}
