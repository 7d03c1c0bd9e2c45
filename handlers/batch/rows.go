package batch

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"strings"

	"github.com/go-json-experiment/json"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/batch"
	"xinyi/models/record"
	"xinyi/store"
)

type rowsRequest struct {
	api.ByID
	Open bool `query:"open" description:"Only those not put right yet"`
	api.PageQuery
}

// looked notes that a unit looks at its own rows, once a page: whom they are about is often not known, which is why they were refused.
func (h Handler) looked(ctx context.Context, rq api.Request, b *batch.Batch) error {
	return h.Log.Note(ctx, rq, access.Access{
		Subject: models.Subject{Kind: models.Household, Ref: "batch/" + b.ID}, Fields: []string{"rows." + b.Item}, About: b.ID,
		Purpose: "credit.ingest", Case: b.ID,
	})
}

func (h Handler) rows(ctx context.Context, rq api.Request, in rowsRequest) (api.List[rowView], error) {
	list := api.List[rowView]{Items: []rowView{}}
	b, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return list, err
	}
	if err := h.looked(ctx, rq, b); err != nil {
		return list, err
	}
	q := store.RowsOf(b.ID)
	if in.Open {
		q = store.RowsOpen(b.ID)
	}
	page, err := h.Rows.Find(ctx, q.Page(in.Limit, in.Cursor))
	if err != nil {
		return list, err
	}
	for _, r := range page.Items {
		cells, err := cellsOf(r)
		if err != nil {
			return list, err
		}
		list.Items = append(list.Items, rowView{r.No, r.Key, r.State, rowFaults(r.No, r.Faults, rq.Lang), cells})
	}
	list.NextCursor = page.Next
	return list, nil
}

func cellsOf(r *batch.Row) (map[string]string, error) {
	cells := map[string]string{}
	if err := json.Unmarshal([]byte(r.Cells.Reveal()), &cells); err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	return cells, nil
}

// table is a file of rows.
type table struct{ body []byte }

// File implements File.
func (t table) File() (string, []byte) { return "text/csv; charset=utf-8", t.body }

// maxTable bounds how many rows a work list's file has.
const maxTable = 20_000

func (h Handler) rowsCSV(ctx context.Context, rq api.Request, in api.ByID) (table, error) {
	b, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return table{}, err
	}
	if err := h.looked(ctx, rq, b); err != nil {
		return table{}, err
	}
	_, form, err := h.Forms.Of(ctx, b.Item, max(1, b.Edition))
	if err != nil {
		return table{}, err
	}
	var out bytes.Buffer
	out.WriteString("\ufeff") // so that spreadsheets read it as UTF-8
	w := csv.NewWriter(&out)
	head := []string{api.Say("batch.column_row", rq.Lang, nil), api.Say("batch.column_reason", rq.Lang, nil)}
	for _, c := range form.Columns {
		head = append(head, c.Title.ZH)
	}
	if err := w.Write(head); err != nil {
		return table{}, err
	}
	n := 0
	_, err = h.Rows.Each(ctx, store.RowsOpen(b.ID), func(r *batch.Row) error {
		if n++; n > maxTable {
			return nil
		}
		cells, err := cellsOf(r)
		if err != nil {
			return err
		}
		var reasons []string
		for _, f := range rowFaults(r.No, r.Faults, rq.Lang) {
			reasons = append(reasons, f.Message)
		}
		line := []string{api.Itoa(r.No), strings.Join(reasons, "；")}
		for _, c := range form.Columns {
			line = append(line, api.Harmless(cells[c.Key]))
		}
		return w.Write(line)
	})
	w.Flush()
	return table{out.Bytes()}, errors.Join(err, w.Error())
}

type resubmitRequest struct {
	api.ByID
	Rows []struct {
		Row   int               `json:"row" validate:"gte=1"`
		Cells map[string]string `json:"cells" validate:"required,max=200"`
	} `json:"rows" validate:"required,min=1,max=200,dive"`
}

// verdictsView says how rows came out that were sent again.
type verdictsView struct {
	Accepted int          `json:"accepted"`
	Rejected int          `json:"rejected"`
	Rows     []verdictRow `json:"rows"`
}

type verdictRow struct {
	Row    int        `json:"row"`
	Record string     `json:"recordId,omitempty"`
	Errors []rowFault `json:"errors,omitempty"`
}

func (h Handler) resubmit(ctx context.Context, rq api.Request, in resubmitRequest) (verdictsView, error) {
	v := verdictsView{Rows: []verdictRow{}}
	b, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return v, err
	}
	if b.State != batch.Done {
		return v, models.E(models.Conflict, "batch.not_done")
	}
	for _, row := range in.Rows {
		out := verdictRow{Row: row.Row}
		rec, fixed, err := h.fix(ctx, rq, b, row.Row, row.Cells)
		var e *models.Error
		switch {
		case err == nil:
			out.Record = rec.ID
			if v.Accepted++; fixed {
				if _, err := h.Batches.Update(ctx, b.ID, func(b *batch.Batch) error { return b.Fix(1) }); err != nil {
					return v, err
				}
			}
		case errors.As(err, &e) && e.Code != models.Internal && e.Code != models.Unavailable:
			v.Rejected++
			out.Errors = faultsOf(row.Row, e, rq.Lang)
		default:
			return v, err
		}
		v.Rows = append(v.Rows, out)
	}
	return v, nil
}

// faultsOf are the faults of a row that is refused once more.
func faultsOf(no int, e *models.Error, lang string) []rowFault {
	faults := make([]models.Field, len(e.Fields))
	for i, f := range e.Fields {
		f.Pointer = strings.TrimPrefix(f.Pointer, "/cells")
		faults[i] = f
	}
	if len(faults) == 0 {
		return []rowFault{{"/rows/" + api.Itoa(no), e.Reason, api.Say(e.Reason, lang, e.Args)}}
	}
	return rowFaults(no, faults, lang)
}

// fix keeps a refused row that was put right. fixed is false for one that was fixed before.
func (h Handler) fix(ctx context.Context, rq api.Request, b *batch.Batch, no int, cells map[string]string) (rec *record.Record, fixed bool,
	err error) {
	row, err := h.Rows.Get(ctx, batch.RowID(b.ID, no))
	if err != nil {
		return nil, false, err
	}
	it, _, err := h.Forms.Of(ctx, b.Item, b.Edition)
	if err != nil {
		return nil, false, err
	}
	d, err := h.Forms.Drafted(ctx, h.Subjects, rq.Actor, it, cells)
	if err != nil {
		return nil, false, err
	}
	d.Batch, d.Row = b.ID, no
	rec, err = record.New(d, h.Policy, rq.Actor, rq.Now)
	if err != nil {
		return nil, false, err
	}
	if err := h.Records.Insert(ctx, rec); errors.Is(err, models.Conflict) {
		was, err := h.Records.Get(ctx, rec.ID)
		if err == nil && !was.Same(d) {
			err = models.E(models.Conflict, "record.key_taken")
		}
		if err != nil {
			return nil, false, err
		}
		rec = was
	} else if err != nil {
		return nil, false, err
	}
	_, err = h.Rows.Update(ctx, row.ID, func(r *batch.Row) error {
		if fixed = r.State == batch.Open; !fixed {
			return store.Unchanged()
		}
		return r.Fix(rq.Actor, rq.Now)
	})
	return rec, fixed, err
}
