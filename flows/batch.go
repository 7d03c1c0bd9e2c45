package flows

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"xinyi/models"
	"xinyi/models/batch"
	"xinyi/models/catalogue"
	"xinyi/models/record"
	"xinyi/store"
	"xinyi/usecase"
)

// Batches reads what units deliver, a part at a time, and keeps the records.
type Batches struct {
	usecase.Batch
	Catalogue usecase.Catalogue
	Records   *store.Repo[record.Record]
	Subjects  usecase.Subjects
	Policy    record.Policy
	Log       *slog.Logger
	Now       func() time.Time
}

// Subscribers are to be given to the relay.
func (f Batches) Subscribers() []Subscriber {
	w := Worker[batch.Batch, *batch.Batch]{Repo: f.Batches, Now: f.Now, Do: f.do}
	return []Subscriber{w.Subscriber("batch.part")}
}

// do does the part that is due. When ctx ends on the way, what was done until then counts and the rest is the next part.
func (f Batches) do(ctx context.Context, b *batch.Batch) (func(*batch.Batch) (bool, error), error) {
	if b.State == batch.Withdrawing {
		return f.takeBack(ctx, b)
	}
	step, err := f.part(ctx, b)
	return func(b *batch.Batch) (bool, error) { return b.Step(step, f.Now()) }, err
}

// broken is the step of a file that cannot be read.
func broken(b *batch.Batch, fault *batch.Fault) batch.Step {
	return batch.Step{Part: b.Job.Part, Cursor: b.Cursor, Why: fault.Why, Args: fault.Args}
}

// part reads and keeps the next rows.
func (f Batches) part(ctx context.Context, b *batch.Batch) (batch.Step, error) {
	var fault *batch.Fault
	if b.Format == batch.XLSX && !b.Cursor.Unpacked {
		step, err := f.unpack(ctx, b)
		if errors.As(err, &fault) {
			return broken(b, fault), nil
		}
		return step, err
	}
	it, err := f.Catalogue.Items.Get(ctx, catalogue.ID(b.Item, b.Edition))
	if err != nil {
		return batch.Step{}, err
	}
	form, err := it.Form()
	if err != nil {
		return batch.Step{}, err
	}
	r, err := batch.NewReader(b.Format, f.File(ctx, b, b.Cursor.Offset), b.Cursor, form.Column)
	if err == nil {
		err = whole(b, form, r.Cursor().Head)
	}
	if errors.As(err, &fault) {
		return broken(b, f.named(fault)), nil
	}
	if err != nil {
		return batch.Step{}, err
	}
	step, err := f.rows(ctx, &load{f: f, b: b, item: it, form: form, seen: map[string]bool{}, onTime: map[models.Day]bool{}}, r)
	if errors.As(err, &fault) {
		step.Why, step.Args, err = fault.Why, fault.Args, nil
	}
	return step, err
}

// named says which forbidden word an unknown heading has.
func (f Batches) named(fault *batch.Fault) *batch.Fault {
	if word, bad := catalogue.Forbidden(fault.Args["heading"]); bad {
		return &batch.Fault{Why: "batch.forbidden_heading", Args: map[string]string{"heading": fault.Args["heading"], "word": word}}
	}
	return fault
}

// whole says whether a file's headings name every column that each row needs. Errors: *batch.Fault.
func whole(b *batch.Batch, form *catalogue.Form, head []string) error {
	if b.Format == batch.JSON || b.Job.Part > 0 && !b.Cursor.Unpacked {
		return nil
	}
	has := map[string]bool{}
	for _, key := range head {
		has[key] = true
	}
	for _, c := range form.Columns {
		if c.Required && !has[c.Key] {
			return &batch.Fault{Why: "batch.missing_column", Args: map[string]string{"heading": c.Title.ZH}}
		}
	}
	return nil
}

// group is how many rows are kept in one write.
const group = 500

// rows reads at most a part's rows and keeps them a group at a time.
func (f Batches) rows(ctx context.Context, l *load, r batch.Reader) (batch.Step, error) {
	step := batch.Step{Part: l.b.Job.Part, Cursor: r.Cursor()}
	var lines []batch.Line
	for n := 0; n < batch.PartRows; {
		lines = lines[:0]
		var ended error
		for len(lines) < group {
			line, err := r.Next()
			if err != nil {
				ended = err
				break
			}
			lines = append(lines, line)
		}
		n += len(lines)
		counts, err := l.keep(ctx, lines)
		if err != nil {
			if n > len(lines) && ctx.Err() != nil {
				return step, nil //nolint:nilerr // stopped: the groups before count
			}
			return step, err
		}
		step.Counts.Add(counts)
		step.Cursor = r.Cursor()
		switch {
		case errors.Is(ended, io.EOF):
			step.Last = true
			return step, nil
		case ended != nil:
			return step, ended
		case ctx.Err() != nil:
			return step, nil //nolint:nilerr // stopped between two groups: what is kept counts
		}
	}
	return step, nil
}

// takeBack withdraws the records a batch brought, a page at a time.
func (f Batches) takeBack(ctx context.Context, b *batch.Batch) (func(*batch.Batch) (bool, error), error) {
	part := b.Job.Part
	page, err := f.Records.Find(ctx, store.RecordsOfBatch(b.ID).Page(store.MaxPage, b.Cursor.Withdrawn))
	if err != nil {
		return nil, err
	}
	taken := 0
	for _, r := range page.Items {
		_, err := f.Records.Update(ctx, r.ID, func(r *record.Record) error {
			if r.Batch != b.ID || r.State == record.Withdrawn {
				return store.Unchanged()
			}
			return r.Withdraw(b.By, b.Moved.Reason, f.Now())
		})
		if err := gone(err); err != nil {
			return nil, err
		}
		taken++
	}
	return func(b *batch.Batch) (bool, error) { return b.Take(part, taken, page.Next, page.Next == "", f.Now()) }, nil
}
