// Package record serves credit records, to one's own file and to what is public (信用记录).
package record

import (
	"context"
	"errors"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/casework"
	"xinyi/models/identity"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler serves credit files: a subject's own in file.go, organisations in organisation.go, source units and offices here.
type Handler struct {
	Records  *store.Repo[record.Record]
	Uses     *store.Repo[recall.Use]
	Cases    *store.Repo[casework.Case]
	Agents   *store.Repo[identity.Representative]
	Subjects usecase.Subjects
	Forms    *file.Forms
	Log      *api.AccessLog
	Policy   record.Policy
	Asks     identity.Policy     // for how long an invitation waits
	Forget   func(person string) // makes a person's next request be read afresh
}

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	h.mountFile(r)
	h.mountOrganisation(r)
	api.Get(r, "/records", h.staffList, file.MayRecordsRead, api.Reveals)
	api.Get(r, "/records/public", h.public, api.Open(), api.Limit(time.Minute, 60))
	api.Get(r, "/records/{id}", h.staffGet, file.MayRecordsRead, api.Reveals)
	api.Post(r, "/records", h.keep, mayWrite, api.Creates)
	api.Post(r, "/records/{id}/correct", h.correct, mayWrite)
	api.Post(r, "/records/{id}/withdraw", h.withdraw, mayWrite)
	api.Post(r, "/records/reschedule", h.reschedule, mayReschedule)
}

type staffRecordsRequest struct {
	Unit string `query:"unit" validate:"omitempty,max=64" description:"A source unit's own when absent"`
	Item string `query:"item" validate:"required,max=32"`
	api.PageQuery
}

func (h Handler) staffList(ctx context.Context, rq api.Request, in staffRecordsRequest) (api.List[file.RecordRow], error) {
	list := api.List[file.RecordRow]{Items: []file.RecordRow{}}
	if rq.Actor.Is(models.Department, models.DataOfficer) {
		if in.Unit == "" {
			in.Unit = rq.Actor.Org
		}
		if in.Unit != rq.Actor.Org {
			return list, models.E(models.Forbidden, "record.other_unit")
		}
	}
	if in.Unit == "" {
		return list, models.Bad("#query/unit", "required", "request.invalid")
	}
	page, err := h.Records.Find(ctx, store.RecordsOfUnit(in.Unit, in.Item).Page(in.Limit, in.Cursor))
	if err != nil {
		return list, err
	}
	var seen []*record.Record
	for _, r := range page.Items {
		if file.ScopesRecord(rq.Actor, r) {
			seen = append(seen, r)
		}
	}
	if err := h.Log.Note(ctx, rq, file.PersonalRecords(rq, seen...)...); err != nil {
		return list, err
	}
	s := file.Shower{Forms: h.Forms, Lang: rq.Lang, Own: false}
	for _, r := range seen {
		row, err := s.Row(ctx, r)
		if err != nil {
			return list, err
		}
		list.Items = append(list.Items, row)
	}
	list.NextCursor = page.Next
	return list, nil
}

func (h Handler) staffGet(ctx context.Context, rq api.Request, in api.ByID) (file.RecordView, error) {
	r, err := h.Records.Get(ctx, in.ID)
	if err != nil || !file.ScopesRecord(rq.Actor, r) {
		return file.RecordView{}, api.NotYours(err)
	}
	if err := h.Log.Note(ctx, rq, file.PersonalRecords(rq, r)...); err != nil {
		return file.RecordView{}, err
	}
	return file.Shower{Forms: h.Forms, Lang: rq.Lang, Own: false}.Whole(ctx, r)
}

type publicRequest struct {
	Code models.USCC `query:"code" validate:"required,uscc"`
	api.PageQuery
}

// publicView is a published record.
type publicView struct {
	file.RecordRow
	Name   string           `json:"name" description:"Of the organisation"`
	Values []file.ValueView `json:"values"`
}

func (h Handler) public(ctx context.Context, rq api.Request, in publicRequest) (api.List[publicView], error) {
	s := file.Shower{Forms: h.Forms, Lang: rq.Lang, Own: false}
	return api.Sifted(ctx, h.Records, store.RecordsOf(string(in.Code)), in.PageQuery, func(r *record.Record) (publicView, bool, error) {
		if !r.Published() {
			return publicView{}, false, nil
		}
		v, err := s.Whole(ctx, r)
		return publicView{v.RecordRow, v.Name, h.open(ctx, r, v.Values)}, true, err
	})
}

// open leaves out what is about persons.
func (h Handler) open(_ context.Context, r *record.Record, values []file.ValueView) []file.ValueView {
	shown := []file.ValueView{}
	for _, v := range values {
		if _, private := r.Current.Private[v.Key]; !private {
			shown = append(shown, v)
		}
	}
	return shown
}

// cellsRequest is a row as a file would carry it.
type cellsRequest struct {
	Item  string            `json:"item" validate:"required,max=32"`
	Cells map[string]string `json:"cells" validate:"required,max=200"`
}

// keptView is the answer to who reported a record: what it needs to find it again, and nothing of a person.
type keptView struct {
	ID      string         `json:"id"`
	State   record.State   `json:"state"`
	Version int            `json:"version"`
	Notes   []models.Field `json:"warnings,omitempty"`
}

func viewKept(r *record.Record) keptView {
	return keptView{ID: r.ID, State: r.State, Version: r.Current.No}
}

// draft reads cells under the version of an item in force, which must name the caller's unit.
func (h Handler) draft(ctx context.Context, rq api.Request, in cellsRequest) (record.Draft, error) {
	it, err := h.Forms.InForce(ctx, in.Item, models.DayOf(rq.Now))
	if err != nil {
		return record.Draft{}, api.PointAt(err, "/item", "record.item_unknown")
	}
	return h.Forms.Drafted(ctx, h.Subjects, rq.Actor, it, in.Cells)
}

func (h Handler) keep(ctx context.Context, rq api.Request, in cellsRequest) (keptView, error) {
	d, err := h.draft(ctx, rq, in)
	if err != nil {
		return keptView{}, err
	}
	r, err := record.New(d, h.Policy, rq.Actor, rq.Now)
	if err != nil {
		return keptView{}, err
	}
	if err := h.Records.Insert(ctx, r); errors.Is(err, models.Conflict) {
		was, err := h.Records.Get(ctx, r.ID)
		if err == nil && !was.Same(d) {
			err = models.E(models.Conflict, "record.key_taken")
		}
		if err != nil {
			return keptView{}, err
		}
		return viewKept(was), nil
	} else if err != nil {
		return keptView{}, err
	}
	return viewKept(r), nil
}

type correctRequest struct {
	api.ByID
	Cells  map[string]string `json:"cells" validate:"required,max=200" description:"The whole row as it should have been"`
	Reason string            `json:"reason" validate:"required,max=500"`
}

func (h Handler) correct(ctx context.Context, rq api.Request, in correctRequest) (keptView, error) {
	was, err := h.own(ctx, rq, in.ID)
	if err != nil {
		return keptView{}, err
	}
	it, _, err := h.Forms.Of(ctx, was.Item, was.ItemVersion)
	if err != nil {
		return keptView{}, err
	}
	d, err := h.Forms.Drafted(ctx, h.Subjects, rq.Actor, it, in.Cells)
	if err != nil {
		return keptView{}, err
	}
	if record.ID(d.Unit, d.Item, d.Key) != was.ID || !d.Subject.Is(was.Subject) {
		return keptView{}, models.E(models.Invalid, "record.other_subject")
	}
	return h.change(ctx, rq, in.ID, func(r *record.Record) error {
		return r.Correct(record.Change{Attributes: d.Attributes, Private: d.Private, Why: in.Reason}, rq.Actor, rq.Now)
	})
}

// own is a record of the caller's unit; any other is not there.
func (h Handler) own(ctx context.Context, rq api.Request, id string) (*record.Record, error) {
	r, err := h.Records.Get(ctx, id)
	if err != nil || r.Unit != rq.Actor.Org {
		return nil, api.NotYours(err)
	}
	return r, nil
}

func (h Handler) change(ctx context.Context, rq api.Request, id string, change func(*record.Record) error) (keptView, error) {
	r, err := h.Records.Update(ctx, id, func(r *record.Record) error {
		if r.Unit != rq.Actor.Org {
			return api.NotYours(nil)
		}
		if err := rq.Fresh(r.Revision); err != nil {
			return err
		}
		return change(r)
	})
	if err != nil {
		return keptView{}, err
	}
	return viewKept(r), nil
}

func (h Handler) withdraw(ctx context.Context, rq api.Request, in api.ReasonRequest) (keptView, error) {
	return h.change(ctx, rq, in.ID, func(r *record.Record) error { return r.Withdraw(rq.Actor, in.Reason, rq.Now) })
}

type rescheduleRequest struct {
	Item   string `json:"item" validate:"required,max=32"`
	Cursor string `json:"cursor,omitempty" validate:"omitempty,max=1024"`
}

// rescheduledView is how far it has come.
type rescheduledView struct {
	Seen    int    `json:"seen"`
	Changed int    `json:"changed"`
	Cursor  string `json:"cursor" description:"To be sent again; empty: all are done"`
}

func (h Handler) reschedule(ctx context.Context, rq api.Request, in rescheduleRequest) (rescheduledView, error) {
	v := rescheduledView{}
	q := store.RecordsIn(rq.Actor.Region, in.Item, record.Active, record.Objected, record.Corrected).Page(store.MaxPage, in.Cursor)
	page, err := h.Records.Find(ctx, q)
	if err != nil {
		return v, err
	}
	for _, r := range page.Items {
		v.Seen++
		_, err := h.Records.Update(ctx, r.ID, func(r *record.Record) error {
			changed, err := r.Reschedule(h.Policy, rq.Now)
			if err == nil && !changed {
				return store.Unchanged()
			}
			if changed {
				v.Changed++
			}
			return err
		})
		if err != nil && !errors.Is(err, models.NotFound) {
			return v, err
		}
	}
	v.Cursor = page.Next
	return v, nil
}
