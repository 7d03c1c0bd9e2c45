package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/batch"
	"xinyi/models/blob"
	"xinyi/models/catalogue"
	"xinyi/models/identity"
	"xinyi/models/journal"
	"xinyi/models/record"
	"xinyi/seed"
	"xinyi/store"
	"xinyi/store/sqlite"
	"xinyi/usecase"
)

// ingest measures how fast a file of penalties, 3 % of its rows spoiled by each kind of fault, becomes records on SQLite, every
// index kept, and what memory that takes at the start and at the end.
func (p plan) ingest(ctx context.Context, dir string) (err error) {
	rows := p.large
	engine, err := sqlite.Open(ctx, filepath.Join(dir, "ingest.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	s := store.New(engine, func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }, store.TestKeys())
	quiet := slog.New(slog.DiscardHandler)
	f := flows.Batches{
		Batch: usecase.OpenBatch(s, store.NewRepo[blob.Blob](s, store.Blobs)), Catalogue: usecase.OpenCatalogue(s),
		Records: store.NewRepo[record.Record](s, store.Records), Subjects: usecase.Subjects{People: store.NewRepo[identity.Person](s, store.People), Keys: s.Keys},
		Policy: record.Standard, Log: quiet, Now: s.Now,
	}
	relay := flows.NewRelay(s, store.NewRepo[journal.Lost](s, store.Dead), quiet, flows.NewMetrics(prometheus.NewRegistry()))
	if err := errors.Join(relay.Subscribe(f.Subscribers()...), s.Ensure(ctx)); err != nil {
		return err
	}
	b, planted, err := delivered(ctx, f, rows)
	if err != nil {
		return err
	}
	if at := os.Getenv("CPUPROFILE"); at != "" {
		out, err := os.Create(at)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(out); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	began, cpu := time.Now(), cpuTime()
	if _, err := f.Batches.Update(ctx, b.ID, func(b *batch.Batch) error {
		return b.Submit(b.File.Name, b.Edition, b.By,
			s.Now())
	}); err != nil {
		return err
	}
	early := uint64(0)
	for {
		if b, err = f.Batches.Get(ctx, b.ID); err != nil {
			return err
		}
		if early == 0 && b.Counts.Rows >= rows/10 {
			early = heap()
		}
		if b.State != batch.Running {
			break
		}
		if b.WakeAt == nil || len(b.Outbox) == 0 {
			return fmt.Errorf("the run stands still: %+v", b.Counts)
		}
		if _, err := relay.Poll(ctx); err != nil && (ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded)) {
			return err
		}
	}
	took := time.Since(began)
	fmt.Printf("\ningest, %d rows of penalties (%.1f MiB): %.0f rows/s, %.0f µs of processor time a row; %d accepted, %d rejected, %d planted; heap %.0f MiB early, %.0f MiB at the end\n",
		b.Counts.Rows, float64(b.File.Size)/(1<<20), float64(b.Counts.Rows)/took.Seconds(),
		float64((cpuTime()-cpu).Microseconds())/float64(b.Counts.Rows),
		b.Counts.Accepted, b.Counts.Rejected, planted, float64(early)/(1<<20), float64(heap())/(1<<20))
	if b.State != batch.Done || b.Counts.Rejected != planted {
		return fmt.Errorf("the batch came to %s %s with %d rejected rows, %d planted", b.State, b.Why, b.Counts.Rejected, planted)
	}
	return nil
}

// cpuTime is the processor time this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// delivered is a batch whose file is there, with its hash in the place of its name, and how many faults are planted in it.
func delivered(ctx context.Context, f flows.Batches, rows int) (*batch.Batch, int, error) {
	items, err := seed.Catalogue(models.Actor{Person: "a", Role: models.CreditOffice, Region: "4301"},
		models.Actor{Person: "b", Role: models.CreditOffice, Region: "4301"})
	if err != nil {
		return nil, 0, err
	}
	var item *catalogue.Item
	for _, it := range items {
		if it.Code == "XZCF" && it.Published() {
			item = it
		}
	}
	item.Outbox = nil
	form, err := item.Form()
	if err != nil {
		return nil, 0, err
	}
	var file bytes.Buffer
	planted, err := seed.Sample(&file, form, seed.Sampling{Rows: rows, PerMille: 30, Seed: 7}, f.Now())
	if err != nil {
		return nil, 0, err
	}
	by := models.Actor{Role: models.DataOfficer, Org: item.Units[0], Region: "4301"}
	hash := blob.Hash(file.Bytes())
	b, err := batch.New("bench", batch.Draft{Item: "XZCF", No: "1", Name: hash, Format: batch.CSV, Mode: batch.Update}, by, f.Now())
	if err != nil {
		return nil, 0, err
	}
	b.Edition = item.Version
	for n := 1; file.Len() > 0; n++ {
		part := bytes.Clone(file.Next(1 << 20))
		one, err := blob.New(fmt.Sprint("part-", n), b.ID, "text/csv", part, time.Time{})
		if err == nil {
			err = f.Blobs.Insert(ctx, one)
		}
		if err == nil {
			_, err = b.Part(n, part, []string{one.ID}, []int{len(part)})
		}
		if err != nil {
			return nil, 0, err
		}
	}
	return b, len(planted), errors.Join(f.Catalogue.Items.Insert(ctx, item), f.Batches.Insert(ctx, b))
}
