package loan

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/identity"
	"xinyi/models/loan"
	"xinyi/store"
)

// Desk serves 信易贷 for banks, and for the office that follows what comes of it.
type Desk struct {
	Handler
	Clients *store.Repo[identity.Client]
	Log     *api.AccessLog
}

// Mount names the routes.
func (h Desk) Mount(r *api.Router) {
	tag := api.Tag("loan desk")
	api.Post(r, "/bank/products", h.draft, mayBank, api.Creates, tag)
	api.Get(r, "/bank/products", h.mineToo, mayBank, tag)
	api.Put(r, "/bank/products/{id}", h.edit, mayBank, tag)
	api.Post(r, "/bank/products/{id}/state", h.set, mayBank, tag)
	api.Get(r, "/bank/applications", h.waiting, mayBank, api.Reveals, tag)
	api.Get(r, "/bank/applications/{id}", h.read, mayBank, api.Reveals, tag)
	api.Post(r, "/bank/applications/{id}/take", h.take, mayBank, api.Reveals, tag)
	api.Post(r, "/bank/applications/{id}/ask", h.more, mayBank, api.Reveals, tag)
	api.Post(r, "/bank/applications/{id}/offer", h.offer, mayBank, api.Reveals, tag)
	api.Post(r, "/bank/applications/{id}/decline", h.decline, mayBank, api.Reveals, tag)
	api.Post(r, "/bank/applications/{id}/disburse", h.disburse, mayBank, api.Moves, api.Reveals, tag)
	api.Get(r, "/bank/loans", h.given, mayBank, api.Reveals, tag)
	api.Get(r, "/bank/loans/{id}", h.oneOf, mayBank, api.Reveals, tag)
	api.Post(r, "/bank/loans/{id}/payments", h.repay, mayBank, api.Reveals, tag)
	api.Post(r, "/bank/loans/{id}/write-off", h.writeOff, mayBank, api.Reveals, tag)
	api.Post(r, "/bank/loans/{id}/give-back", h.giveBack, mayBank, api.Reveals, tag)

	api.Get(r, "/loans/metrics", h.metrics, mayMetrics, tag)
	api.Get(r, "/loans/late", h.late, mayMetrics, api.Reveals, tag)
	api.Get(r, "/farmers/villages/{village}", h.village, api.Open(), api.Limit(time.Minute, 120), tag)
}

type termsOfProduct struct {
	Title     models.Words    `json:"title"`
	Details   models.Words    `json:"details"`
	Methods   []loan.Method   `json:"methods" validate:"required,min=1,max=3,dive,known"`
	From      models.Fen      `json:"fromFen" validate:"fen,gte=1"`
	To        models.Fen      `json:"toFen" validate:"fen,gte=1"`
	MinMonths int             `json:"minMonths" validate:"gte=1,lte=360"`
	MaxMonths int             `json:"maxMonths" validate:"gte=1,lte=360"`
	Rate      models.Bp       `json:"rateBp" validate:"gte=0,lte=3600"`
	Stars     []models.Bp     `json:"starsBp,omitempty" validate:"max=3,dive,gte=0,lte=3600" description:"Taken off in a village of one, two, three stars"`
	Regions   []models.Region `json:"regions" validate:"required,min=1,max=50,dive,numeric,min=4,max=12"`
	Scopes    []string        `json:"scopes,omitempty" validate:"max=40,dive,max=40"`
}

func (t termsOfProduct) terms() loan.Terms {
	out := loan.Terms{
		Name: t.Title, Details: t.Details, Methods: t.Methods, From: t.From, To: t.To,
		MinMonths: t.MinMonths, MaxMonths: t.MaxMonths, Rate: t.Rate, Regions: t.Regions, Scopes: t.Scopes,
	}
	copy(out.Stars[:], t.Stars)
	return out
}

func (h Desk) draft(ctx context.Context, rq api.Request, in termsOfProduct) (productView, error) {
	c, err := h.Clients.Get(ctx, rq.Actor.Client)
	if err != nil {
		return productView{}, err
	}
	p, err := loan.NewProduct(rq.NewID(), loan.Lender{Bank: rq.Actor.Org, Called: c.Name, Region: c.Region}, in.terms(), rq.Actor, rq.Now)
	if err == nil {
		err = store.Existing(h.Products.Insert(ctx, p))
	}
	if err != nil {
		return productView{}, err
	}
	return viewProduct(p, rq.Lang), nil
}

func (h Desk) mineToo(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[productView], error) {
	return api.Found(ctx, h.Products, store.LoanProductsOf(rq.Actor.Org), in,
		func(p *loan.Product) productView { return viewProduct(p, rq.Lang) })
}

func (h Desk) onProduct(ctx context.Context, rq api.Request, id string, do func(*loan.Product) error) (productView, error) {
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
	api.ByID
	termsOfProduct
}

func (h Desk) edit(ctx context.Context, rq api.Request, in editProductRequest) (productView, error) {
	return h.onProduct(ctx, rq, in.ID, func(p *loan.Product) error { return p.Edit(in.terms()) })
}

type productStateRequest struct {
	api.ByID
	State loan.ProductState `json:"state" validate:"required,oneof=ONLINE PAUSED OFFLINE"`
}

func (h Desk) set(ctx context.Context, rq api.Request, in productStateRequest) (productView, error) {
	return h.onProduct(ctx, rq, in.ID, func(p *loan.Product) error { return p.Set(in.State, rq.Actor, rq.Now) })
}

// askedBy is an application as its bank sees it.
type askedBy struct {
	applicationView
	Person    string             `json:"borrower" description:"The account, or the organisation's code; what is to be known of whom it is, the consent opens"`
	Subject   models.SubjectKind `json:"kind" personal:"false"`
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
func (h Desk) looked(ctx context.Context, rq api.Request, purpose, id, person string) error {
	return h.Log.Note(ctx, rq, access.Access{Subject: api.APerson(person), Fields: []string{"loan"}, About: id, Purpose: purpose, Case: id})
}

type waitingRequest struct {
	State loan.State `query:"state" validate:"required,oneof=DELIVERED ACCEPTED_BY_BANK IN_REVIEW INFO_REQUESTED OFFERED OFFER_ACCEPTED DECLINED WITHDRAWN EXPIRED DISBURSED"`
	api.PageQuery
}

func (h Desk) waiting(ctx context.Context, rq api.Request, in waitingRequest) (api.List[askedBy], error) {
	page, err := h.Applications.Find(ctx, store.ApplicationsAt(rq.Actor.Org, in.State).Page(in.Limit, in.Cursor))
	if err == nil {
		err = h.Log.Note(ctx, rq, api.Personal(rq, "share.loan", []string{"loan"}, page.Items,
			func(a *loan.Application) (string, string) { return a.ID, a.Person })...)
	}
	if err != nil {
		return api.List[askedBy]{}, err
	}
	return api.Listed(page, viewAskedBy(rq.Lang)), nil
}

// on changes an application of the caller's bank, nil only reads it.
func (h Desk) on(ctx context.Context, rq api.Request, id string, do func(*loan.Application) error) (askedBy, error) {
	a, err := h.Applications.Get(ctx, id)
	if err != nil || a.Bank != rq.Actor.Org || a.State == loan.Draft || a.State == loan.Submitted {
		return askedBy{}, api.NotYours(err)
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

func (h Desk) read(ctx context.Context, rq api.Request, in api.ByID) (askedBy, error) {
	return h.on(ctx, rq, in.ID, nil)
}

type takeRequest struct {
	api.ByID
	To loan.State `json:"to" validate:"required,oneof=ACCEPTED_BY_BANK IN_REVIEW"`
}

func (h Desk) take(ctx context.Context, rq api.Request, in takeRequest) (askedBy, error) {
	return h.on(ctx, rq, in.ID, func(a *loan.Application) error { return a.Take(in.To, rq.Actor, rq.Now) })
}

func (h Desk) more(ctx context.Context, rq api.Request, in api.ReasonRequest) (askedBy, error) {
	return h.on(ctx, rq, in.ID, func(a *loan.Application) error { return a.AskMore(in.Reason, h.Policy, rq.Actor, rq.Now) })
}

type lendRequest struct {
	api.ByID
	planRequest
	Rate  models.Bp  `json:"rateBp" validate:"gte=0,lte=3600"`
	No    string     `json:"no" validate:"required,max=64" description:"The bank's own"`
	Until models.Day `json:"until,omitempty" validate:"omitempty,day"`
}

func (h Desk) offer(ctx context.Context, rq api.Request, in lendRequest) (askedBy, error) {
	a, err := h.Applications.Get(ctx, in.ID)
	if err != nil || a.Bank != rq.Actor.Org {
		return askedBy{}, api.NotYours(err)
	}
	p, err := h.Products.Get(ctx, a.Product)
	if err != nil {
		return askedBy{}, err
	}
	stars, err := h.Farm.Stars(ctx, a.Place, models.DayOf(rq.Now))
	if err != nil {
		return askedBy{}, err
	}
	o := loan.Offer{Plan: in.plan(in.Rate), No: in.No, Until: in.Until, Stars: stars}
	return h.on(ctx, rq, in.ID, func(a *loan.Application) error { return a.MakeOffer(o, p, h.Policy, rq.Actor, rq.Now) })
}

type declineRequest struct {
	api.ByID
	Reasons []string `json:"reasons" validate:"required,min=1,max=4,dive,required,max=20" description:"income, debts, overdue, listed, purpose, documents, identity, region, collateral, history, policy, duplicate"`
	Words   string   `json:"words,omitempty" validate:"max=500"`
}

func (h Desk) decline(ctx context.Context, rq api.Request, in declineRequest) (askedBy, error) {
	return h.on(ctx, rq, in.ID, func(a *loan.Application) error { return a.Turn(in.Reasons, in.Words, rq.Actor, rq.Now) })
}

type disburseRequest struct {
	api.ByID
	No string     `json:"no" validate:"required,max=64" description:"The bank's own of the loan"`
	On models.Day `json:"on,omitempty" validate:"omitempty,day" description:"Today when absent"`
}

func (h Desk) disburse(ctx context.Context, rq api.Request, in disburseRequest) (bankLoanView, error) {
	a, err := h.Applications.Get(ctx, in.ID)
	if err != nil || a.Bank != rq.Actor.Org {
		return bankLoanView{}, api.NotYours(err)
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
		l, err := loan.Open(a, loan.Contract{ID: id, No: in.No, On: in.On, First: !had}, h.Policy, rq.Now)
		if err == nil {
			err = store.Existing(h.Loans.Insert(ctx, l))
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
	return h.oneOf(ctx, rq, api.ByID{ID: id})
}

type standingRequest struct {
	State loan.ContractState `query:"state" validate:"required,known"`
	api.PageQuery
}

type bankLoanRow struct {
	row
	Person string `json:"borrower" description:"The account, or the organisation's code"`
}

type bankLoanView struct {
	view
	Person string `json:"borrower" description:"The account, or the organisation's code"`
}

func (h Desk) given(ctx context.Context, rq api.Request, in standingRequest) (api.List[bankLoanRow], error) {
	page, err := h.Loans.Find(ctx, store.LoansAt(rq.Actor.Org, in.State).Page(in.Limit, in.Cursor))
	if err == nil {
		err = h.Log.Note(ctx, rq, api.Personal(rq, "share.loan_review", []string{"loan"}, page.Items,
			func(l *loan.Loan) (string, string) { return l.ID, l.Person })...)
	}
	if err != nil {
		return api.List[bankLoanRow]{}, err
	}
	return api.Listed(page, func(l *loan.Loan) bankLoanRow {
		return bankLoanRow{viewRow(models.DayOf(rq.Now))(l), l.Borrower}
	}), nil
}

// onLoan changes a loan of the caller's bank, nil only reads it.
func (h Desk) onLoan(ctx context.Context, rq api.Request, id string, do func(*loan.Loan) error) (bankLoanView, error) {
	l, err := h.Loans.Get(ctx, id)
	if err != nil || l.Bank != rq.Actor.Org {
		return bankLoanView{}, api.NotYours(err)
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

func (h Desk) oneOf(ctx context.Context, rq api.Request, in api.ByID) (bankLoanView, error) {
	return h.onLoan(ctx, rq, in.ID, nil)
}

type repayRequest struct {
	api.ByID
	No     string     `json:"no" validate:"required,max=64"`
	Amount models.Fen `json:"amountFen" validate:"fen,gte=1"`
	On     models.Day `json:"on,omitempty" validate:"omitempty,day" description:"Today when absent"`
	Early  bool       `json:"early,omitempty" description:"It reduces the principal before it is due"`
}

func (h Desk) repay(ctx context.Context, rq api.Request, in repayRequest) (bankLoanView, error) {
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

func (h Desk) writeOff(ctx context.Context, rq api.Request, in api.ByID) (bankLoanView, error) {
	return h.onLoan(ctx, rq, in.ID, func(l *loan.Loan) error { return l.WriteOff(rq.Actor, rq.Now) })
}

func (h Desk) giveBack(ctx context.Context, rq api.Request, in api.ByID) (bankLoanView, error) {
	return h.onLoan(ctx, rq, in.ID, func(l *loan.Loan) error { return l.GiveBack(rq.Actor, rq.Now) })
}

type metricsRequest struct {
	Since models.Day `query:"since" validate:"required,day"`
}

type metricsView struct {
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

func (h Desk) metrics(ctx context.Context, rq api.Request, in metricsRequest) (metricsView, error) {
	v := metricsView{Since: in.Since, Target: h.Policy.Target, Counties: []lentInCounty{}}
	sums := map[string]loan.Sum{}
	var all loan.Sum
	_, err := h.Tallies.Each(ctx, store.LoanTalliesSince(in.Since), func(t *loan.Tally) error {
		for county, s := range t.Counties {
			if api.Touches(rq.Actor, models.Region(county)) {
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
	slices.SortFunc(v.Counties, func(a, b lentInCounty) int { return api.CompareText(string(a.County), string(b.County)) })
	return v, nil
}

func viewLent(s loan.Sum) lentView {
	v := lentView{Loans: s.Loans, Paid: s.Paid, Farmers: s.Farmers}
	if s.Loans > 0 {
		v.FirstBp, v.DaysAvg = models.Bp(s.First*10000/s.Loans), s.WaitDays/s.Loans
	}
	return v
}

func (h Desk) late(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[applicationView], error) {
	page, err := h.Applications.Find(ctx, store.ApplicationsLate(rq.Actor.Region).Page(in.Limit, in.Cursor))
	if err == nil {
		err = h.Log.Note(ctx, rq, api.Personal(rq, "credit.supervision", []string{"loan"}, page.Items,
			func(a *loan.Application) (string, string) { return a.ID, a.Person })...)
	}
	if err != nil {
		return api.List[applicationView]{}, err
	}
	return api.Listed(page, viewApplication(rq.Lang)), nil
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

func (h Desk) village(ctx context.Context, rq api.Request, in villageAt) (starsView, error) {
	v, err := h.Farm.Villages.Get(ctx, string(in.Village))
	if errors.Is(err, models.NotFound) {
		return starsView{Village: in.Village}, nil
	}
	if err != nil {
		return starsView{}, err
	}
	return starsView{in.Village, v.On(models.DayOf(rq.Now)), v.Since, v.Until}, nil
}
