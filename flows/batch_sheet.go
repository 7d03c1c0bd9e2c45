package flows

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"xinyi/models"
	"xinyi/models/batch"
	"xinyi/models/blob"
	"xinyi/store"
)

// The bounds of a workbook once it is unpacked.
const (
	unzipped  = 256 << 20 // bytes of all its parts
	unpacked  = 256 << 20 // bytes of its first sheet as CSV
	inMemory  = 16 << 20  // bytes of a sheet kept in memory; a larger one goes through a file
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
	if err := Unpack(raw, out); err != nil {
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
// unpacks to more than its bound are refused. Errors: *batch.Fault.
func Unpack(raw []byte, out io.Writer) (err error) {
	defer func() {
		if recover() != nil { // the library is not proof against every broken file
			err = &batch.Fault{Why: "batch.broken_workbook"}
		}
	}()
	if err := formulas(raw); err != nil {
		return err
	}
	book, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{UnzipSizeLimit: unzipped, UnzipXMLSizeLimit: inMemory, RawCellValue: true})
	if errors.Is(err, excelize.ErrWorkbookFileFormat) || err != nil && !strings.Contains(err.Error(), "unzip size exceeds") {
		return &batch.Fault{Why: "batch.broken_workbook"}
	}
	if err != nil {
		return &batch.Fault{Why: "batch.workbook_too_large"}
	}
	defer func() { _ = book.Close() }() // only its own files, which the system removes too
	sheets := book.GetSheetList()
	if len(sheets) == 0 {
		return &batch.Fault{Why: "batch.no_rows"}
	}
	rows, err := book.Rows(sheets[0])
	if err != nil {
		return &batch.Fault{Why: "batch.broken_workbook"}
	}
	defer func() { _ = rows.Close() }()
	return sheet(rows, csv.NewWriter(&measured{out, unpacked}))
}

// formulas refuses a workbook whose sheets compute: what a person sees need not be what is read. It looks at the sheets as
// they lie in the archive, a buffer at a time. Errors: *batch.Fault.
func formulas(raw []byte) error {
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return &batch.Fault{Why: "batch.broken_workbook"}
	}
	left := int64(unzipped)
	for _, f := range archive.File {
		if !strings.HasPrefix(f.Name, "xl/worksheets/") {
			continue
		}
		in, err := f.Open()
		if err != nil {
			return &batch.Fault{Why: "batch.broken_workbook"}
		}
		n, found, err := computes(io.LimitReader(in, left+1))
		err = errors.Join(err, in.Close())
		switch left -= n; {
		case found:
			return &batch.Fault{Why: "batch.formula"}
		case left < 0:
			return &batch.Fault{Why: "batch.workbook_too_large"}
		case err != nil:
			return &batch.Fault{Why: "batch.broken_workbook"}
		}
	}
	return nil
}

// computes says whether a sheet's XML has a formula, and how many bytes it looked at.
func computes(in io.Reader) (n int64, found bool, err error) {
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		part, err := r.ReadSlice('<')
		n += int64(len(part))
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			return n, false, nil
		case err != nil:
			return n, false, err
		}
		if next, err := r.Peek(2); err == nil && next[0] == 'f' && strings.IndexByte(" />", next[1]) >= 0 {
			return n, true, nil
		}
	}
}

func sheet(rows *excelize.Rows, w *csv.Writer) error {
	for n := 0; rows.Next(); n++ {
		cells, err := rows.Columns()
		switch {
		case err != nil:
			return &batch.Fault{Why: "batch.broken_workbook"}
		case n > batch.MaxSheetRows:
			return &batch.Fault{Why: "batch.too_many_rows", Args: map[string]string{"max": strconv.Itoa(batch.MaxSheetRows)}}
		case len(cells) > sheetWide:
			return &batch.Fault{Why: "batch.workbook_too_large"}
		}
		for _, c := range cells {
			if len([]rune(c)) > sheetCell {
				return &batch.Fault{Why: "batch.workbook_too_large"}
			}
		}
		if !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) && n > 0 {
			continue // an empty line between
		}
		if err := w.Write(cells); err != nil {
			return err
		}
	}
	if err := rows.Error(); err != nil {
		return &batch.Fault{Why: "batch.broken_workbook"}
	}
	w.Flush()
	return w.Error()
}
