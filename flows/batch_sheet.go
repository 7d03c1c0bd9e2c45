package flows

import (
	"context"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/models/batch"
	"xinyi/models/blob"
	"xinyi/store"
)

// The bounds of a workbook once it is unpacked.
const (
	unpacked  = 256 << 20 // bytes of its first sheet as CSV
	sheetWide = 200       // cells of a row
	sheetCell = 4_000     // runes of a cell
)

// unpack turns the first sheet of a workbook into CSV, in blobs of its own, in one step. The same workbook makes the same
// blobs, so it may run twice. Errors: *batch.Fault.
func (f Batches) unpack(ctx context.Context, b *batch.Batch) (batch.Step, error) {
	raw, err := io.ReadAll(f.File(ctx, b, 0))
	if err != nil {
		return batch.Step{}, err
	}
	out := &blobs{keep: f.Blobs, ctx: ctx, owner: b.ID, now: f.Now()}
	if err := Unpack(ctx, raw, out); err != nil {
		return batch.Step{}, err
	}
	if err := out.flush(); err != nil {
		return batch.Step{}, err
	}
	_, err = f.Batches.Update(ctx, b.ID, func(b *batch.Batch) error {
		if b.Cursor.Unpacked {
			return store.Unchanged()
		}
		b.File.Blobs, b.File.Sizes, b.Cursor.Unpacked = out.ids, out.sizes, true
		return nil
	})
	return batch.Step{Part: b.Job.Part, Cursor: batch.Cursor{Unpacked: true}}, err
}

// blobs writes a file as blobs of a MiB, which are kept as long as a batch's.
type blobs struct {
	keep  *store.Repo[blob.Blob]
	ctx   context.Context // of the one step it is made for
	owner string
	now   time.Time
	buf   []byte
	ids   []string
	sizes []int
}

const blobSize = 1 << 20

// Write implements io.Writer.
func (w *blobs) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	for len(w.buf) >= blobSize {
		if err := w.put(w.buf[:blobSize]); err != nil {
			return 0, err
		}
		w.buf = append([]byte(nil), w.buf[blobSize:]...)
	}
	return len(p), nil
}

func (w *blobs) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	return w.put(w.buf)
}

func (w *blobs) put(data []byte) error {
	id := models.Derived("sheet", w.owner, strconv.Itoa(len(w.ids)))
	one, err := blob.New(id, w.owner, "text/csv", data, batch.Gone(w.now))
	if err != nil {
		return err
	}
	w.ids, w.sizes = append(w.ids, id), append(w.sizes, len(data))
	return store.Existing(w.keep.Insert(w.ctx, one))
}

// A measured writer takes so many bytes: a text that stands once in a workbook may be shown by a million cells.
type measured struct {
	out  io.Writer
	left int
}

func (w *measured) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, &batch.Fault{Why: "batch.workbook_too_large"}
	}
	return w.out.Write(p)
}

// Unpack writes the first sheet of a workbook as CSV. Formulas, more rows or cells than are allowed, and a workbook that
// unpacks to more than its bounds are refused. Errors: *batch.Fault; that of ctx, at which reading stops.
func Unpack(ctx context.Context, raw []byte, out io.Writer) error {
	book, err := openWorkbook(ctx, raw)
	if err != nil {
		return err
	}
	first, err := book.first()
	if err == nil {
		err = book.share()
	}
	if err != nil {
		return err
	}
	w, last := csv.NewWriter(&measured{out, unpacked}), 0
	err = book.rows(first, func(n int, cells []string) error {
		if last == 0 && n > 1 { // the headings are the first line, empty or not
			if err := w.Write(nil); err != nil {
				return err
			}
		}
		last = n
		if n > 1 && !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			return nil // an empty line between
		}
		return w.Write(cells)
	})
	if err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}
