package flows_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/xuri/excelize/v2"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/blob"
	"xinyi/models/farmer"
	"xinyi/models/identity"
	"xinyi/models/journal"
	"xinyi/models/record"
	"xinyi/models/score"
	"xinyi/store"
	"xinyi/usecase"
)

// hamlet is a replica with households.
type hamlet struct {
	*world
	flows.Farmer
	sweep *flows.Sweep
	clerk models.Actor
	n     int
}

const hamletCode = models.Region("430181108203")

func hamlets(t *testing.T) *hamlet {
	t.Helper()
	clock := &hands{t: noon}
	engine := newEngine(t)
	s := store.New(engine, clock.now, store.TestKeys())
	w := &world{engine: engine, store: s, clock: clock, lost: store.NewRepo[journal.Lost](s, store.Dead)}
	w.relay = newRelay(s, w.lost, slog.New(slog.DiscardHandler), flows.NewMetrics(prometheus.NewRegistry()))
	people := store.NewRepo[identity.Person](s, store.People)
	h := &hamlet{world: w, clerk: models.Actor{Person: "clerk", Role: models.TownStaff, Region: "430181108"}}
	h.Farmer = flows.Farmer{
		Farmer: usecase.OpenFarmer(s, store.NewRepo[blob.Blob](s, store.Blobs), store.NewRepo[record.Record](s, store.Records), usecase.Subjects{People: people, Keys: s.Keys}),
		Facts:  usecase.StandardFarmFacts(nil), Policy: farmer.Standard, Now: clock.now,
	}
	must(t, w.relay.Subscribe(h.Subscribers()...))
	h.sweep = flows.NewSweep(s, slog.New(slog.DiscardHandler), flows.NewMetrics(prometheus.NewRegistry()))
	must(t, s.Ensure(t.Context()))
	office := models.Actor{Person: "o1", Role: models.CreditOffice, Region: "4301"}
	for section, fields := range map[string]string{
		"head":    `"name":{"type":"string","x-kind":"text","title":"户主姓名","x-title-en":"Name","maxLength":50,"x-private":true},"idNumber":{"type":"string","x-kind":"text","title":"身份证号","x-title-en":"Number","maxLength":18,"x-private":true}`,
		"members": `"name":{"type":"string","x-kind":"text","title":"成员姓名","x-title-en":"Name","maxLength":50,"x-private":true},"idNumber":{"type":"string","x-kind":"text","title":"成员身份证号","x-title-en":"Number","maxLength":18,"x-private":true}`,
		"land":    `"contracted":{"type":"integer","x-kind":"whole","title":"承包地","x-title-en":"Land","minimum":0,"maximum":100000}`,
		"income":  `"cropsFen":{"type":"integer","x-kind":"whole","title":"种植收入","x-title-en":"Crops","minimum":0,"maximum":100000,"x-restricted":true}`,
	} {
		rows := 0
		if section == "members" {
			rows = 10
		}
		f, err := farmer.NewForm(1, farmer.FormDraftOf{Section: section, Region: "4301", Name: models.Words{ZH: "表", EN: "Form"}, Rows: rows, Scope: "farm.x",
			Schema: `{"type":"object","additionalProperties":false,"properties":{` + fields + `}}`}, farmer.Screening{
			Forbidden: func(string) (string, bool) { return "", false }, Restricted: func(string) (string, bool) { return "", false }}, office, noon)
		must(t, err)
		must(t, f.Publish(models.Actor{Person: "o2", Role: models.CreditOffice, Region: "4301"}, noon))
		must(t, h.Forms.Insert(t.Context(), f))
	}
	h.Forget()
	forms, err := h.FormsAt(t.Context(), hamletCode)
	must(t, err)
	for name, columns := range map[string][]farmer.LayoutColumn{
		"households": {{Heading: "户号", To: "no"}, {Heading: "户主姓名", To: "head.name"}, {Heading: "身份证号", To: "head.idNumber"}, {Heading: "承包地", To: "land.contracted"}},
		"members":    {{Heading: "户号", To: "no"}, {Heading: "成员姓名", To: "members.name"}, {Heading: "成员身份证号", To: "members.idNumber"}},
	} {
		l, err := farmer.NewLayout(farmer.LayoutDraft{Region: "4301", Name: name, Columns: columns}, forms, office, noon)
		must(t, err)
		must(t, h.Layouts.Insert(t.Context(), l))
	}
	return h
}

// settles lets a time pass, and everything that follows from it.
func (h *hamlet) settles(t *testing.T, d time.Duration) {
	t.Helper()
	h.clock.move(d)
	for range 20 {
		must(t, h.relay.Drain(t.Context()))
		n, err := h.sweep.Round(t.Context(), h.clock.now())
		must(t, err)
		if n == 0 {
			return
		}
	}
}

// brings keeps a sheet, and answers its import.
func (h *hamlet) brings(t *testing.T, layout string, raw []byte, dry bool) *farmer.Import {
	t.Helper()
	h.n++
	id := fmt.Sprint("import-", h.n)
	b, err := blob.New("blob-"+id, "import/"+id, "application/x", raw, time.Time{})
	must(t, err)
	must(t, h.Blobs.Insert(t.Context(), b))
	l, err := h.Layouts.Get(t.Context(), "4301-"+layout)
	must(t, err)
	im, err := farmer.NewImport(l, farmer.Upload{ID: id, Village: hamletCode, Blob: b.ID, Hash: b.Hash, DryRun: dry}, h.clerk, h.clock.now())
	must(t, err)
	return im
}

// imports brings a sheet, and answers what became of it.
func (h *hamlet) imports(t *testing.T, layout string, raw []byte, dry bool) *farmer.Import {
	t.Helper()
	im := h.brings(t, layout, raw, dry)
	must(t, h.Imports.Insert(t.Context(), im))
	var err error
	for range 300 {
		h.settles(t, time.Second)
		if im, err = h.Imports.Get(t.Context(), im.ID); err != nil || im.State != farmer.Importing {
			break
		}
	}
	must(t, err)
	if im.State == farmer.Importing {
		t.Fatalf("the import does not end: part %d, %d lines, %+v", im.Part, im.Lines, im.Stall)
	}
	return im
}

func number(t *testing.T, birth models.Day) string {
	t.Helper()
	n, err := models.SyntheticIDNumber("430181", birth)
	must(t, err)
	return n.Reveal()
}

func TestImport(t *testing.T) {
	t.Parallel()
	h := hamlets(t)
	rows := [][]any{{"户号", "户主姓名", "身份证号", "承包地"}}
	for i := range 1200 { // more than two parts
		rows = append(rows, []any{fmt.Sprint(1000 + i), "某人", number(t, models.Day("1960-01-01").Add(i)), 100 + i})
	}
	rows[3][3] = "许多"
	rows[5][0] = ""
	rows[7][2] = rows[6][2] // two heads with one number
	sheet := workbook(t, nil, rows...)
	if im := h.imports(t, "households", sheet, true); im.State != farmer.Imported || im.Lines != 1200 || im.Refused != 2 {
		t.Fatalf("%+v", im)
	}
	if n, err := h.Files.Count(t.Context(), store.FarmFilesIn(hamletCode)); err != nil || n != 0 {
		t.Fatalf("a trial kept %d files: %v", n, err)
	}
	im := h.imports(t, "households", sheet, false)
	if im.State != farmer.Imported || im.Created != 1198 || im.Taken != 1198 || im.Refused != 2 || im.Part < 3 {
		t.Fatalf("%d created, %d taken, %d refused in %d parts", im.Created, im.Taken, im.Refused, im.Part)
	}
	said := map[int]string{}
	for _, v := range im.Verdicts {
		for _, f := range v.Faults {
			said[v.Line] += f.Pointer + " " + f.Code + ";"
		}
	}
	if said[3] != "/承包地 farmer_whole;" || !strings.Contains(said[5], "farmer_no_number") || !strings.Contains(said[7], "farmer_elsewhere") || len(said) != 3 {
		t.Errorf("%v", said)
	}
	again := h.imports(t, "households", sheet, false)
	if again.Created != 0 || again.Taken != 1198 {
		t.Errorf("the same sheet twice: %+v", again)
	}
	f, err := h.Files.First(t.Context(), store.FarmFileIn(hamletCode, "1001"))
	must(t, err)
	if f.Revision > 4 || len(f.Conflicts) != 0 || f.Cells["land/contracted"].Value() != int64(101) {
		t.Errorf("%d, %v", f.Revision, f.Cells)
	}

	members := workbook(t, nil, []any{"户号", "成员姓名", "成员身份证号"}, []any{"1001", "周菊香", number(t, "1970-01-01")}, []any{"1001", "罗思远", ""}, []any{"1003", "周菊香", number(t, "1970-01-01")})
	for range 2 {
		im = h.imports(t, "members", members, false)
	}
	f, err = h.Files.First(t.Context(), store.FarmFileIn(hamletCode, "1001"))
	must(t, err)
	if len(f.Rows(farmer.Members)) != 2 || im.Taken != 3 || !strings.Contains(fmt.Sprint(im.Verdicts), "farmer_elsewhere") {
		t.Errorf("%v %+v", f.Rows(farmer.Members), im.Verdicts)
	}
}

func bound(n int64) *int64 { return &n }

// grows is how many bytes the heap is larger at most while do runs.
func grows(do func()) uint64 {
	read := func() uint64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	runtime.GC()
	before := read()
	most := before
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				most = max(most, read())
			}
		}
	}()
	do()
	close(stop)
	<-done
	return most - before
}

// again gives the relay the flows anew, as they are now.
func (h *hamlet) again(t *testing.T) {
	t.Helper()
	h.relay = newRelay(h.store, h.lost, slog.New(slog.DiscardHandler), flows.NewMetrics(prometheus.NewRegistry()))
	must(t, h.relay.Subscribe(h.Subscribers()...))
}

// bomb is a workbook whose sheet unpacks to far more than it is.
func bomb(t *testing.T, rows int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range map[string]string{
		"[Content_Types].xml":        `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`,
		"_rels/.rels":                `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
	} {
		part, err := w.Create(name)
		must(t, err)
		_, err = part.Write([]byte(text))
		must(t, err)
	}
	part, err := w.Create("xl/worksheets/sheet1.xml")
	must(t, err)
	_, err = part.Write([]byte(`<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row><c t="inlineStr"><is><t>户号</t></is></c></row>`))
	must(t, err)
	line := []byte(strings.Repeat(`<row><c><v>1</v></c></row>`, 1000))
	for range rows / 1000 {
		_, err := part.Write(line)
		must(t, err)
	}
	_, err = part.Write([]byte(`</sheetData></worksheet>`))
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// repeated is a small workbook that shows one long text in every cell.
func repeated(t *testing.T) []byte {
	t.Helper()
	book := excelize.NewFile()
	must(t, book.SetCellStr("Sheet1", "A1", "户号"))
	long := strings.Repeat("长", 3900)
	for r := 2; r < 1200; r++ {
		for c := 1; c <= 25; c++ {
			at, err := excelize.CoordinatesToCellName(c, r)
			must(t, err)
			must(t, book.SetCellStr("Sheet1", at, long))
		}
	}
	var b bytes.Buffer
	must(t, book.Write(&b))
	return b.Bytes()
}

// A sheet that means harm is refused, without more memory than a sheet may take.
func TestHostileSheets(t *testing.T) {
	h := hamlets(t)
	head := []any{"户号", "户主姓名"}
	for name, tc := range map[string]struct {
		raw []byte
		why string
	}{
		"formulas":                  {workbook(t, func(b *excelize.File) { must(t, b.SetCellFormula("Sheet1", "A2", "HYPERLINK(1)")) }, head), "batch.formula"},
		"eleven million rows":       {bomb(t, 11_000_000), "batch.too_many_rows"},
		"too many rows":             {bomb(t, 60_000), "batch.too_many_rows"},
		"one text, a million times": {repeated(t), "batch.workbook_too_large"},
		"not a workbook":            {[]byte("PK\x03\x04 nothing"), "batch.broken_workbook"},
		"another heading":           {workbook(t, nil, []any{"户号", "血型"}), "batch.unknown_heading"},
		"a heading twice":           {workbook(t, nil, []any{"户号", "户号"}), "batch.heading_twice"},
		"nothing":                   {workbook(t, nil), "batch.no_rows"},
	} {
		t.Run(name, func(t *testing.T) {
			var im *farmer.Import
			grown := grows(func() { im = h.imports(t, "households", tc.raw, false) })
			if im.State != farmer.Unread || im.Why != tc.why || im.Created != 0 {
				t.Errorf("%s %s, %d created", im.State, im.Why, im.Created)
			}
			if grown > 96<<20 {
				t.Errorf("%d MiB more were needed", grown>>20)
			}
		})
	}
}

// A run comes to the same as scoring one by one, also when it is cut off at any point, and writes nothing twice.
func TestRunIsTheSameAsOneByOne(t *testing.T) {
	t.Parallel()
	set := score.Set{
		Dimensions: []score.Dimension{{Code: "d", Name: models.Words{ZH: "项", EN: "Item"}, Indicators: []score.Indicator{{
			Code: "x", Name: models.Words{ZH: "项", EN: "Item"}, Source: models.Words{ZH: "表", EN: "Form"}, Of: "land/contracted", Max: 10000, Unknown: 5000, Linear: true,
			Bands: []score.Band{{Least: bound(1000), Points: 10000}, {Least: bound(0)}},
		}}}},
		Grades: []score.Grade{{Name: "A", Least: 7000, Good: true}, {Name: "B", Least: 0}},
	}
	for cut := 0; cut < 40; cut += 7 {
		h := hamlets(t)
		h.Farmer = flows.Sized(h.Farmer, 10)
		h.again(t)
		office := models.Actor{Person: "o1", Role: models.CreditOffice, Region: "4301"}
		m, err := farmer.NewModel(1, set, office, noon)
		must(t, err)
		forms, err := h.FormsAt(t.Context(), hamletCode)
		must(t, err)
		must(t, m.Validate(forms, office, noon))
		must(t, h.Models.Insert(t.Context(), m))
		sc, err := m.Scorer()
		must(t, err)
		for i := range 35 {
			s := &farmer.Score{Meta: models.Meta{ID: fmt.Sprintf("h-%03d", i)}, Village: hamletCode, Facts: map[string]int64{"land/contracted": int64(i * 37)}}
			if i%9 == 0 {
				s.Facts = nil
			}
			must(t, h.Scores.Insert(t.Context(), s))
		}
		r, err := m.NewRun("run", farmer.RunPlan{Kind: farmer.Rate, Against: "", Total: 35}, office, noon)
		must(t, err)
		engine := h.engine.(*counting)
		var left atomic.Int64 // writes that are let through; grades are written side by side
		if left.Store(int64(cut)); cut == 0 {
			left.Store(1 << 40)
		}
		engine.stop = func() error {
			if left.Add(-1) < 0 {
				return fmt.Errorf("cut off")
			}
			return nil
		}
		_ = h.Runs.Insert(t.Context(), r)
		_ = h.relay.Drain(t.Context())
		left.Store(1 << 40)
		if _, err := h.Runs.Get(t.Context(), "run"); err != nil {
			must(t, h.Runs.Insert(t.Context(), r))
		}
		for range 30 {
			h.settles(t, 10*time.Minute)
		}
		r, err = h.Runs.Get(t.Context(), "run")
		must(t, err)
		if r.State != farmer.RunDone || r.Seen != 35 {
			t.Fatalf("cut off after %d: %s, %d seen", cut, r.State, r.Seen)
		}
		_, err = h.Scores.Each(t.Context(), store.All(), func(s *farmer.Score) error {
			points, grade, good, err := sc.Brief(s.Input())
			if err != nil || s.Points != points || s.Grade != grade || s.Good != good || s.Model != m.ID || s.Version != 2 {
				t.Errorf("cut off after %d: %s has %s %s, version %d; one by one %s %s", cut, s.ID, s.Points, s.Grade, s.Version, points, grade)
			}
			return err
		})
		must(t, err)
	}
}

// A part whose time is over in the middle counts nobody twice.
func TestRunOutOfTime(t *testing.T) {
	t.Parallel()
	h := hamlets(t)
	office := models.Actor{Person: "o1", Role: models.CreditOffice, Region: "4301"}
	m, err := farmer.NewModel(1, score.Set{
		Dimensions: []score.Dimension{{Code: "d", Name: models.Words{ZH: "项", EN: "Item"}, Indicators: []score.Indicator{{
			Code: "x", Name: models.Words{ZH: "项", EN: "Item"}, Source: models.Words{ZH: "表", EN: "Form"}, Of: "land/contracted", Max: 10000, Unknown: 5000, Bands: []score.Band{{Points: 10000}},
		}}}},
		Grades: []score.Grade{{Name: "A", Least: 7000, Good: true}, {Name: "B", Least: 0}},
	}, office, noon)
	must(t, err)
	forms, err := h.FormsAt(t.Context(), hamletCode)
	must(t, err)
	must(t, m.Validate(forms, office, noon))
	must(t, h.Models.Insert(t.Context(), m))
	for i := range 450 { // more than two pages
		must(t, h.Scores.Insert(t.Context(), &farmer.Score{Meta: models.Meta{ID: fmt.Sprintf("h-%03d", i)}, Village: hamletCode}))
	}
	r, err := m.NewRun("run", farmer.RunPlan{Kind: farmer.Simulate, Against: "", Total: 450}, office, noon)
	must(t, err)
	r.Outbox = nil
	must(t, h.Runs.Insert(t.Context(), r))
	engine := h.engine.(*counting)
	for part := 0; ; part++ {
		ctx, cancel := context.WithCancel(t.Context())
		pages := 0
		engine.found = func(of store.Collection) {
			if of.Name != store.FarmScores.Name {
				return
			}
			if pages++; pages == 2 {
				cancel()
			}
		}
		for _, s := range h.Subscribers() {
			if s.Name == "farmer.run" {
				must(t, s.Do(ctx, models.Event{Subject: "run", Data: map[string]string{"part": fmt.Sprint(part)}}))
			}
		}
		engine.found = nil
		cancel()
		if r, err = h.Runs.Get(t.Context(), "run"); err != nil || r.State == farmer.RunDone {
			break
		}
		if part > 10 {
			t.Fatal("it does not get on")
		}
	}
	must(t, err)
	if r.Seen != 450 || r.Grades()["B"] != 450 {
		t.Errorf("%d seen, %v", r.Seen, r.Grades())
	}
}
