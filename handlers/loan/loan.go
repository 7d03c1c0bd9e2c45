// Package loan serves 信易贷: products, applications, loans, white-lists.
package loan

import (
	"context"
	"errors"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/consent"
	"xinyi/models/farmer"
	"xinyi/models/loan"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler serves 信易贷 for borrowers: farmers, and firms through whoever acts for them.
type Handler struct {
	usecase.Loan
	Consents *store.Repo[consent.Consent]
	Farm     usecase.Farmer
	People   usecase.Subjects
	Policy   loan.Policy
}

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	tag := api.Tag("loans")
	api.Get(r, "/loan-products", h.products, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Get(r, "/loan-products/{id}", h.product, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Post(r, "/loan-products/{id}/schedule", h.schedule, api.Open(), api.Limit(time.Minute, 60), tag)
	api.Post(r, "/me/loan-applications", h.ask, mayMine, api.Creates, tag, api.Quota(api.Applications))
	api.Get(r, "/me/loan-applications", h.applications, mayMine, tag)
	api.Get(r, "/me/loan-applications/{id}", h.application, mayMine, tag)
	api.Get(r, "/me/loan-needs/{id}/offers", h.compare, mayMine, tag)
	api.Post(r, "/me/loan-applications/{id}/supply", h.supply, mayMine, tag)
	api.Post(r, "/me/loan-applications/{id}/accept", h.accept, mayMine, tag)
	api.Post(r, "/me/loan-applications/{id}/withdraw", h.quit, mayMine, tag)
	api.Get(r, "/me/loans", h.loans, mayMine, tag)
	api.Get(r, "/me/loans/{id}", h.loan, mayMine, tag)
	api.Get(r, "/loan-lists", h.lists, api.Open(), api.Limit(time.Minute, 60), tag)
}

type planView struct {
	Method  loan.Method `json:"method"`
	Amount  models.Fen  `json:"amountFen"`
	Rate    models.Bp   `json:"rateBp" description:"A year"`
	Months  int         `json:"months"`
	Every   int         `json:"everyMonths,omitempty" description:"BULLET: months between payments of interest"`
	Working bool        `json:"workingDays,omitempty" description:"A day that is no working day goes to the next one"`
}

func viewPlan(p loan.Plan) planView { return planView(p) }

type productView struct {
	ID        string            `json:"id"`
	Bank      string            `json:"bank"`
	Called    string            `json:"bankName"`
	Title     string            `json:"title"`
	Details   string            `json:"details"`
	State     loan.ProductState `json:"state"`
	Methods   []loan.Method     `json:"methods"`
	From      models.Fen        `json:"fromFen"`
	To        models.Fen        `json:"toFen"`
	MinMonths int               `json:"minMonths"`
	MaxMonths int               `json:"maxMonths"`
	Rate      models.Bp         `json:"rateBp" description:"A year, at most, in a village without stars"`
	Stars     [3]models.Bp      `json:"starsBp" description:"Taken off in a village of one, two, three stars"`
	Here      *models.Bp        `json:"rateHereBp,omitempty" description:"In the place asked about"`
	Scopes    []file.ScopeView  `json:"scopes" description:"What the bank reads with consent"`
	Regions   []models.Region   `json:"regions"`
	Revision  int64             `json:"revision"`
}

// Revised is what ETag shows.
func (v productView) Revised() int64 { return v.Revision }

func viewProduct(p *loan.Product, lang string) productView {
	t := p.Terms
	v := productView{
		ID: p.ID, Bank: p.Bank, Called: p.Called, Title: t.Name.In(lang), Details: t.Details.In(lang), State: p.State, Methods: t.Methods, From: t.From, To: t.To,
		MinMonths: t.MinMonths, MaxMonths: t.MaxMonths, Rate: t.Rate, Stars: t.Stars, Scopes: []file.ScopeView{}, Regions: t.Regions, Revision: p.Revision,
	}
	for _, s := range t.Scopes {
		v.Scopes = append(v.Scopes, file.ViewScope(s, lang))
	}
	return v
}

type productsRequest struct {
	Place models.Region `query:"place" validate:"omitempty,numeric,min=4,max=12"`
	api.PageQuery
}

func (h Handler) products(ctx context.Context, rq api.Request, in productsRequest) (api.List[productView], error) {
	stars, err := h.Farm.Stars(ctx, in.Place, models.DayOf(rq.Now))
	if err != nil {
		return api.List[productView]{}, err
	}
	return api.Sifted(ctx, h.Products, store.LoanProductsOnline(), in.PageQuery, func(p *loan.Product) (productView, bool, error) {
		one := viewProduct(p, rq.Lang)
		if in.Place != "" {
			here := p.Terms.RateIn(stars)
			one.Here = &here
		}
		return one, in.Place == "" || p.Terms.For(in.Place), nil
	})
}

// online is a product anybody may see. Errors: NotFound for a draft.
func (h Handler) online(ctx context.Context, id string) (*loan.Product, error) {
	p, err := h.Products.Get(ctx, id)
	if err == nil && p.State == loan.ProductDraft {
		err = models.E(models.NotFound, "not_found")
	}
	return p, err
}

func (h Handler) product(ctx context.Context, rq api.Request, in api.ByID) (productView, error) {
	p, err := h.online(ctx, in.ID)
	if err != nil {
		return productView{}, err
	}
	return viewProduct(p, rq.Lang), nil
}

type scheduleRequest struct {
	api.ByID
	planRequest
	Place models.Region `json:"place,omitempty" validate:"omitempty,numeric,len=12"`
}

type planRequest struct {
	Method  loan.Method `json:"method" validate:"required,known"`
	Amount  models.Fen  `json:"amountFen" validate:"fen,gte=1"`
	Months  int         `json:"months" validate:"gte=1,lte=360"`
	Every   int         `json:"everyMonths,omitempty" validate:"gte=0,lte=360"`
	Working bool        `json:"workingDays,omitempty"`
}

func (p planRequest) plan(rate models.Bp) loan.Plan {
	return loan.Plan{Method: p.Method, Amount: p.Amount, Rate: rate, Months: p.Months, Every: p.Every, Working: p.Working}
}

type scheduleView struct {
	Plan        planView         `json:"plan"`
	Interest    models.Fen       `json:"interestFen"`
	Instalments []instalmentView `json:"instalments"`
}

type instalmentView struct {
	No        int        `json:"no"`
	Due       models.Day `json:"due"`
	Principal models.Fen `json:"principalFen"`
	Interest  models.Fen `json:"interestFen"`
	Owed      models.Fen `json:"owedFen"`
	PaidOn    models.Day `json:"paidOn,omitempty"`
	Late      int        `json:"daysLate,omitempty"`
}

func viewInstalments(all []loan.Instalment) []instalmentView {
	v := []instalmentView{}
	for _, i := range all {
		v = append(v, instalmentView{i.No, i.Due, i.Principal, i.Interest, i.Owed(), i.PaidOn, i.Late})
	}
	return v
}

func (h Handler) schedule(ctx context.Context, rq api.Request, in scheduleRequest) (scheduleView, error) {
	p, err := h.online(ctx, in.ID)
	if err != nil {
		return scheduleView{}, err
	}
	stars, err := h.Farm.Stars(ctx, in.Place, models.DayOf(rq.Now))
	if err != nil {
		return scheduleView{}, err
	}
	plan := in.plan(p.Terms.RateIn(stars))
	all, err := plan.Schedule(models.DayOf(rq.Now))
	if err != nil {
		return scheduleView{}, err
	}
	v := scheduleView{Plan: viewPlan(plan), Instalments: viewInstalments(all)}
	for _, i := range all {
		v.Interest += i.Interest
	}
	return v, nil
}

type askLoanRequest struct {
	Product string     `json:"productId" validate:"required,max=64"`
	Need    string     `json:"needId" validate:"required,max=64" description:"My own id of what I need the money for; several banks may be asked for it"`
	Amount  models.Fen `json:"amountFen" validate:"fen,gte=1"`
	Months  int        `json:"months" validate:"gte=1,lte=360"`
	Purpose string     `json:"purpose" validate:"required,max=200"`
	Consent string     `json:"consentId" validate:"required,max=64" description:"A consent of mine, share.loan, to this bank"`
	Text    string     `json:"text" validate:"required,len=64" description:"Hash of the text lending, which was read: the bank tells how the loan goes"`
}

type applicationView struct {
	ID       string        `json:"id"`
	Need     string        `json:"needId"`
	Product  string        `json:"productId"`
	Bank     string        `json:"bank"`
	Called   string        `json:"bankName"`
	State    loan.State    `json:"state"`
	Amount   models.Fen    `json:"amountFen"`
	Months   int           `json:"months"`
	Purpose  string        `json:"purpose"`
	At       time.Time     `json:"at"`
	Due      models.Day    `json:"answerDue,omitempty"`
	Late     bool          `json:"bankLate,omitempty"`
	Asked    string        `json:"asked,omitempty"`
	Offer    *offeredView  `json:"offer,omitempty"`
	Declined *declinedView `json:"declined,omitempty"`
	Loan     string        `json:"loanId,omitempty"`
	Consent  string        `json:"consentId"`
	Revision int64         `json:"revision"`
}

// Revised is what ETag shows.
func (v applicationView) Revised() int64 { return v.Revision }

type offeredView struct {
	Plan  planView   `json:"plan"`
	No    string     `json:"no"`
	Until models.Day `json:"until"`
	Total models.Fen `json:"interestFen" description:"All of it"`
	First models.Fen `json:"firstFen" description:"The first instalment"`
	Stars int        `json:"stars"`
}

type declinedView struct {
	Reasons []api.NamedCode `json:"reasons" description:"One to four"`
	Words   string          `json:"words,omitempty"`
	At      time.Time       `json:"at"`
}

func viewApplication(lang string) func(*loan.Application) applicationView {
	return func(a *loan.Application) applicationView {
		v := applicationView{
			ID: a.ID, Need: a.Need, Product: a.Product, Bank: a.Bank, Called: a.Called, State: a.State, Amount: a.Amount, Months: a.Months, Purpose: a.Purpose,
			At: a.CreatedAt, Due: a.Due, Late: a.Late, Asked: a.Asked, Loan: a.Loan, Consent: a.Consent, Revision: a.Revision,
		}
		if o := a.Offer; o != nil {
			v.Offer = &offeredView{viewPlan(o.Plan), o.No, o.Until, o.Total, o.First, o.Stars}
		}
		if d := a.Decline; d != nil {
			v.Declined = &declinedView{Words: d.Words, At: d.At, Reasons: []api.NamedCode{}}
			for _, c := range d.Codes {
				v.Declined.Reasons = append(v.Declined.Reasons, api.NamedCode{Code: c, Name: api.Say("loan.reason_"+c, lang, nil)})
			}
		}
		return v
	}
}

// wish is what the caller wants, with where it is asked: a farmer's village, a person's home, a firm's region.
func (h Handler) wish(ctx context.Context, rq api.Request, in askLoanRequest) (loan.Wish, error) {
	w := loan.Wish{Need: in.Need, Purpose: in.Purpose, Consent: in.Consent, Text: in.Text, Amount: in.Amount, Months: in.Months,
		Subject: models.PersonSubject, Borrower: usecase.Holder(rq.Actor)}
	if rq.Actor.Is(models.Business) {
		w.Subject, w.Place = models.Organisation, rq.Actor.Region
		return w, nil
	}
	p, err := api.Here(h.People.People.Get(ctx, rq.Actor.Person))
	if err != nil {
		return w, err
	}
	if !p.Adult(models.DayOf(rq.Now)) {
		return w, models.E(models.Forbidden, "loan.not_adult")
	}
	w.Place = p.Region
	f, head, err := h.Farm.Mine(ctx, rq.Actor)
	if err == nil && head && f.State != farmer.Left {
		w.Household, w.Place = f.ID, f.Village
	} else if err != nil && !errors.Is(err, models.NotFound) {
		return w, err
	}
	return w, nil
}

// agreed says whether the consent named lets the bank read for a loan. Errors: Conflict "loan.consent_not_given".
func (h Handler) agreed(ctx context.Context, rq api.Request, id, bank string) error {
	c, err := h.Consents.Get(ctx, id)
	if err != nil && !errors.Is(err, models.NotFound) {
		return err
	}
	sub, fault := h.People.Of(ctx, rq.Actor)
	if fault != nil {
		return fault
	}
	to := models.Actor{Role: models.Bank, Org: bank}
	if err != nil || c.State != consent.Given || c.Terms.Purpose != "share.loan" || !c.Receives(to) || !c.Subject.Is(sub) {
		return models.E(models.Conflict, "loan.consent_not_given")
	}
	return nil
}

func (h Handler) ask(ctx context.Context, rq api.Request, in askLoanRequest) (applicationView, error) {
	if in.Text != consent.Lending.Hash() {
		return applicationView{}, models.E(models.Conflict, "consent.text_outdated")
	}
	p, err := h.online(ctx, in.Product)
	if err != nil {
		return applicationView{}, api.PointAt(err, "/productId", "loan.product_unknown")
	}
	w, err := h.wish(ctx, rq, in)
	if err == nil {
		err = h.agreed(ctx, rq, in.Consent, p.Bank)
	}
	if err != nil {
		return applicationView{}, err
	}
	a, err := loan.Apply(rq.NewID(), p, w, rq.Actor, rq.Now)
	if err == nil {
		err = a.Submit(rq.Actor, rq.Now)
	}
	if err != nil {
		return applicationView{}, err
	}
	err = h.Applications.Insert(ctx, a)
	if errors.Is(err, models.Conflict) {
		if _, err = h.Applications.Get(ctx, a.ID); errors.Is(err, models.NotFound) {
			err = models.E(models.Conflict, "loan.asked_already")
		}
	}
	if err != nil {
		return applicationView{}, err
	}
	return h.application(ctx, rq, api.ByID{ID: a.ID})
}

func (h Handler) applications(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[applicationView], error) {
	return api.Found(ctx, h.Applications, store.ApplicationsOf(usecase.Holder(rq.Actor)), in, viewApplication(rq.Lang))
}

// own is an application of the caller's, or of whom the caller acts for. Errors: NotFound.
func (h Handler) own(ctx context.Context, rq api.Request, id string) (*loan.Application, error) {
	a, err := h.Applications.Get(ctx, id)
	if err == nil && a.Borrower != usecase.Holder(rq.Actor) {
		err = models.E(models.NotFound, "not_found")
	}
	return a, err
}

func (h Handler) application(ctx context.Context, rq api.Request, in api.ByID) (applicationView, error) {
	a, err := h.own(ctx, rq, in.ID)
	if err != nil {
		return applicationView{}, err
	}
	return viewApplication(rq.Lang)(a), nil
}

func (h Handler) compare(ctx context.Context, rq api.Request, in api.ByID) (api.List[applicationView], error) {
	v := api.List[applicationView]{Items: []applicationView{}}
	var offered []*loan.Application
	_, err := h.Applications.Each(ctx, store.ApplicationsFor(in.ID), func(a *loan.Application) error {
		if a.Borrower == usecase.Holder(rq.Actor) && a.State == loan.Offered {
			offered = append(offered, a)
		}
		return nil
	})
	for _, a := range loan.Cheapest(offered) {
		v.Items = append(v.Items, viewApplication(rq.Lang)(a))
	}
	return v, err
}

func (h Handler) change(ctx context.Context, rq api.Request, id string, do func(*loan.Application) error) (applicationView, error) {
	if _, err := h.own(ctx, rq, id); err != nil {
		return applicationView{}, err
	}
	a, err := h.Applications.Update(ctx, id, func(a *loan.Application) error {
		if err := rq.Fresh(a.Revision); err != nil {
			return err
		}
		return do(a)
	})
	if err != nil {
		return applicationView{}, err
	}
	return viewApplication(rq.Lang)(a), nil
}

type supplyRequest struct {
	api.ByID
	Words string `json:"words" validate:"required,max=1000"`
}

func (h Handler) supply(ctx context.Context, rq api.Request, in supplyRequest) (applicationView, error) {
	return h.change(ctx, rq, in.ID, func(a *loan.Application) error { return a.Supply(in.Words, rq.Actor, rq.Now) })
}

func (h Handler) accept(ctx context.Context, rq api.Request, in api.ByID) (applicationView, error) {
	return h.change(ctx, rq, in.ID, func(a *loan.Application) error { return a.Agree(rq.Actor, rq.Now) })
}

func (h Handler) quit(ctx context.Context, rq api.Request, in api.ByID) (applicationView, error) {
	return h.change(ctx, rq, in.ID, func(a *loan.Application) error { return a.Quit("", rq.Actor, rq.Now) })
}

type row struct {
	ID          string             `json:"id"`
	Bank        string             `json:"bank"`
	Called      string             `json:"bankName"`
	No          string             `json:"no"`
	State       loan.ContractState `json:"state"`
	PaidOut     models.Day         `json:"paidOutOn"`
	Plan        planView           `json:"plan"`
	Outstanding models.Fen         `json:"outstandingFen"`
	PastDue     int                `json:"daysPastDue"`
	Range       int                `json:"range" description:"Where the range of days past due begins; 0 none"`
	Next        models.Day         `json:"nextDue,omitempty"`
}

type view struct {
	row
	Instalments []instalmentView `json:"instalments"`
	Payments    []repaidView     `json:"payments"`
	Spells      []spellView      `json:"spells" description:"When it was in which range of days past due"`
	PayOff      *payOffView      `json:"payOffToday,omitempty"`
	WrittenOff  models.Fen       `json:"writtenOffFen,omitempty"`
	Credit      models.Fen       `json:"overpaidFen,omitempty"`
}

type repaidView struct {
	No        string     `json:"no"`
	On        models.Day `json:"on"`
	Amount    models.Fen `json:"amountFen"`
	Principal models.Fen `json:"principalFen"`
	Interest  models.Fen `json:"interestFen"`
	Rest      models.Fen `json:"restFen,omitempty"`
	Early     bool       `json:"early,omitempty"`
	Recovery  bool       `json:"recovery,omitempty"`
}

type spellView struct {
	From  models.Day `json:"from"`
	Range int        `json:"range"`
}

type payOffView struct {
	Principal models.Fen `json:"principalFen"`
	Interest  models.Fen `json:"interestFen"`
}

func viewRow(on models.Day) func(*loan.Loan) row {
	return func(l *loan.Loan) row {
		v := row{
			ID: l.ID, Bank: l.Bank, Called: l.Called, No: l.No, State: l.State, PaidOut: l.PaidOut, Plan: viewPlan(l.Plan), Outstanding: l.Outstanding(),
			PastDue: l.PastDue(on), Range: l.Range(l.PastDue(on)),
		}
		for _, i := range l.Instalments {
			if i.Owed() > 0 && l.State == loan.Active {
				v.Next = i.Due
				break
			}
		}
		return v
	}
}

func viewLoan(l *loan.Loan, on models.Day) view {
	v := view{row: viewRow(on)(l), Instalments: viewInstalments(l.Instalments), Payments: []repaidView{}, Spells: []spellView{},
		WrittenOff: l.GivenUp, Credit: l.Credit}
	for _, p := range l.Payments {
		v.Payments = append(v.Payments, repaidView(p))
	}
	for _, s := range l.Spells {
		v.Spells = append(v.Spells, spellView(s))
	}
	if l.State == loan.Active {
		p, i := l.PayOff(on)
		v.PayOff = &payOffView{p, i}
	}
	return v
}

func (h Handler) loans(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[row], error) {
	return api.Found(ctx, h.Loans, store.LoansOf(usecase.Holder(rq.Actor)), in, viewRow(models.DayOf(rq.Now)))
}

func (h Handler) loan(ctx context.Context, rq api.Request, in api.ByID) (view, error) {
	l, err := h.Loans.Get(ctx, in.ID)
	if err != nil || l.Borrower != usecase.Holder(rq.Actor) {
		return view{}, api.NotYours(err)
	}
	return viewLoan(l, models.DayOf(rq.Now)), nil
}

type fieldQuery struct {
	Field string `query:"field" validate:"required,oneof=agriculture technology manufacturing commerce culture tourism construction transport"`
	api.PageQuery
}

type listView struct {
	ID      string         `json:"id"`
	Field   string         `json:"field"`
	Title   string         `json:"title"`
	Unit    string         `json:"unit"`
	State   loan.ListState `json:"state"`
	Notice  string         `json:"noticeId,omitempty"`
	Until   models.Day     `json:"until,omitempty"`
	Entries []listedView   `json:"entries"`
}

type listedView struct {
	Code    models.USCC     `json:"code"`
	Called  string          `json:"called"`
	State   loan.EntryState `json:"state"`
	Found   []string        `json:"found,omitempty" description:"What stands against it: catalogue item and record"`
	Why     string          `json:"why,omitempty"`
	Removed models.Day      `json:"removedOn,omitempty"`
}

// viewList is a list; public shows alone who is on it.
func viewList(l *loan.List, public bool, lang string) listView {
	v := listView{ID: l.ID, Field: l.Field, Title: l.Name.In(lang), Unit: l.Unit, State: l.State, Notice: l.Notice, Until: l.Until,
		Entries: []listedView{}}
	for _, e := range l.Entries {
		if public && e.State != loan.Listed {
			continue
		}
		v.Entries = append(v.Entries, listedView{e.Code, e.Name, e.State, e.Found, e.Why, e.Removed})
	}
	return v
}

func (h Handler) lists(ctx context.Context, rq api.Request, in fieldQuery) (api.List[listView], error) {
	return api.Found(ctx, h.Lists, store.LoanListsPublished(in.Field), in.PageQuery,
		func(l *loan.List) listView { return viewList(l, true, rq.Lang) })
}

// Portions are what an export holds of loans.
func (h Handler) Portions() []api.Portion {
	return []api.Portion{api.Listing("loanApplications", true, h.applications), api.Listing("loans", true, h.loans)}
}
