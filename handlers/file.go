package handlers

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/models/casework"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/store"
)

// mountFile names the routes of a subject's own file: everything that is kept, what others may see of it now, and what can be
// done about it.
func (h Record) mountFile(r *Router) {
	Get(r, "/me/file", h.summary, Does("My credit file at a glance", "Of the person, or of the organisation acted for (X-Acting-As)"), May("file.read"), Tag("file"))
	Get(r, "/me/file/records", h.list, Does("The records of my file, the last decided first"), May("file.read"), Tag("file"))
	Get(r, "/me/file/records/{id}", h.get, Does("One record of my file, with every version, who used it and what is asked about it",
		"knownAt answers the version we knew then, validOn the one that by today's knowledge held that day"), May("file.read"), Tag("file"))
}

// mostCounted bounds what a summary reads; a subject with more records sees it said.
const mostCounted = 2000

// fileView is a file at a glance.
type fileView struct {
	Subject  subjectView    `json:"subject"`
	Total    int            `json:"total"`
	More     bool           `json:"more,omitempty" description:"There are more records than were counted"`
	Natures  map[string]int `json:"natures" description:"Records that count, by nature"`
	States   map[string]int `json:"states"`
	Objected int            `json:"objected" description:"Records that carry the mark of an objection"`
	Next     []nextView     `json:"next" description:"Days to come on which something changes by itself, the nearest first, at most ten"`
}

// subjectView says whose file it is.
type subjectView struct {
	Kind models.SubjectKind `json:"kind"`
	Code string             `json:"code,omitempty" description:"Of an organisation"`
}

func viewSubject(s models.Subject) subjectView {
	v := subjectView{Kind: s.Kind}
	if s.Kind == models.Organisation {
		v.Code = s.Ref
	}
	return v
}

type nextView struct {
	On     models.Day `json:"on"`
	What   string     `json:"what" enum:"REPAIR_FROM,ENDS"`
	Record string     `json:"recordId"`
}

// file answers whose file the caller may read. Errors: Conflict "record.minor_has_no_file", "identity.not_bound".
func ownSubject(ctx context.Context, subjects store.Subjects, rq Request) (models.Subject, error) {
	if rq.Actor.Is(models.Resident) {
		p, err := here(subjects.People.Get(ctx, rq.Actor.Person))
		if err != nil {
			return models.Subject{}, err
		}
		if p.Minor(models.DayOf(rq.Now)) {
			return models.Subject{}, models.E(models.Conflict, "record.minor_has_no_file")
		}
		return subjects.OfPerson(p)
	}
	return subjects.Of(ctx, rq.Actor)
}

func (h Record) summary(ctx context.Context, rq Request, _ struct{}) (fileView, error) {
	sub, err := ownSubject(ctx, h.Subjects, rq)
	if err != nil {
		return fileView{}, err
	}
	v := fileView{Subject: viewSubject(sub), Natures: map[string]int{}, States: map[string]int{}, Next: []nextView{}}
	today := models.DayOf(rq.Now)
	for q := store.RecordsOf(sub.Ref).Page(store.MaxPage, ""); ; {
		page, err := h.Records.Find(ctx, q)
		if err != nil {
			return v, err
		}
		for _, r := range page.Items {
			v.count(r, today)
		}
		if q.After = page.Next; page.Next == "" || v.Total >= mostCounted {
			v.More = page.Next != ""
			break
		}
	}
	v.nearest()
	return v, nil
}

// count adds a record to the summary.
func (v *fileView) count(r *record.Record, today models.Day) {
	v.Total++
	v.States[string(r.State)]++
	if !r.Used() {
		return
	}
	v.Natures[string(r.Nature)]++
	if r.State == record.Objected {
		v.Objected++
	}
	if p := r.Publication; p.Severity != "" {
		if p.Eligible > today {
			v.Next = append(v.Next, nextView{p.Eligible, "REPAIR_FROM", r.ID})
		}
		if p.Ends > today {
			v.Next = append(v.Next, nextView{p.Ends, "ENDS", r.ID})
		}
	}
}

type recordsRequest struct {
	Item string `query:"item" validate:"omitempty,max=32"`
	PageQuery
}

func (h Record) list(ctx context.Context, rq Request, in recordsRequest) (List[recordRow], error) {
	sub, err := ownSubject(ctx, h.Subjects, rq)
	if err != nil {
		return List[recordRow]{}, err
	}
	page, err := h.Records.Find(ctx, store.RecordsOf(sub.Ref).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[recordRow]{}, err
	}
	s := shower{h.Forms, rq.Lang, true}
	list := List[recordRow]{Items: []recordRow{}, NextCursor: page.Next}
	for _, r := range page.Items {
		if in.Item != "" && r.Item != in.Item {
			continue
		}
		row, err := s.row(ctx, r)
		if err != nil {
			return list, err
		}
		list.Items = append(list.Items, row)
	}
	return list, nil
}

// whole is a page of the file with every version of its records, as an export has it.
func (h Record) whole(ctx context.Context, rq Request, in PageQuery) (List[recordView], error) {
	list := List[recordView]{Items: []recordView{}}
	sub, err := ownSubject(ctx, h.Subjects, rq)
	if err != nil {
		return list, err
	}
	page, err := h.Records.Find(ctx, store.RecordsOf(sub.Ref).Page(in.Limit, in.Cursor))
	if err != nil {
		return list, err
	}
	s := shower{h.Forms, rq.Lang, true}
	for _, r := range page.Items {
		v, err := s.whole(ctx, r)
		if err != nil {
			return list, err
		}
		list.Items = append(list.Items, v)
	}
	list.NextCursor = page.Next
	return list, nil
}

type myRecordRequest struct {
	byID
	KnownAt *time.Time `query:"knownAt"`
	ValidOn models.Day `query:"validOn" validate:"omitempty,day"`
}

// myRecordView is a record as its subject sees it.
type myRecordView struct {
	recordView
	Uses  []useRow  `json:"uses" description:"Who was given it, the newest first"`
	Cases []caseRow `json:"cases" description:"What was asked about it, the newest first"`
}

type useRow struct {
	Kind      recall.Kind  `json:"kind"`
	Recipient string       `json:"recipient,omitempty"`
	Version   int          `json:"version"`
	At        time.Time    `json:"at"`
	State     recall.State `json:"state"`
}

type caseRow struct {
	ID    string         `json:"id"`
	No    string         `json:"no"`
	Kind  casework.Kind  `json:"kind"`
	State casework.State `json:"state"`
	At    time.Time      `json:"at"`
}

// Revised lets clients ask whether it changed.
func (v myRecordView) Revised() int64 { return v.Revision }

func (h Record) get(ctx context.Context, rq Request, in myRecordRequest) (myRecordView, error) {
	sub, err := ownSubject(ctx, h.Subjects, rq)
	if err != nil {
		return myRecordView{}, err
	}
	r, err := h.Records.Get(ctx, in.ID)
	if err != nil || !r.Subject.Is(sub) {
		return myRecordView{}, notYours(err)
	}
	s := shower{h.Forms, rq.Lang, true}
	v := myRecordView{Uses: []useRow{}, Cases: []caseRow{}}
	if v.recordView, err = s.whole(ctx, r); err != nil {
		return v, err
	}
	if err := s.past(ctx, &v.recordView, r, in); err != nil {
		return v, err
	}
	return v, h.around(ctx, &v, r)
}

// past finds the version that was asked for.
func (s shower) past(ctx context.Context, v *recordView, r *record.Record, in myRecordRequest) error {
	var was record.Version
	var ok bool
	switch {
	case in.KnownAt != nil:
		was, ok = r.AsKnown(*in.KnownAt)
	case in.ValidOn != "":
		was, ok = r.AsValid(in.ValidOn)
	default:
		return nil
	}
	if !ok {
		return models.E(models.NotFound, "record.no_version_then")
	}
	_, f, err := s.forms.Of(ctx, r.Item, r.ItemVersion)
	if err != nil {
		return err
	}
	at := s.version(f, was)
	v.At = &at
	return nil
}

// around adds who used the record and what was asked about it, the last of each.
func (h Record) around(ctx context.Context, v *myRecordView, r *record.Record) error {
	for _, state := range []recall.State{recall.Recalled, recall.Current, recall.Acked} {
		page, err := h.Uses.Find(ctx, store.UsesOf(r.ID, state).Page(store.MaxPage, ""))
		if err != nil {
			return err
		}
		for _, u := range page.Items {
			v.Uses = append(v.Uses, useRow{u.Kind, u.Recipient, u.Version, u.At, u.State})
		}
	}
	page, err := h.Cases.Find(ctx, store.CasesAbout(r.ID).Page(store.MaxPage, ""))
	if err != nil {
		return err
	}
	for _, c := range page.Items {
		v.Cases = append(v.Cases, caseRow{c.ID, c.No, c.Kind, c.State, c.CreatedAt})
	}
	return nil
}

// nearest keeps the ten nearest days.
func (v *fileView) nearest() {
	slices.SortFunc(v.Next, func(a, b nextView) int {
		return cmp.Or(strings.Compare(string(a.On), string(b.On)), strings.Compare(a.What, b.What), strings.Compare(a.Record, b.Record))
	})
	v.Next = v.Next[:min(len(v.Next), 10)]
}

// Portions are what an export holds of the credit file.
func (h Record) Portions() []Portion { return []Portion{Listing("records", true, h.whole)} }
