// Package uscc serves the care for unified social credit codes (统一社会信用代码).
package uscc

import (
	"context"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/uscc"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler checks unified social credit codes, looks for wrong and doubled ones, and shows the tickets that bring them in order.
type Handler struct{ usecase.Catalogue }

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	api.Get(r, "/uscc/check", h.check, api.Open(), api.Limit(time.Minute, 30))
	api.Post(r, "/uscc/scans", h.scan, mayScan, api.Creates, api.Quota(api.Ballots))
	api.Get(r, "/uscc/scans", h.scans, mayRead)
	api.Get(r, "/uscc/scans/{id}", h.progress, mayRead)
	api.Get(r, "/uscc/tickets", h.tickets, mayRead)
	api.Get(r, "/uscc/tickets/{id}", h.ticket, mayRead)
	api.Post(r, "/uscc/tickets/{id}/assign", h.assign, mayAssign)
	api.Post(r, "/uscc/tickets/{id}/correct", h.correct, mayCorrect)
	api.Post(r, "/uscc/tickets/{id}/verify", h.verify, mayCorrect)
	api.Get(r, "/uscc/metrics", h.metrics, mayRead)
}

type checkCodeRequest struct {
	Code string `query:"code" validate:"required,max=64"`
}

type checkCodeView struct {
	Code      string             `json:"code" description:"In normal form: half-width capitals"`
	Valid     bool               `json:"valid"`
	Faults    []api.ProblemField `json:"faults" description:"A warning alone leaves it valid"`
	Suggest   string             `json:"suggest,omitempty" description:"What it may have been meant as, O as 0 and I as 1; for a human to decide"`
	Region    models.Region      `json:"region,omitempty" description:"County of registration, perhaps long since renamed"`
	Authority string             `json:"authority,omitempty" description:"Who gives out such codes"`
}

func (h Handler) check(_ context.Context, rq api.Request, in checkCodeRequest) (checkCodeView, error) {
	v := checkCodeView{Code: models.NormalUSCC(in.Code), Faults: []api.ProblemField{}}
	for _, fault := range models.USCCFaults(v.Code) {
		v.Faults = append(v.Faults, api.ProblemField{Pointer: "#query/code", Code: fault, Message: api.Say("field."+fault, rq.Lang, nil)})
	}
	if _, wrong := uscc.ClassOf(v.Code); wrong {
		v.Suggest = uscc.Suggest(v.Code)
		return v, nil
	}
	v.Valid, v.Region = true, models.USCC(v.Code).Region()
	v.Authority = api.Say("uscc.authority_"+string(uscc.AuthorityOf(v.Code)), rq.Lang, nil)
	return v, nil
}

func (h Handler) scan(ctx context.Context, rq api.Request, _ api.NoRequest) (scanView, error) {
	running, err := h.Scans.Count(ctx, store.ScansIn(rq.Actor.Region, uscc.Running))
	if err != nil {
		return scanView{}, err
	}
	if running > 0 {
		return scanView{}, models.E(models.Conflict, "uscc.scan_running")
	}
	total, err := h.Orgs.Count(ctx, store.OrgsIn(rq.Actor.Region))
	if err != nil {
		return scanView{}, err
	}
	s, err := uscc.NewScan(rq.NewID(), total, rq.Actor, rq.Now)
	if err == nil {
		err = h.Scans.Insert(ctx, s)
	}
	if err != nil {
		return scanView{}, err
	}
	return viewScan(rq.Lang)(s), nil
}

func (h Handler) scans(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[scanView], error) {
	return api.Found(ctx, h.Scans, store.ScansIn(rq.Actor.Region, uscc.Running, uscc.Done, uscc.Cancelled), in, viewScan(rq.Lang))
}

func (h Handler) progress(ctx context.Context, rq api.Request, in api.ByID) (scanView, error) {
	s, err := api.Ours(ctx, rq, h.Scans, in.ID, func(s *uscc.Scan) models.Region { return s.By.Region })
	if err != nil {
		return scanView{}, err
	}
	return viewScan(rq.Lang)(s), nil
}

type ticketsRequest struct {
	State string `query:"state" validate:"omitempty,oneof=OPEN ASSIGNED CORRECTED VERIFIED CLOSED"`
	Unit  string `query:"unit" validate:"omitempty,max=64"`
	api.PageQuery
}

func (h Handler) tickets(ctx context.Context, rq api.Request, in ticketsRequest) (api.List[ticketView], error) {
	states := uscc.States
	if in.State != "" {
		states = []uscc.State{uscc.State(in.State)}
	}
	q := store.TicketsIn(rq.Actor.Region, states...)
	switch {
	case rq.Actor.Is(models.DataOfficer):
		q = store.TicketsOf(rq.Actor.Org, "", states...) // its work, wherever the organisation is
	case in.Unit != "":
		q = store.TicketsOf(in.Unit, rq.Actor.Region, states...)
	}
	return api.Found(ctx, h.Tickets, q, in.PageQuery, viewTicketIn(rq.Lang))
}

// myTicket says whether the caller works on a ticket; another's is not there. Errors: NotFound.
func myTicket(rq api.Request, t *uscc.Ticket) error {
	switch {
	case !rq.Actor.Is(models.DataOfficer):
		return api.Scoped(rq, t.Region)
	case rq.Actor.Org == "" || rq.Actor.Org != t.Desk:
		return api.NotYours(nil)
	}
	return nil
}

func (h Handler) ticket(ctx context.Context, rq api.Request, in api.ByID) (ticketView, error) {
	t, err := h.Tickets.Get(ctx, in.ID)
	if err == nil {
		err = myTicket(rq, t)
	}
	if err != nil {
		return ticketView{}, err
	}
	return viewTicketIn(rq.Lang)(t), nil
}

func (h Handler) change(ctx context.Context, rq api.Request, id string, change func(*uscc.Ticket) error) (ticketView, error) {
	t, err := h.Tickets.Update(ctx, id, func(t *uscc.Ticket) error {
		if err := myTicket(rq, t); err != nil {
			return err
		}
		if err := rq.Fresh(t.Revision); err != nil {
			return err
		}
		return change(t)
	})
	if err != nil {
		return ticketView{}, err
	}
	return viewTicketIn(rq.Lang)(t), nil
}

type assignRequest struct {
	api.ByID
	Unit string `json:"unit" validate:"required,max=64" description:"Code of the unit that is to work on it"`
}

func (h Handler) assign(ctx context.Context, rq api.Request, in assignRequest) (ticketView, error) {
	if _, err := h.Units.Get(ctx, in.Unit); models.CodeOf(err) == models.NotFound {
		return ticketView{}, models.Bad("/unit", "unknown", "uscc.no_desk")
	} else if err != nil {
		return ticketView{}, err
	}
	return h.change(ctx, rq, in.ID, func(t *uscc.Ticket) error { return t.Assign(in.Unit, rq.Actor, rq.Now) })
}

type correctCodeRequest struct {
	api.ByID
	Code string `json:"code" validate:"required,max=64" description:"The right code"`
	Name string `json:"name" validate:"required,max=200" description:"And its right name"`
	Note string `json:"note,omitempty" validate:"max=500"`
}

func (h Handler) correct(ctx context.Context, rq api.Request, in correctCodeRequest) (ticketView, error) {
	return h.change(ctx, rq, in.ID, func(t *uscc.Ticket) error {
		return t.Correct(uscc.Correction{Code: in.Code, Name: in.Name, Note: in.Note}, rq.Actor, rq.Now)
	})
}

func (h Handler) verify(ctx context.Context, rq api.Request, in api.ByID) (ticketView, error) {
	t, err := h.Tickets.Get(ctx, in.ID)
	if err == nil {
		err = myTicket(rq, t)
	}
	if err == nil {
		err = rq.Fresh(t.Revision)
	}
	if err == nil {
		err = h.Verify(ctx, in.ID)
	}
	if err != nil {
		return ticketView{}, err
	}
	return h.ticket(ctx, rq, in)
}

func (h Handler) metrics(ctx context.Context, rq api.Request, _ api.NoRequest) (metricsView, error) {
	by, err := h.Tickets.CountBy(ctx, "state", store.TicketsIn(rq.Actor.Region, uscc.States...))
	if err != nil {
		return metricsView{}, err
	}
	orgs, err := h.Orgs.Count(ctx, store.OrgsIn(rq.Actor.Region))
	if err != nil {
		return metricsView{}, err
	}
	return viewMetrics(by, orgs), nil
}
