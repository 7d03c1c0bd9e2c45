package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/store"
	"xinyi/store/sqlite"
)

// The benchmarks ask the bare engine for the work of the decision record: documents of about 750 bytes under two indexes.
var benched = store.Collection{
	Name:    "bills",
	Indexes: []store.Index{{Paths: []string{"hospital", "state", "dueAt"}}, {Paths: []string{"owner", "dueAt"}}},
}

const benchDocs = 10_000

type benchDoc struct {
	ID       string      `bson:"_id"`
	Version  int64       `bson:"version"`
	Hospital string      `bson:"hospital"`
	State    string      `bson:"state"`
	DueAt    time.Time   `bson:"dueAt"`
	Owner    string      `bson:"owner"`
	Pad      string      `bson:"pad"`
	Lines    []benchLine `bson:"lines"`
}

type benchLine struct {
	Name string `bson:"name"`
	Fen  int64  `bson:"fen"`
}

func benchID(i int) string { return fmt.Sprintf("bill/%08d", i) }

func benchDocOf(i int) benchDoc {
	d := benchDoc{ID: benchID(i), Version: 1, Hospital: fmt.Sprint("h", i%40), State: []string{"open", "due", "paid"}[i%3],
		DueAt: time.UnixMilli(1_700_000_000_000 + int64(i)*1000), Owner: fmt.Sprint("p", i%500), Pad: strings.Repeat("0123456789", 38)}
	for j := range 6 {
		d.Lines = append(d.Lines, benchLine{fmt.Sprint("line", j), int64(j)})
	}
	return d
}

func benchEngine(b *testing.B) *sqlite.Engine {
	b.Helper()
	e := open(b)
	if err := e.Ensure(b.Context(), benched); err != nil {
		b.Fatal(err)
	}
	raws := make([]bson.Raw, benchDocs)
	for i := range raws {
		raw, err := bson.Marshal(benchDocOf(i))
		if err != nil {
			b.Fatal(err)
		}
		raws[i] = raw
	}
	if err := e.Insert(b.Context(), benched, raws...); err != nil {
		b.Fatal(err)
	}
	return e
}

// at runs op on an engine with 1 and with 64 goroutines.
func at(b *testing.B, op func(b *testing.B, e *sqlite.Engine) error) {
	for _, goroutines := range []int{1, 64} {
		b.Run(fmt.Sprint(goroutines), func(b *testing.B) {
			e := benchEngine(b)
			b.ReportAllocs()
			b.ResetTimer()
			defer func() { b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s") }()
			if goroutines == 1 {
				for range b.N {
					if err := op(b, e); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.SetParallelism(goroutines / runtime.GOMAXPROCS(0))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := op(b, e); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkGet reads one document and decodes it.
func BenchmarkGet(b *testing.B) {
	at(b, func(b *testing.B, e *sqlite.Engine) error {
		_, err := getDoc(b, e, rand.IntN(benchDocs))
		return err
	})
}

func getDoc(b *testing.B, e *sqlite.Engine, i int) (benchDoc, error) {
	var d benchDoc
	raw, err := e.Get(b.Context(), benched, benchID(i))
	if err != nil {
		return d, err
	}
	return d, bson.Unmarshal(raw, &d)
}

// BenchmarkList20 reads and decodes a hospital's first twenty bills of a state.
func BenchmarkList20(b *testing.B) {
	at(b, func(b *testing.B, e *sqlite.Engine) error {
		q := store.Where("hospital", store.Eq, fmt.Sprint("h", rand.IntN(40))).And("state", store.Eq, "due").Asc("dueAt")
		return listDocs(b, e, q)
	})
}

// BenchmarkList20In is the same for any of two states, merged.
func BenchmarkList20In(b *testing.B) {
	at(b, func(b *testing.B, e *sqlite.Engine) error {
		q := store.Where("hospital", store.Eq, fmt.Sprint("h", rand.IntN(40))).And("state", store.In, "open", "due").Asc("dueAt")
		return listDocs(b, e, q)
	})
}

func listDocs(b *testing.B, e *sqlite.Engine, q store.Query) error {
	ix, ok := benched.IndexFor(q)
	if !ok {
		return fmt.Errorf("no index for %+v", q)
	}
	raws, err := e.Find(b.Context(), benched, store.Scan{Query: q, Index: ix, Limit: 20})
	if err != nil {
		return err
	}
	if len(raws) != 20 {
		return fmt.Errorf("%d documents", len(raws))
	}
	for _, raw := range raws {
		var d benchDoc
		if err := bson.Unmarshal(raw, &d); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkUpdate reads a document, changes an indexed path and saves it durably by compare-and-swap.
func BenchmarkUpdate(b *testing.B) {
	var lost atomic.Int64
	at(b, func(b *testing.B, e *sqlite.Engine) error {
		for {
			d, err := getDoc(b, e, rand.IntN(benchDocs))
			if err != nil {
				return err
			}
			read := d.Version
			d.Version, d.DueAt = read+1, d.DueAt.Add(time.Second)
			raw, err := bson.Marshal(d)
			if err != nil {
				return err
			}
			saved, err := e.Replace(b.Context(), benched, d.ID, read, raw)
			if err != nil || saved {
				return err
			}
			lost.Add(1)
		}
	})
}

// BenchmarkReplaceIndexed saves a document under eight indexes of which one column changes, as a payment saves a bill.
func BenchmarkReplaceIndexed(b *testing.B) {
	c := store.Collection{Name: "wide"}
	for i := range 8 {
		c.Indexes = append(c.Indexes, store.Index{Paths: []string{fmt.Sprint("p", i), "hospital"}})
	}
	e := open(b)
	if err := e.Ensure(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	doc := func(i int, version int64) bson.Raw {
		d := bson.D{{Key: "_id", Value: benchID(i)}, {Key: "version", Value: version}, {Key: "hospital", Value: "h1"}, {Key: "pad", Value: strings.Repeat("x", 900)}}
		for p := range 8 {
			v := int64(i * 7919 % benchDocs)
			if p == 0 {
				v += version
			}
			d = append(d, bson.E{Key: fmt.Sprint("p", p), Value: fmt.Sprint("value-", v)})
		}
		raw, err := bson.Marshal(d)
		if err != nil {
			b.Fatal(err)
		}
		return raw
	}
	raws := make([]bson.Raw, benchDocs)
	for i := range raws {
		raws[i] = doc(i, 1)
	}
	if err := e.Insert(b.Context(), c, raws...); err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(64 / runtime.GOMAXPROCS(0))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := next.Add(1) - 1
			i, version := int(n%benchDocs), n/benchDocs+1
			if saved, err := e.Replace(b.Context(), c, benchID(i), version, doc(i, version+1)); err != nil || !saved {
				b.Errorf("%d at %d: saved %v, %v", i, version, saved, err)
				return
			}
		}
	})
}
