package flows_test

import (
	"testing"
	"time"

	"xinyi/models"
	"xinyi/models/farmer"
	"xinyi/store"
)

// A household whose file was started and cut off before its first cell is read again: an import goes on over it.
func TestImportGoesOnOverAFileJustStarted(t *testing.T) {
	t.Parallel()
	h := hamlets(t)
	f, err := farmer.NewFile("started", "1000", hamletCode, h.clerk, h.clock.now())
	must(t, err)
	must(t, h.Files.Insert(t.Context(), f))
	rows := [][]any{{"户号", "户主姓名", "身份证号", "承包地"}, {"1000", "某人", number(t, "1960-01-01"), 100}}
	if im := h.imports(t, "households", workbook(t, nil, rows...), false); im.State != farmer.Imported || im.Taken != 1 || im.Created != 0 {
		t.Errorf("%s %+v", im.State, im.Verdicts)
	}
}

// An import whose sheet cannot be found for an hour shows why, and goes on by itself once it can: each line counts once.
func TestImportWaitsForItsSheet(t *testing.T) {
	t.Parallel()
	h := hamlets(t)
	sheet := workbook(t, nil, []any{"户号", "户主姓名", "身份证号", "承包地"}, []any{"1000", "某人", number(t, "1960-01-01"), 100})
	im := h.brings(t, "households", sheet, false)
	b, err := h.Blobs.Get(t.Context(), im.Blob)
	must(t, err)
	must(t, h.Blobs.Delete(t.Context(), b.ID))
	must(t, h.Imports.Insert(t.Context(), im))
	for range 6 {
		h.settles(t, 10*time.Minute)
	}
	im, err = h.Imports.Get(t.Context(), im.ID)
	must(t, err)
	if im.State != farmer.Importing || im.Stall == nil || im.Stall.Reason != "job.missing" || im.Stall.Tries < 5 {
		t.Fatalf("%s %+v", im.State, im.Stall)
	}
	if n, err := h.lost.Count(t.Context(), store.DeadUndecided()); err != nil || n != 0 {
		t.Errorf("%d dead events: %v", n, err)
	}
	again := *b
	again.Meta = models.Meta{ID: b.ID, GoneAt: b.GoneAt}
	must(t, h.Blobs.Insert(t.Context(), &again))
	h.settles(t, time.Hour)
	im, err = h.Imports.Get(t.Context(), im.ID)
	must(t, err)
	if im.State != farmer.Imported || im.Taken != 1 || im.Created != 1 || im.Stall != nil || im.Working != "" {
		t.Errorf("%s, %d taken, %d created, %+v", im.State, im.Taken, im.Created, im.Job)
	}
}
