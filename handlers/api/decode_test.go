package api

import (
	"reflect"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"xinyi/models"
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

func Asking(app *fiber.App, query, body string) (*asked, func()) {
	raw := &fasthttp.RequestCtx{}
	raw.Request.SetRequestURI("/x?" + query)
	raw.Request.Header.Set("X-Trace", "t1")
	raw.Request.SetBodyString(body)
	c := app.AcquireCtx(raw)
	return &asked{c: c, body: raw.Request.Body()}, func() { app.ReleaseCtx(c) }
}
