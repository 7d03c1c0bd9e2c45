package record

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/casework"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/store"
)

// mountFile names the routes of a subject's own file: everything that is kept, what others may see of it now, and what can be
// done about it.
func (h Handler) mountFile(r *api.Router) {
	api.Get(r, "/me/file", h.summary, mayFileRead, api.Tag("file"))
	api.Get(r, "/me/file/records", h.list, mayFileRead, api.Tag("file"))
	api.Get(r, "/me/file/records/{id}", h.get, mayFileRead, api.Tag("file"))
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

func (h Handler) summary(ctx context.Context, rq api.Request, _ struct{}) (fileView, error) {
	sub, err := file.OwnSubject(ctx, h.Subjects, rq)
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
	api.PageQuery
}

func (h Handler) list(ctx context.Context, rq api.Request, in recordsRequest) (api.List[file.RecordRow], error) {
	sub, err := file.OwnSubject(ctx, h.Subjects, rq)
	if err != nil {
		return api.List[file.RecordRow]{}, err
	}
	s := file.Shower{Forms: h.Forms, Lang: rq.Lang, Own: true}
	return api.Sifted(ctx, h.Records, store.RecordsOf(sub.Ref), in.PageQuery,
		func(r *record.Record) (row file.RecordRow, kept bool, err error) {
			if kept = in.Item == "" || r.Item == in.Item; kept {
				row, err = s.Row(ctx, r)
			}
			return row, kept, err
		})
}

// whole is a page of the file with every version of its records, as an export has it.
func (h Handler) whole(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[file.RecordView], error) {
	list := api.List[file.RecordView]{Items: []file.RecordView{}}
	sub, err := file.OwnSubject(ctx, h.Subjects, rq)
	if err != nil {
		return list, err
	}
	page, err := h.Records.Find(ctx, store.RecordsOf(sub.Ref).Page(in.Limit, in.Cursor))
	if err != nil {
		return list, err
	}
	s := file.Shower{Forms: h.Forms, Lang: rq.Lang, Own: true}
	for _, r := range page.Items {
		v, err := s.Whole(ctx, r)
		if err != nil {
			return list, err
		}
		list.Items = append(list.Items, v)
	}
	list.NextCursor = page.Next
	return list, nil
}

// myRecordView is a record as its subject sees it.
type myRecordView struct {
	file.RecordView
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

func (h Handler) get(ctx context.Context, rq api.Request, in file.MyRecordRequest) (myRecordView, error) {
	sub, err := file.OwnSubject(ctx, h.Subjects, rq)
	if err != nil {
		return myRecordView{}, err
	}
	r, err := h.Records.Get(ctx, in.ID)
	if err != nil || !r.Subject.Is(sub) {
		return myRecordView{}, api.NotYours(err)
	}
	s := file.Shower{Forms: h.Forms, Lang: rq.Lang, Own: true}
	v := myRecordView{Uses: []useRow{}, Cases: []caseRow{}}
	if v.RecordView, err = s.Whole(ctx, r); err != nil {
		return v, err
	}
	if err := s.Past(ctx, &v.RecordView, r, in); err != nil {
		return v, err
	}
	return v, h.around(ctx, &v, r)
}

// around adds who used the record and what was asked about it, the last of each.
func (h Handler) around(ctx context.Context, v *myRecordView, r *record.Record) error {
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
func (h Handler) Portions() []api.Portion {
	return []api.Portion{api.Listing("records", true, h.whole)}
}
