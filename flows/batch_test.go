package flows_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
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
	"xinyi/store/sqlite/sqlitetest"
	"xinyi/usecase"
)

// intake is a replica that takes batches.
type intake struct {
	*testing.T
	flows.Batches
	store *store.Store
	clock *hands
	relay *flows.Relay
	sweep *flows.Sweep
	item  *catalogue.Item
	form  *catalogue.Form
	n     int
}

var officer = models.Actor{Person: "p-officer", Role: models.DataOfficer, Org: "unit-changsha-scjg", Region: "4301"}

func intakes(t *testing.T) *intake {
	t.Helper()
	engine := sqlitetest.Open(t)
	k := &intake{T: t, clock: &hands{t: noon}}
	k.store = store.New(engine, k.clock.now, store.TestKeys())
	people := store.NewRepo[identity.Person](k.store, store.People)
	k.Batches = flows.Batches{
		Batch: usecase.OpenBatch(k.store, store.NewRepo[blob.Blob](k.store, store.Blobs)), Catalogue: usecase.OpenCatalogue(k.store),
		Records: store.NewRepo[record.Record](k.store, store.Records), Subjects: usecase.Subjects{People: people, Keys: k.store.Keys},
		Policy: record.Standard, Log: slog.New(slog.DiscardHandler), Now: k.clock.now,
	}
	m := flows.NewMetrics(prometheus.NewRegistry())
	k.relay = newRelay(k.store, store.NewRepo[journal.Lost](k.store, store.Dead), k.Log, m)
	k.sweep = flows.NewSweep(k.store, k.Log, m)
	must(t, k.relay.Subscribe(k.Subscribers()...))
	must(t, k.store.Ensure(t.Context()))
	items, err := seed.Catalogue(models.Actor{Person: "a", Role: models.CreditOffice, Region: "4301"}, models.Actor{Person: "b", Role: models.CreditOffice, Region: "4301"})
	must(t, err)
	for _, it := range items {
		if it.Code == "XZCF" && it.Published() {
			k.item = it
		}
	}
	k.item.Outbox = nil
	must(t, k.Catalogue.Items.Insert(t.Context(), k.item))
	k.form, err = k.item.Form()
	must(t, err)
	return k
}

// deliver makes a batch of a file, in parts of a size, ready to be submitted.
func (k *intake) deliver(d batch.Draft, data []byte, size int) *batch.Batch {
	k.Helper()
	k.n++
	if d.Item == "" {
		d.Item, d.Mode = "XZCF", batch.Update
	}
	if d.No == "" {
		d.No = fmt.Sprint("no-", k.n)
	}
	b, err := batch.New(fmt.Sprint("b", k.n), d, officer, k.clock.now())
	must(k.T, err)
	for n := 1; len(data) > 0; n++ {
		part := data[:min(size, len(data))]
		data = data[len(part):]
		id := models.Derived("part", b.ID, fmt.Sprint(n))
		one, err := blob.New(id, b.ID, "text/csv", part, time.Time{})
		must(k.T, err)
		must(k.T, k.Blobs.Insert(k.Context(), one))
		fresh, err := b.Part(n, part, []string{id}, []int{len(part)})
		must(k.T, err)
		if !fresh {
			k.Fatal("a part was known already")
		}
	}
	must(k.T, k.Batches.Batches.Insert(k.Context(), b))
	return b
}

func (k *intake) submit(b *batch.Batch, data []byte) *batch.Batch {
	k.Helper()
	_, err := k.Batches.Batches.Update(k.Context(), b.ID, func(b *batch.Batch) error {
		return b.Submit(blob.Hash(data), k.item.Version, officer, k.clock.now())
	})
	must(k.T, err)
	return k.finish(b.ID)
}

// finish lets what is left be done.
func (k *intake) finish(id string) *batch.Batch {
	k.Helper()
	for range 1000 {
		must(k.T, k.relay.Drain(k.Context()))
		b, err := k.Batches.Batches.Get(k.Context(), id)
		must(k.T, err)
		if b.State != batch.Running && b.State != batch.Withdrawing {
			return b
		}
		k.clock.move(time.Minute)
		_, err = k.sweep.Round(k.Context(), k.clock.now())
		must(k.T, err)
	}
	k.Fatal("the batch never ends")
	return nil
}

// TestEveryPlantedFaultIsNamed ingests a sample and compares its verdicts with what was planted: each, and no other.
func TestEveryPlantedFaultIsNamed(t *testing.T) {
	t.Parallel()
	k := intakes(t)
	var file bytes.Buffer
	const rows = 6000
	planted, err := seed.Sample(&file, k.form, rows, 30, 7, noon)
	must(t, err)
	b := k.submit(k.deliver(batch.Draft{Format: batch.CSV}, file.Bytes(), 100_000), file.Bytes())
	if b.State != batch.Done || b.Counts.Rows != rows || b.Counts.Rejected != len(planted) || b.Counts.Accepted != rows-len(planted) {
		t.Fatalf("%s %s %v: %+v, %d planted", b.State, b.Why, b.Args, b.Counts, len(planted))
	}
	want := map[int]string{}
	kinds := map[string]int{}
	for _, p := range planted {
		want[p.Row] = p.Column + " " + p.Code
		kinds[p.Column+" "+p.Code]++
	}
	_, err = k.Rows.Each(t.Context(), store.RowsOf(b.ID), func(r *batch.Row) error {
		got := strings.TrimPrefix(r.Faults[0].Pointer, "/") + " " + r.Faults[0].Code
		if len(r.Faults) != 1 || got != want[r.No] {
			t.Errorf("row %d: %+v, planted %q", r.No, r.Faults, want[r.No])
		}
		delete(want, r.No)
		return nil
	})
	must(t, err)
	if len(want) > 0 {
		t.Errorf("not named: %v", want)
	}
	if len(kinds) != 15 {
		t.Errorf("%d kinds planted: %v", len(kinds), kinds)
	}
	n, err := k.Records.Count(t.Context(), store.RecordsOfBatch(b.ID))
	must(t, err)
	if n != int64(b.Counts.Accepted) {
		t.Errorf("%d records for %d accepted rows", n, b.Counts.Accepted)
	}
	if c := batch.Sum([]*batch.Batch{b}); *c.Compliance != models.Bp(b.Counts.Accepted*10000/rows) || c.Coverage != nil || *c.Timeliness >= 10000 {
		t.Errorf("%+v", c)
	}
}
