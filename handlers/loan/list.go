package loan

import (
	"context"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/loan"
	"xinyi/models/notice"
	"xinyi/models/record"
	"xinyi/store"
)

// Lists serves white-lists for the units that answer for a field.
type Lists struct {
	Handler
	Records *store.Repo[record.Record]
	Notices *store.Repo[notice.Notice]
}

// Mount names the routes.
func (h Lists) Mount(r *api.Router) {
	tag := api.Tag("white-lists")
	api.Post(r, "/unit/loan-lists", h.start, mayLists, api.Creates, tag)
	api.Get(r, "/unit/loan-lists", h.mine, mayLists, tag)
	api.Get(r, "/unit/loan-lists/{id}", h.one, mayLists, tag)
	api.Post(r, "/unit/loan-lists/{id}/check", h.check, mayLists, tag)
	api.Post(r, "/unit/loan-lists/{id}/show", h.show, mayLists, api.Creates, tag)
	api.Post(r, "/unit/loan-lists/{id}/remove", h.remove, mayLists, tag)
}

type startListRequest struct {
	Field     string           `json:"field" validate:"required,oneof=agriculture technology manufacturing commerce culture tourism construction transport"`
	Title     models.Words     `json:"title"`
	Against   []string         `json:"against" validate:"max=20,dive,required,max=12" description:"Catalogue items of which nobody on it may have one in force"`
	Penalties int              `json:"penalties" validate:"gte=0,lte=100" description:"Penalties allowed in twelve months"`
	Months    int              `json:"months" validate:"gte=1,lte=60"`
	Entries   []candidateEntry `json:"entries" validate:"required,min=1,max=1000,dive"`
}

type candidateEntry struct {
	Code   string `json:"code" validate:"required,uscc"`
	Called string `json:"called" validate:"required,max=200"`
}

func (h Lists) start(ctx context.Context, rq api.Request, in startListRequest) (listView, error) {
	var entries []loan.Entry
	for _, e := range in.Entries {
		code, err := models.ParseUSCC(e.Code)
		if err != nil {
			return listView{}, models.Bad("/entries", "uscc", "loan.list_invalid")
		}
		entries = append(entries, loan.Entry{Code: code, Name: e.Called})
	}
	s := loan.ListStandard{Against: in.Against, Penalties: in.Penalties, Months: in.Months}
	l, err := loan.NewList(rq.NewID(), loan.ListDraft{Field: in.Field, Name: in.Title, Standard: s, Entries: entries}, rq.Actor, rq.Now)
	if err == nil {
		err = store.Existing(h.Lists.Insert(ctx, l))
	}
	if err != nil {
		return listView{}, err
	}
	return viewList(l, false, rq.Lang), nil
}

func (h Lists) mine(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[listView], error) {
	return api.Found(ctx, h.Lists, store.LoanListsOf(rq.Actor.Org), in, func(l *loan.List) listView { return viewList(l, false, rq.Lang) })
}

// own is one of the caller's lists. Errors: NotFound.
func (h Lists) own(ctx context.Context, rq api.Request, id string) (*loan.List, error) {
	l, err := h.Lists.Get(ctx, id)
	if err == nil && l.Unit != rq.Actor.Org {
		err = models.E(models.NotFound, "not_found")
	}
	return l, err
}

func (h Lists) one(ctx context.Context, rq api.Request, in api.ByID) (listView, error) {
	l, err := h.own(ctx, rq, in.ID)
	if err != nil {
		return listView{}, err
	}
	return viewList(l, false, rq.Lang), nil
}

// penalty is the catalogue item of administrative penalties.
const penalty = "XZCF"

// found is what stands against everybody on a list: the items it names, and more penalties in twelve months than it allows.
func (h Lists) found(ctx context.Context, l *loan.List, today models.Day) (map[models.USCC][]string, error) {
	all := map[models.USCC][]string{}
	for _, e := range l.Entries {
		var against, fines []string
		_, err := h.Records.Each(ctx, store.RecordsOf(string(e.Code)), func(r *record.Record) error {
			if !r.Used() || r.Subject.Kind != models.Organisation {
				return nil
			}
			for _, item := range l.Standard.Against {
				if r.Item == item {
					against = append(against, item+" "+r.Versioned())
				}
			}
			if r.Item == penalty && r.DecidedOn >= today.AddMonths(-12) {
				fines = append(fines, penalty+" "+r.Versioned())
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(fines) > l.Standard.Penalties {
			against = append(against, fines...)
		}
		if len(against) > 0 {
			all[e.Code] = against
		}
	}
	return all, nil
}

func (h Lists) check(ctx context.Context, rq api.Request, in api.ByID) (listView, error) {
	l, err := h.own(ctx, rq, in.ID)
	if err != nil {
		return listView{}, err
	}
	found, err := h.found(ctx, l, models.DayOf(rq.Now))
	if err != nil {
		return listView{}, err
	}
	l, err = h.Lists.Update(ctx, l.ID, func(l *loan.List) error { return l.Check(found, rq.Actor, rq.Now) })
	if err != nil {
		return listView{}, err
	}
	return viewList(l, false, rq.Lang), nil
}

// aboutLists is what notices of white-lists are about.
const aboutLists = "loan.list"

func (h Lists) show(ctx context.Context, rq api.Request, in api.ByID) (api.PublicNoticeView, error) {
	l, err := h.own(ctx, rq, in.ID)
	if err != nil {
		return api.PublicNoticeView{}, err
	}
	if l.State == loan.OnNotice {
		n, err := h.Notices.Get(ctx, l.Notice)
		if err != nil {
			return api.PublicNoticeView{}, err
		}
		return api.ViewPublicNotice(n), nil
	}
	id := models.Derived("list-notice", l.ID, l.UpdatedAt.String())
	var lines []notice.Line
	for _, e := range l.Entries {
		if e.State == loan.Fit {
			lines = append(lines, notice.Line{Ref: string(e.Code), Label: e.Name, Text: l.Name.ZH})
		}
	}
	if len(lines) == 0 {
		return api.PublicNoticeView{}, models.E(models.Conflict, "loan.nobody_fits")
	}
	n, err := notice.New(id, notice.Draft{About: aboutLists, Title: l.Name.ZH, Region: l.Region, Lines: lines}, h.Policy.Notice, rq.Actor,
		rq.Now)
	if err == nil {
		err = store.Existing(h.Notices.Insert(ctx, n))
	}
	if err == nil {
		_, err = h.Lists.Update(ctx, l.ID, func(l *loan.List) error { return l.Show(id, rq.Actor, rq.Now) })
	}
	if err != nil {
		return api.PublicNoticeView{}, err
	}
	return api.ViewPublicNotice(n), nil
}

type removeRequest struct {
	api.ByID
	Code   string `json:"code" validate:"required,uscc"`
	Reason string `json:"reason" validate:"required,max=500"`
}

func (h Lists) remove(ctx context.Context, rq api.Request, in removeRequest) (listView, error) {
	if _, err := h.own(ctx, rq, in.ID); err != nil {
		return listView{}, err
	}
	l, err := h.Lists.Update(ctx, in.ID, func(l *loan.List) error { return l.Remove(models.USCC(in.Code), in.Reason, rq.Actor, rq.Now) })
	if err != nil {
		return listView{}, err
	}
	return viewList(l, false, rq.Lang), nil
}
