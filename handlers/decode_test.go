package handlers

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"xinyi/models"
	"xinyi/store"
)

func TestOwnRules(t *testing.T) {
	tests := map[string]struct{ good, bad []string }{
		"yuan":     {[]string{"0", "12", "12.3", "-12.34"}, []string{"", "1.005", "1e3", " 1", "+1", ".5", "1."}},
		"cnid":     {[]string{"430181199001010003", "43011220100601000X"}, []string{"", "430181199001010004", "430181199013010003"}},
		"cnphone":  {[]string{"13800000000", "19912345678"}, []string{"", "12800000000", "1380000000", "+8613800000000"}},
		"uscc":     {[]string{"91430100MAXX000152", "93430181MAXX00031U", "N2430181MFXX00048J"}, []string{"", "91430100MAXX000153", "91430100maxx000152", "9143010OMAXX000152", "91430100MAXX00015"}},
		"division": {[]string{"43", "4301", "430181", "430181108", "430181108240"}, []string{"", "4", "430", "43018", "43018110", "abcdef"}},
		"day":      {[]string{"2026-02-28"}, []string{"", "2026-02-29", "2026-2-1", "2026/02/01"}},
	}
	for name, tc := range tests {
		for _, s := range tc.good {
			if !rules[name].ok(reflect.ValueOf(s)) {
				t.Errorf("%s refuses %q", name, s)
			}
		}
		for _, s := range tc.bad {
			if rules[name].ok(reflect.ValueOf(s)) {
				t.Errorf("%s takes %q", name, s)
			}
		}
	}
	for n, want := range map[int64]bool{0: true, 1: true, maxFen: true, -1: false, maxFen + 1: false} {
		if got := rules["fen"].ok(reflect.ValueOf(models.Fen(n))); got != want {
			t.Errorf("fen %d: %v", n, got)
		}
	}
}

type everything struct {
	PageQuery
	Since *time.Time    `query:"since"`
	Open  bool          `query:"open"`
	Kind  []models.Role `query:"kind"`
	Trace string        `header:"X-Trace"`
	Text  string        `json:"text" validate:"max=5"`
	Inner struct {
		Day models.Day `json:"day" validate:"omitempty,day"`
	} `json:"inner"`
	List []noteLine `json:"list" validate:"dive"`
}

func request(app *fiber.App, query, body string) (*asked, func()) {
	raw := &fasthttp.RequestCtx{}
	raw.Request.SetRequestURI("/x?" + query)
	raw.Request.Header.Set("X-Trace", "t1")
	raw.Request.SetBodyString(body)
	c := app.AcquireCtx(raw)
	return &asked{c: c, body: raw.Request.Body()}, func() { app.ReleaseCtx(c) }
}

func TestFill(t *testing.T) {
	p, err := planFor(reflect.TypeFor[everything](), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, done := request(fiber.New(), "limit=7&since=2026-03-01T08:00:00%2B08:00&open=true&kind=bank,hospital&kind=auditor",
		`{"text":"a","inner":{"day":"2026-01-01"},"list":[{"amount":"1.50"}]}`)
	defer done()
	var in everything
	if err := p.fill(reflect.ValueOf(&in).Elem(), a); err != nil {
		t.Fatal(err)
	}
	if in.Limit != 7 || in.Since == nil || in.Since.Hour() != 0 || !in.Open || len(in.Kind) != 3 || in.Kind[1] != models.Hospital || in.Trace != "t1" ||
		in.Text != "a" || in.Inner.Day != "2026-01-01" || in.List[0].Amount != "1.50" {
		t.Errorf("%+v", in)
	}
}

// FuzzDecode: whatever is sent ends as a value or as Invalid with a pointer, never as a panic or another code.
func FuzzDecode(f *testing.F) {
	p, err := planFor(reflect.TypeFor[everything](), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("limit=1", `{"text":"a"}`)
	f.Add("kind=a,b&open=x", `{"list":[{"amount":1}]}`)
	f.Add("%zz", `[[[[`)
	f.Add("cursor=%00", "{\"text\":\"\\ud800\"}")
	app := fiber.New()
	f.Fuzz(func(t *testing.T, query, body string) {
		a, done := request(app, query, body)
		defer done()
		var in everything
		err := p.fill(reflect.ValueOf(&in).Elem(), a)
		if err == nil {
			return
		}
		var e *models.Error
		if !errors.As(err, &e) || e.Code != models.Invalid || len(e.Fields) == 0 {
			t.Fatalf("%q %q: %v", query, body, err)
		}
	})
}

// BenchmarkDoor is what the door costs a GET, beside the server underneath, signing in and the store.
func BenchmarkDoor(b *testing.B) {
	r := NewRouter(Config{Now: time.Now, Auth: names{}, Store: store.New(nil, time.Now, nil), Log: slog.Default(), Permissions: noteTable, Rates: Rates{Client: Rate{N: 1 << 30, Per: time.Hour}}})
	Get(r, "/notes/{id}", func(_ context.Context, _ Request, in noteAt) (noteView, error) {
		return noteView{ID: in.ID, Text: "y", revision: 3}, nil
	}, Does("Read"), May(readNotes))
	r.App().Get("/floor", func(c *fiber.Ctx) error { return c.SendString("x") })
	bare := fiber.New()
	bare.Get("/floor", func(c *fiber.Ctx) error { return c.SendString("x") })
	for name, h := range map[string]struct {
		serve fasthttp.RequestHandler
		path  string
	}{"fiber": {bare.Handler(), "/floor"}, "door": {r.App().Handler(), "/floor"}, "route": {r.App().Handler(), "/v1/notes/n1"}} {
		b.Run(name, func(b *testing.B) {
			var raw fasthttp.RequestCtx
			raw.Request.SetRequestURI(h.path)
			raw.Request.Header.Set("Authorization", "Bearer client:auditor")
			raw.Request.Header.Set("Accept-Language", "zh-CN,zh;q=0.9,en;q=0.8")
			b.ReportAllocs()
			for b.Loop() {
				raw.Response.Reset()
				h.serve(&raw)
			}
			if raw.Response.StatusCode() != 200 {
				b.Fatal(raw.Response.String())
			}
		})
	}
}
