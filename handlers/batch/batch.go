// Package batch serves departments that deliver records by the sheet (批量报送).
package batch

import (
	"context"
	"errors"
	"slices"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/batch"
	"xinyi/models/blob"
	"xinyi/models/record"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler serves files of records.
type Handler struct {
	usecase.Batch
	Records  *store.Repo[record.Record]
	Forms    *file.Forms
	Subjects usecase.Subjects
	Policy   record.Policy
	Log      *api.AccessLog
	Now      func() time.Time
}

// The bounds of a delivery.
const (
	maxPart  = 4 << 20 // bytes of a part as it is sent
	blobPart = 1 << 20 // and as it is kept
)

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	api.Post(r, "/batches", h.create, mayBatchesWrite, api.Creates)
	api.Put(r, "/batches/{id}/parts/{n}", h.part, mayBatchesWrite, api.Takes(maxPart))
	api.Post(r, "/batches/{id}/submit", h.submit, mayBatchesWrite)
	api.Post(r, "/batches/{id}/withdraw", h.withdraw, mayBatchesWrite)
	api.Get(r, "/batches", h.list, mayBatchesRead)
	api.Get(r, "/batches/metrics", h.metrics, mayBatchesRead)
	api.Get(r, "/batches/{id}", h.get, mayBatchesRead)
	api.Stream(r, "/batches/{id}/stream", h.stream, mayBatchesRead)
	api.Get(r, "/batches/{id}/rows", h.rows, mayBatchesRows, api.Reveals)
	api.Get(r, "/batches/{id}/rows.csv", h.rowsCSV, mayBatchesRows, api.Reveals)
	api.Post(r, "/batches/{id}/rows", h.resubmit, mayBatchesWrite, api.Moves)
}

type request struct {
	Item     string       `json:"item" validate:"required,max=32"`
	No       string       `json:"no" validate:"required,max=64" description:"The unit's own number of the delivery"`
	Name     string       `json:"name,omitempty" validate:"omitempty,max=200" description:"Of the file"`
	Format   batch.Format `json:"format" validate:"required,known"`
	Mode     batch.Mode   `json:"mode,omitempty" validate:"omitempty,known" description:"What a row means that names a known record and says something else; update when absent"`
	DryRun   bool         `json:"dryRun,omitempty"`
	Produced *int         `json:"produced,omitempty" validate:"omitempty,gte=0" description:"Rows the unit has for the month by its own count"`
	Month    string       `json:"month,omitempty" validate:"omitempty,len=7" description:"2026-05; this month when absent"`
}

func (h Handler) create(ctx context.Context, rq api.Request, in request) (view, error) {
	if in.Mode == "" {
		in.Mode = batch.Update
	}
	if _, err := h.item(ctx, rq, in.Item); err != nil {
		return view{}, err
	}
	b, err := batch.New(rq.NewID(), batch.Draft{
		Item: in.Item, No: in.No, Name: in.Name, Format: in.Format, Mode: in.Mode, DryRun: in.DryRun, Produced: in.Produced, Month: in.Month,
	}, rq.Actor, rq.Now)
	if err != nil {
		return view{}, err
	}
	if err := h.Batches.Insert(ctx, b); errors.Is(err, models.Conflict) {
		was, err := h.Batches.First(ctx, store.BatchIn(b.Slot))
		if err != nil {
			return view{}, err
		}
		return viewBatch(was, rq.Lang), nil // the same number: what was sent so far goes on
	} else if err != nil {
		return view{}, err
	}
	return viewBatch(b, rq.Lang), nil
}

// item is the version in force of an item that the caller's unit delivers, by number.
func (h Handler) item(ctx context.Context, rq api.Request, code string) (int, error) {
	it, err := h.Forms.InForce(ctx, code, models.DayOf(rq.Now))
	if err != nil {
		return 0, api.PointAt(err, "/item", "record.item_unknown")
	}
	if !slices.Contains(it.Units, rq.Actor.Org) {
		return 0, models.E(models.Forbidden, "record.item_of_others")
	}
	return it.Version, nil
}

// ours is a batch the caller may see; any other is not there.
func (h Handler) ours(ctx context.Context, rq api.Request, id string) (*batch.Batch, error) {
	b, err := h.Batches.Get(ctx, id)
	if err != nil || !sees(rq.Actor, b) {
		return nil, api.NotYours(err)
	}
	return b, nil
}

func sees(a models.Actor, b *batch.Batch) bool {
	if a.Is(models.Department, models.DataOfficer) {
		return a.Org == b.Unit
	}
	return api.Covers(a, b.Region)
}

type partRequest struct {
	api.ByID
	N    int    `path:"n" validate:"gte=1,lte=1000"`
	Data []byte `body:"raw"`
}

func (h Handler) part(ctx context.Context, rq api.Request, in partRequest) (view, error) {
	b, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return view{}, err
	}
	if len(in.Data) == 0 {
		return view{}, models.E(models.Invalid, "batch.empty")
	}
	ids, sizes := []string{}, []int{}
	var blobs []*blob.Blob
	for rest, k := in.Data, 0; len(rest) > 0; k++ {
		piece := rest[:min(blobPart, len(rest))]
		rest = rest[len(piece):]
		one, err := blob.New(models.Derived("part", b.ID, api.Itoa(in.N), api.Itoa(k), blob.Hash(piece)), b.ID, "application/octet-stream",
			piece, batch.Gone(rq.Now))
		if err != nil {
			return view{}, err
		}
		blobs, ids, sizes = append(blobs, one), append(ids, one.ID), append(sizes, len(piece))
	}
	if err := h.Blobs.InsertMany(ctx, blobs); err != nil && !errors.Is(err, models.Conflict) {
		return view{}, err
	}
	return h.change(ctx, rq, in.ID, func(b *batch.Batch) error {
		fresh, err := b.Part(in.N, in.Data, ids, sizes)
		if err == nil && !fresh {
			return store.Unchanged()
		}
		return err
	})
}

func (h Handler) change(ctx context.Context, rq api.Request, id string, change func(*batch.Batch) error) (view, error) {
	b, err := h.Batches.Update(ctx, id, func(b *batch.Batch) error {
		if !sees(rq.Actor, b) {
			return api.NotYours(nil)
		}
		return change(b)
	})
	if err != nil {
		return view{}, err
	}
	return viewBatch(b, rq.Lang), nil
}

type submitRequest struct {
	api.ByID
	SHA256 string `json:"sha256" validate:"required,len=64,hexadecimal"`
}

func (h Handler) submit(ctx context.Context, rq api.Request, in submitRequest) (view, error) {
	b, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return view{}, err
	}
	if b.File.Hash == in.SHA256 { // submitted before
		return viewBatch(b, rq.Lang), nil
	}
	edition, err := h.item(ctx, rq, b.Item)
	if err != nil {
		return view{}, err
	}
	return h.change(ctx, rq, in.ID, func(b *batch.Batch) error { return b.Submit(in.SHA256, edition, rq.Actor, rq.Now) })
}

func (h Handler) withdraw(ctx context.Context, rq api.Request, in api.ReasonRequest) (view, error) {
	return h.change(ctx, rq, in.ID, func(b *batch.Batch) error { return b.Withdraw(rq.Actor, in.Reason, rq.Now) })
}

func (h Handler) list(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[view], error) {
	q := store.BatchesIn(rq.Actor.Region)
	if rq.Actor.Is(models.Department, models.DataOfficer) {
		q = store.BatchesOf(rq.Actor.Org)
	}
	return api.Found(ctx, h.Batches, q, in, func(b *batch.Batch) view { return viewBatch(b, rq.Lang) })
}

func (h Handler) get(ctx context.Context, rq api.Request, in api.ByID) (view, error) {
	b, err := h.ours(ctx, rq, in.ID)
	if err != nil {
		return view{}, err
	}
	return viewBatch(b, rq.Lang), nil
}

// every is how often a stream looks at its batch.
const every = time.Second

func (h Handler) stream(ctx context.Context, rq api.Request, in api.ByID) (api.Source[view], error) {
	if _, err := h.ours(ctx, rq, in.ID); err != nil {
		return nil, err
	}
	return func(ctx context.Context, out func(api.Event[view]) error) error {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for last := int64(-1); ; {
			b, err := h.Batches.Get(ctx, in.ID)
			if err != nil {
				return err
			}
			if b.Revision != last {
				last = b.Revision
				if err := out(api.Event[view]{Name: "batch", Data: viewBatch(b, rq.Lang)}); err != nil {
					return err
				}
			}
			if !b.Busy() && b.State != batch.Receiving {
				return nil
			}
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	}, nil
}

type metricsRequest struct {
	Month string `query:"month" validate:"required,len=7"`
	Unit  string `query:"unit" validate:"omitempty,max=64"`
}

func (h Handler) metrics(ctx context.Context, rq api.Request, in metricsRequest) (metricsView, error) {
	v := metricsView{Month: in.Month, Units: []unitMetrics{}}
	q := store.BatchesInMonth(rq.Actor.Region, in.Month)
	switch {
	case rq.Actor.Is(models.Department, models.DataOfficer):
		if in.Unit != "" && in.Unit != rq.Actor.Org {
			return v, models.E(models.Forbidden, "record.other_unit")
		}
		q = store.BatchesOfMonth(rq.Actor.Org, in.Month)
	case in.Unit != "":
		q = store.BatchesOfMonth(in.Unit, in.Month)
	}
	byUnit := map[string][]*batch.Batch{}
	var all []*batch.Batch
	_, err := h.Batches.Each(ctx, q, func(b *batch.Batch) error {
		if sees(rq.Actor, b) {
			byUnit[b.Unit] = append(byUnit[b.Unit], b)
			all = append(all, b)
		}
		return nil
	})
	if err != nil {
		return v, err
	}
	v.Total = viewMetrics(batch.Sum(all), rq.Lang)
	v.Total.Produced, v.Total.CoverageBp = nil, nil // a sum of some units' own counts says nothing
	for unit, batches := range byUnit {
		v.Units = append(v.Units, unitMetrics{unit, viewMetrics(batch.Sum(batches), rq.Lang)})
	}
	slices.SortFunc(v.Units, func(a, b unitMetrics) int { return api.CompareText(a.Unit, b.Unit) })
	return v, nil
}
