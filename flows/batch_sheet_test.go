package flows_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/batch"
	"xinyi/models/record"
	"xinyi/seed"
	"xinyi/store"
)

// workbook is a book whose first sheet has these rows.
func workbook(tb testing.TB, change func(*excelize.File), rows ...[]any) []byte {
	tb.Helper()
	book := excelize.NewFile()
	sheet := book.GetSheetList()[0]
	for i, row := range rows {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		if err == nil {
			err = book.SetSheetRow(sheet, cell, &row)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if change != nil {
		change(book)
	}
	var out bytes.Buffer
	if err := errors.Join(book.Write(&out), book.Close()); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 5, 10, 0, 0, 0, 0, time.UTC)
	good := workbook(t, nil, []any{"甲", "乙", "丙"}, []any{"长沙, \"一\"", 0.000001, day}, []any{}, []any{"", "x"}, []any{true, 12345678})
	var out strings.Builder
	if err := flows.Unpack(t.Context(), good, &out); err != nil {
		t.Fatal(err)
	}
	reader := csv.NewReader(strings.NewReader(out.String()))
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	if err != nil || len(rows) != 4 || !slices.Equal(rows[1][:1], []string{"长沙, \"一\""}) || rows[1][2] != "46152" || rows[3][1] != "12345678" {
		t.Errorf("%q %v", rows, err)
	}
	for name, tc := range map[string]struct {
		raw  []byte
		want string
	}{
		"no workbook":    {[]byte("甲,乙\n1,2\n"), "batch.broken_workbook"},
		"nothing":        {nil, "batch.broken_workbook"},
		"cut off":        {good[:len(good)/2], "batch.broken_workbook"},
		"a formula":      {workbook(t, func(b *excelize.File) { must(t, b.SetCellFormula("Sheet1", "A2", "1+1")) }, []any{"甲"}), "batch.formula"},
		"too wide":       {workbook(t, nil, slices.Repeat([]any{"x"}, 201)), "batch.workbook_too_large"},
		"a cell as book": {workbook(t, nil, []any{strings.Repeat("长", 4001)}), "batch.workbook_too_large"},
	} {
		err := flows.Unpack(t.Context(), tc.raw, &strings.Builder{})
		var fault *batch.Fault
		if !errors.As(err, &fault) || fault.Why != tc.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever it is given, Unpack writes a table or names a fault of the file.
func FuzzXLSX(f *testing.F) {
	f.Add(workbook(f, nil, []any{"甲", "乙"}, []any{"1", 2}))
	f.Add(workbook(f, nil))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 1<<16 {
			t.Skip("longer than what a fuzzing run should spend its time on: the readers are the same at any length")
		}
		var out bytes.Buffer
		err := flows.Unpack(t.Context(), raw, &out)
		var fault *batch.Fault
		if err != nil && !errors.As(err, &fault) {
			t.Fatalf("%v is no fault of the file", err)
		}
	})
}

// sheetOf is a sample as a workbook.
func (k *intake) sheetOf(rows, perMille int, number uint64) (raw []byte, planted int) {
	k.Helper()
	var text bytes.Buffer
	faults, err := seed.Sample(&text, k.form, rows, perMille, number, k.clock.now())
	must(k.T, err)
	table, err := csv.NewReader(&text).ReadAll()
	must(k.T, err)
	var cells [][]any
	for _, row := range table {
		var line []any
		for _, c := range row {
			line = append(line, c)
		}
		cells = append(cells, line)
	}
	return workbook(k.T, nil, cells...), len(faults)
}

// csvOf is a sample as it is.
func (k *intake) csvOf(rows, perMille int, number uint64) (text []byte, planted int) {
	k.Helper()
	var out bytes.Buffer
	faults, err := seed.Sample(&out, k.form, rows, perMille, number, k.clock.now())
	must(k.T, err)
	return out.Bytes(), len(faults)
}

func (k *intake) records(id string) int64 {
	k.Helper()
	n, err := k.Records.Count(k.Context(), store.RecordsOfBatch(id))
	must(k.T, err)
	return n
}

// A workbook is read as the same rows of CSV are.
func TestWorkbookDelivered(t *testing.T) {
	t.Parallel()
	k := intakes(t)
	raw, planted := k.sheetOf(700, 5, 7)
	b := k.submit(k.deliver(batch.Draft{Format: batch.XLSX}, raw, 64<<10), raw)
	if b.State != batch.Done || b.Counts.Rows != 700 || b.Counts.Rejected != planted || k.records(b.ID) != int64(700-planted) {
		t.Errorf("%s %s %+v, %d planted", b.State, b.Why, b.Counts, planted)
	}
	bad := []byte("PK\x03\x04 nothing")
	if b := k.submit(k.deliver(batch.Draft{Format: batch.XLSX}, bad, 64<<10), bad); b.State != batch.Failed || b.Why != "batch.broken_workbook" {
		t.Errorf("%s %s", b.State, b.Why)
	}
}

// Files without rows or with headings nobody can read end as failed; none runs for ever.
func TestUnreadableFilesEnd(t *testing.T) {
	t.Parallel()
	k := intakes(t)
	for text, want := range map[string]string{
		"\xef\xbb\xbf": "batch.no_rows", "\n\n": "batch.no_rows", "甲\"x,乙\n1,2\n": "batch.broken_heading", "a\x00b": "batch.no_text",
		"血型\nA\n": "batch.forbidden_heading", "行政相对人名称\nx\n": "batch.missing_column",
	} {
		b := k.submit(k.deliver(batch.Draft{Format: batch.CSV}, []byte(text), 64), []byte(text))
		if b.State != batch.Failed || b.Why != want {
			t.Errorf("%q: %s %s", text, b.State, b.Why)
		}
	}
}

// A dry run keeps nothing and finds the same; delivered twice nothing doubles; taken back, nothing is left that counts.
func TestDryTwiceAndBack(t *testing.T) {
	t.Parallel()
	k := intakes(t)
	text, planted := k.csvOf(1500, 5, 8)
	dry := k.submit(k.deliver(batch.Draft{Format: batch.CSV, DryRun: true, Item: "XZCF", Mode: batch.Update, No: "n"}, text, 1<<20), text)
	if dry.State != batch.Checked || dry.Counts.Rejected != planted || k.records(dry.ID) != 0 {
		t.Errorf("%s %+v", dry.State, dry.Counts)
	}
	if rows, err := k.Rows.Count(t.Context(), store.RowsOf(dry.ID)); err != nil || rows != int64(planted) {
		t.Errorf("%d rows of the work list, %v", rows, err)
	}
	one := k.submit(k.deliver(batch.Draft{Format: batch.CSV}, text, 1<<20), text)
	two := k.submit(k.deliver(batch.Draft{Format: batch.CSV}, text, 1<<20), text)
	if one.Counts.Accepted != 1500-planted || two.Counts.Unchanged != one.Counts.Accepted || k.records(two.ID) != 0 || k.records(one.ID) != int64(1500-planted) {
		t.Errorf("%+v %+v", one.Counts, two.Counts)
	}
	_, err := k.Batches.Batches.Update(t.Context(), one.ID, func(b *batch.Batch) error { return b.Withdraw(officer, "wrong month", k.clock.now()) })
	must(t, err)
	one = k.finish(one.ID)
	if one.State != batch.Withdrawn || one.Taken != 1500-planted {
		t.Errorf("%s, %d taken back", one.State, one.Taken)
	}
	_, err = k.Records.Each(t.Context(), store.RecordsOfBatch(one.ID), func(r *record.Record) error {
		if r.State != record.Withdrawn || r.Used() {
			t.Errorf("%s is %s", r.ID, r.State)
		}
		return nil
	})
	must(t, err)
}

// Cut off in the middle of a part, a run goes on and comes to what it would have come to; nothing counts twice.
func TestCutOffAndGoesOn(t *testing.T) {
	t.Parallel()
	whole, broken := intakes(t), intakes(t)
	text, _ := whole.csvOf(5000, 4, 9)
	want := whole.submit(whole.deliver(batch.Draft{Format: batch.CSV}, text, 1<<20), text)
	b := broken.deliver(batch.Draft{Format: batch.CSV}, text, 1<<20)
	_, err := broken.Batches.Batches.Update(t.Context(), b.ID, func(b *batch.Batch) error {
		return b.Submit(want.File.Hash, broken.item.Version, officer, broken.clock.now())
	})
	must(t, err)
	lost := 0
	for _, s := range broken.Subscribers() { // the parts are done, and what they counted is lost now and then
		if s.Name != "batch.part" {
			continue
		}
		for part := range 3 {
			before, err := broken.Batches.Batches.Get(t.Context(), b.ID)
			must(t, err)
			e := models.Event{ID: "e", Kind: batch.EventPartDue.Name(), Subject: b.ID, Data: map[string]string{"batch": b.ID, "part": itoa(part)}}
			must(t, s.Do(t.Context(), e))
			_, err = broken.Batches.Batches.Update(t.Context(), b.ID, func(b *batch.Batch) error {
				b.Job, b.Cursor, b.Counts, b.State, b.Ended = before.Job, before.Cursor, before.Counts, before.State, before.Ended
				return nil
			})
			must(t, err)
			lost++
			must(t, s.Do(t.Context(), e))
		}
	}
	if lost != 3 {
		t.Fatalf("%d parts were lost", lost)
	}
	got := broken.finish(b.ID)
	if got.State != want.State || got.Counts.Rows != want.Counts.Rows || got.Counts.Accepted != want.Counts.Accepted || got.Counts.Rejected != want.Counts.Rejected ||
		broken.records(b.ID) != whole.records(want.ID) {
		t.Errorf("%s %+v, want %s %+v", got.State, got.Counts, want.State, want.Counts)
	}
	rows, err := broken.Rows.Count(t.Context(), store.RowsOf(b.ID))
	must(t, err)
	if rows != int64(want.Counts.Rejected) {
		t.Errorf("%d rows of the work list, want %d", rows, want.Counts.Rejected)
	}
}

func itoa(n int) string { return string(rune('0' + n)) }
