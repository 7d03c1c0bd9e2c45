package handlers

import (
	"context"
	"errors"
	"time"

	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/casework"
	"xinyi/models/catalogue"
	"xinyi/models/identity"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/store"
)

// Record is the door to credit files: a subject's own in file.go, organisations in organisation.go, source units and offices here.
type Record struct {
	Records  *store.Repo[record.Record]
	Uses     *store.Repo[recall.Use]
	Cases    *store.Repo[casework.Case]
	Agents   *store.Repo[identity.Representative]
	Subjects store.Subjects
	Forms    *Forms
	Looks    *Looks
	Policy   record.Policy
	Forget   func(person string) // makes a person's next request be read afresh
}

// Mount names the routes.
func (h Record) Mount(r *Router) {
	h.mountFile(r)
	h.mountOrganisation(r)
	Get(r, "/records", h.staffList, Does("The records of a unit and an item, the last decided first", "A source unit sees its own, a credit office those of its region. Every look is logged and shown to the person"), May("records.read"), Reveals)
	Get(r, "/records/public", h.public, Does("What is published about an organisation", "Never about a natural person"), Open(), Limit(time.Minute, 60))
	Get(r, "/records/{id}", h.staffGet, Does("One record; the look is logged and shown to the person"), May("records.read"), Reveals)
	Post(r, "/records", h.keep, Does("Report one record by hand", "Cells by column key of the item, as in a row of a batch"), May("records.write"), Creates)
	Post(r, "/records/{id}/correct", h.correct, Does("Correct a record of one's own unit; everybody who used it is told"), May("records.write"))
	Post(r, "/records/{id}/withdraw", h.withdraw, Does("Take back a record of one's own unit"), May("records.write"))
	Post(r, "/records/reschedule", h.reschedule, Does("Work out anew for how long the records of an item are shown", "A page at a time: send the cursor of the answer until it is empty. May be repeated"), May("records.reschedule"))
}

// scopes says whether the caller may see a record as an office: its own unit's, or its region's.
func scopesRecord(a models.Actor, r *record.Record) bool {
	if a.Is(models.Department, models.DataOfficer) {
		return a.Org == r.Unit
	}
	return a.Region.Contains(r.Region)
}

// recordLook is what a look at a record shows.
func recordLook(rq Request, r *record.Record) access.Look {
	purpose := "credit.supervision"
	if rq.Actor.Is(models.Department, models.DataOfficer) {
		purpose = "credit.ingest"
	}
	look := access.Look{Subject: r.Subject, Fields: []string{"records." + r.Item}, About: r.ID, Purpose: rq.purposeOr(purpose), Case: rq.Case}
	if look.Case == "" && rq.Actor.Is(models.Department, models.DataOfficer) {
		look.Case = r.ID // a unit works on its own record
	}
	return look
}

// personalRecords are the looks at records about natural persons and households.
func personalRecords(rq Request, rs ...*record.Record) []access.Look {
	var looks []access.Look
	for _, r := range rs {
		if r.Subject.Kind != models.Organisation {
			looks = append(looks, recordLook(rq, r))
		}
	}
	return looks
}

type staffRecordsRequest struct {
	Unit string `query:"unit" validate:"omitempty,max=64" description:"A source unit's own when absent"`
	Item string `query:"item" validate:"required,max=32"`
	PageQuery
}

func (h Record) staffList(ctx context.Context, rq Request, in staffRecordsRequest) (List[recordRow], error) {
	list := List[recordRow]{Items: []recordRow{}}
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
		if scopesRecord(rq.Actor, r) {
			seen = append(seen, r)
		}
	}
	if err := h.Looks.Look(ctx, rq, personalRecords(rq, seen...)...); err != nil {
		return list, err
	}
	s := shower{h.Forms, rq.Lang, false}
	for _, r := range seen {
		row, err := s.row(ctx, r)
		if err != nil {
			return list, err
		}
		list.Items = append(list.Items, row)
	}
	list.NextCursor = page.Next
	return list, nil
}

// Revised lets clients ask whether it changed.
func (v recordView) Revised() int64 { return v.Revision }

func (h Record) staffGet(ctx context.Context, rq Request, in byID) (recordView, error) {
	r, err := h.Records.Get(ctx, in.ID)
	if err != nil || !scopesRecord(rq.Actor, r) {
		return recordView{}, notYours(err)
	}
	if err := h.Looks.Look(ctx, rq, personalRecords(rq, r)...); err != nil {
		return recordView{}, err
	}
	return shower{h.Forms, rq.Lang, false}.whole(ctx, r)
}

type publicRequest struct {
	Code models.USCC `query:"code" validate:"required,uscc"`
	PageQuery
}

// publicView is a published record.
type publicView struct {
	recordRow
	Name   string      `json:"name" description:"Of the organisation"`
	Values []valueView `json:"values"`
}

func (h Record) public(ctx context.Context, rq Request, in publicRequest) (List[publicView], error) {
	list := List[publicView]{Items: []publicView{}}
	page, err := h.Records.Find(ctx, store.RecordsOf(string(in.Code)).Page(in.Limit, in.Cursor))
	if err != nil {
		return list, err
	}
	s := shower{h.Forms, rq.Lang, false}
	for _, r := range page.Items {
		if !r.Published() {
			continue
		}
		v, err := s.whole(ctx, r)
		if err != nil {
			return list, err
		}
		list.Items = append(list.Items, publicView{v.recordRow, v.Name, h.open(ctx, r, v.Values)})
	}
	list.NextCursor = page.Next
	return list, nil
}

// open leaves out what is about persons.
func (h Record) open(_ context.Context, r *record.Record, values []valueView) []valueView {
	shown := []valueView{}
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
func (h Record) draft(ctx context.Context, rq Request, in cellsRequest) (record.Draft, error) {
	it, err := h.Forms.InForce(ctx, in.Item, models.DayOf(rq.Now))
	if err != nil {
		return record.Draft{}, pointAt(err, "/item", "record.item_unknown")
	}
	return drafted(ctx, h.Forms, h.Subjects, rq.Actor, it, in.Cells)
}

func drafted(ctx context.Context, forms *Forms, subjects store.Subjects, by models.Actor, it *catalogue.Item, cells map[string]string) (record.Draft, error) {
	if !delivers(it, by.Org) {
		return record.Draft{}, models.E(models.Forbidden, "record.item_of_others")
	}
	_, f, err := forms.Of(ctx, it.Code, it.Version)
	if err != nil {
		return record.Draft{}, err
	}
	row, faults := f.Read(cells)
	if len(faults) > 0 {
		for i := range faults {
			faults[i].Pointer = "/cells" + faults[i].Pointer
		}
		return record.Draft{}, &models.Error{Code: models.Invalid, Reason: "record.cells_invalid", Fields: faults}
	}
	d := subjects.Drafted(it, row, by.Org, by.Region)
	if row.Kind == models.PersonSubject {
		d.Subject, err = subjects.OfNumber(ctx, row.IDNumber)
	}
	return d, err
}

// delivers says whether a unit delivers an item.
func delivers(it *catalogue.Item, unit string) bool {
	for _, u := range it.Units {
		if u == unit {
			return true
		}
	}
	return false
}

func (h Record) keep(ctx context.Context, rq Request, in cellsRequest) (keptView, error) {
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
	byID
	Cells  map[string]string `json:"cells" validate:"required,max=200" description:"The whole row as it should have been"`
	Reason string            `json:"reason" validate:"required,max=500"`
}

func (h Record) correct(ctx context.Context, rq Request, in correctRequest) (keptView, error) {
	was, err := h.own(ctx, rq, in.ID)
	if err != nil {
		return keptView{}, err
	}
	it, _, err := h.Forms.Of(ctx, was.Item, was.ItemVersion)
	if err != nil {
		return keptView{}, err
	}
	d, err := drafted(ctx, h.Forms, h.Subjects, rq.Actor, it, in.Cells)
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
func (h Record) own(ctx context.Context, rq Request, id string) (*record.Record, error) {
	r, err := h.Records.Get(ctx, id)
	if err != nil || r.Unit != rq.Actor.Org {
		return nil, notYours(err)
	}
	return r, nil
}

func (h Record) change(ctx context.Context, rq Request, id string, change func(*record.Record) error) (keptView, error) {
	r, err := h.Records.Update(ctx, id, func(r *record.Record) error {
		if r.Unit != rq.Actor.Org {
			return notYours(nil)
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

func (h Record) withdraw(ctx context.Context, rq Request, in reasonRequest) (keptView, error) {
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

func (h Record) reschedule(ctx context.Context, rq Request, in rescheduleRequest) (rescheduledView, error) {
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
