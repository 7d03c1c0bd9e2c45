package api_test

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/models"
	"xinyi/store"
)

type everything struct {
	api.PageQuery
	Since *time.Time    `query:"since"`
	Open  bool          `query:"open"`
	Kind  []models.Role `query:"kind"`
	Trace string        `header:"X-Trace"`
	Text  string        `json:"text" validate:"max=5"`
	Inner struct {
		Day models.Day `json:"day" validate:"omitempty,day"`
	} `json:"inner"`
	List []apitest.NoteLine `json:"list" validate:"dive"`
}

func TestFill(t *testing.T) {
	p, err := api.PlanFor(reflect.TypeFor[everything](), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, done := api.Asking(fiber.New(), "limit=7&since=2026-03-01T08:00:00%2B08:00&open=true&kind=bank,hospital&kind=auditor",
		`{"text":"a","inner":{"day":"2026-01-01"},"list":[{"amount":"1.50"}]}`)
	defer done()
	var in everything
	if err := p.Fill(reflect.ValueOf(&in).Elem(), a); err != nil {
		t.Fatal(err)
	}
	if in.Limit != 7 || in.Since == nil || in.Since.Hour() != 0 || !in.Open || len(in.Kind) != 3 || in.Kind[1] != models.Hospital || in.Trace != "t1" ||
		in.Text != "a" || in.Inner.Day != "2026-01-01" || in.List[0].Amount != "1.50" {
		t.Errorf("%+v", in)
	}
}

// FuzzDecode: whatever is sent ends as a value or as Invalid with a pointer, never as a panic or another code.
func FuzzDecode(f *testing.F) {
	p, err := api.PlanFor(reflect.TypeFor[everything](), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("limit=1", `{"text":"a"}`)
	f.Add("kind=a,b&open=x", `{"list":[{"amount":1}]}`)
	f.Add("%zz", `[[[[`)
	f.Add("cursor=%00", "{\"text\":\"\\ud800\"}")
	app := fiber.New()
	f.Fuzz(func(t *testing.T, query, body string) {
		a, done := api.Asking(app, query, body)
		defer done()
		var in everything
		err := p.Fill(reflect.ValueOf(&in).Elem(), a)
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
	r := api.NewRouter(api.Config{Now: time.Now, Auth: apitest.Names{}, Store: store.New(nil, time.Now, nil), Log: slog.Default(), Rates: api.Rates{Client: api.Rate{N: 1 << 30, Per: time.Hour}}})
	api.Get(r, "/notes/{id}", func(_ context.Context, _ api.Request, in apitest.NoteAt) (apitest.NoteView, error) {
		return apitest.NoteView{ID: in.ID, Text: "y", Revision: 3}, nil
	}, api.Does("Read"), apitest.ReadNotes)
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
