package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// soon is how long a bomb may keep its sender waiting; a machine that runs its tests has other things to do, too.
func (p plan) soon() time.Duration {
	if p.quick {
		return time.Minute
	}
	return 20 * time.Second
}

// A bomb is what is sent to one operation.
type bomb struct {
	name string
	call
	refused bool // whether taking it would be a fault
}

// bombs sends what unpacks, nests, overflows or lies to every operation that takes a body, side by side, to a server that may take up
// 512 MiB.
func bombs(ctx context.Context, p plan, t *tally) error {
	s, err := p.copyServed(ctx, "bombs", 0)
	if err != nil {
		return err
	}
	defer s.done(t)
	doc, err := s.read(ctx)
	if err != nil {
		return err
	}
	all, err := s.personas(ctx)
	if err != nil {
		return err
	}
	size := 20
	if p.quick {
		size = 1
	}
	books := workbooks(size)
	thrown := append(s.bodies(p, doc, all), s.uploads(ctx, doc, all, books)...)
	lot := p.lot()
	lot.Shuffle(len(thrown), func(i, j int) { thrown[i], thrown[j] = thrown[j], thrown[i] })
	if p.quick {
		few := slices.Clone(thrown[:min(len(thrown), 250)])
		thrown = append(few, slices.DeleteFunc(thrown[len(few):], func(b bomb) bool {
			return !strings.HasPrefix(b.name, "a picture of 16 bits to POST /v1/me/")
		})...)
	}
	crowd := s.hold(ctx, 100)
	weighed := make(chan string, len(thrown))
	everywhere(ctx, len(thrown), 8, func(i int) {
		begun := time.Now()
		got, err := thrown[i].say(ctx)
		took := time.Since(begun)
		if err != nil { // a server may hang up on what is too large before all of it is sent
			t.wants(ctx.Err() != nil || hungUp(err), "%s: %v", thrown[i].name, err)
			return
		}
		t.saw(thrown[i].name, got.status)
		t.wants(took < p.soon(), "%s took %v", thrown[i].name, took.Round(time.Second))
		t.wants(!thrown[i].refused || got.status/100 != 2, "%s was taken", thrown[i].name)
		if got.body["reason"] == "farmer.picture_too_large" {
			weighed <- thrown[i].name
		}
	})
	t.wants(len(weighed) > 0 || ctx.Err() != nil, "no picture was weighed: nothing is tried")
	for _, c := range crowd {
		_ = c.Close()
	}
	return s.deliveries(ctx, t, books)
}

func hungUp(err error) bool {
	return slices.ContainsFunc([]string{"broken pipe", "connection reset", "EOF", "http: server closed"}, func(s string) bool {
		return strings.Contains(err.Error(), s)
	})
}

// hold opens connections that send a large body slowly, and belong to nobody.
func (s *program) hold(ctx context.Context, n int) (open []net.Conn) {
	var d net.Dialer
	for range n {
		c, err := d.DialContext(ctx, "tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			break
		}
		open = append(open, c)
		_, err = fmt.Fprintf(c, "POST /v1/me/farm-file/photos?about=land HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s",
			8<<20, strings.Repeat("a", 256<<10))
		if err != nil {
			break
		}
	}
	return open
}

// bodies are the bombs for every operation with a body, from somebody who may send one.
func (s *program) bodies(p plan, doc document, all []persona) (out []bomb) {
	raws := texts()
	for _, o := range doc.operations {
		i := slices.IndexFunc(all, func(p persona) bool { return o.roles == nil || p.holds(o.roles) })
		if o.schema == nil || i < 0 || slices.Contains(left, o.String()) {
			continue
		}
		to := func(name string, body any, refused bool, header ...string) {
			base := s.url
			if o.inside {
				base = s.operators
			}
			out = append(out, bomb{name + " to " + o.String(), call{base: base, token: all[i].token, method: o.method,
				path: filled(o.path, "x", p.lot()), body: body, header: append([]string{"Content-Type", "application/json"}, header...)}, refused})
		}
		for _, name := range slices.Sorted(maps.Keys(raws)) {
			var header []string
			if name == "squeezed" {
				header = []string{"Content-Encoding", "gzip"}
			}
			to(name, raws[name], false, header...)
		}
		for _, name := range slices.Sorted(maps.Keys(changes)) {
			change, changed := changes[name], false
			body := doc.body(o.schema, "", 0, func(field string, schema m, v any) any {
				out := change(field, schema, v)
				changed = changed || fmt.Sprint(out) != fmt.Sprint(v)
				return out
			})
			if changed {
				to(name, body, true)
			}
		}
	}
	return out
}

// changes turn a plausible leaf into one that no field should take.
var changes = map[string]func(field string, schema m, v any) any{
	"long texts":   text(strings.Repeat("长", 60_000)),
	"control":      text("a\u0001b"),
	"hidden order": text("a\u202Eb"),
	"invisible":    text("a\u200Bb"),
	"gigantic yuan": func(field string, _ m, v any) any {
		if _, free := v.(string); free && money.MatchString(field) {
			return "99999999999999.99"
		}
		return v
	},
	"gigantic number": number(json.Number("9223372036854775807")),
	"negative number": number(json.Number("-9223372036854775808")),
	"nested schemas": func(field string, schema m, v any) any {
		if slices.Contains([]string{"schema", "set", "plan", "expr", "needs"}, field) {
			raw, err := json.Marshal(doubling(24))
			if err == nil {
				return string(raw)
			}
		}
		return v
	},
}

// money are the names of amounts that are written in yuan.
var money = regexp.MustCompile(`(?i)(amount|sum|pay|price|fee)$`)

// text changes every free text.
func text(to string) func(string, m, any) any {
	return func(_ string, schema m, v any) any {
		if kind(schema) == "string" && schema["enum"] == nil {
			return to
		}
		return v
	}
}

// number changes every number.
func number(to json.Number) func(string, m, any) any {
	return func(_ string, schema m, v any) any {
		if k := kind(schema); k == "integer" || k == "number" {
			return to
		}
		return v
	}
}

// uploads are pictures and archives for every operation that takes a file.
func (s *program) uploads(ctx context.Context, doc document, all []persona, books map[string][]byte) (out []bomb) {
	huge, passes := jpegs()
	files := maps.Clone(books)
	files["a picture of 16 bits"], files["a wide picture"] = png(6320, 6320), png(1<<20, 39)
	files["a picture that says it is huge"], files["a picture of many passes"] = huge, passes
	for _, o := range doc.operations {
		query := map[string]string{
			"/v1/me/farm-file/photos": "?about=land", "/v1/farmers/files/{id}/photos": "?about=land",
			"/v1/me/cases/{id}/materials":       "?kind=proof&name=x",
			"/v1/village-entries/{id}/evidence": "?about=party&place=430181108203&latMicro=28284000&lonMicro=113700000&takenAt=2026-11-01T00:00:00Z",
			"/v1/practice-cases/{id}/files":     "?note=x", "/v1/farmers/imports": "?layout=household", "/v1/batches/{id}/parts/{n}": "?",
		}[o.path]
		if query == "" || o.method == http.MethodGet {
			continue
		}
		for _, p := range all {
			if !p.holds(o.roles) {
				continue
			}
			path := o.path
			if i := strings.Index(o.path, "/{id}"); i > 0 {
				above, err := call{base: s.url, token: p.token, method: http.MethodGet, path: o.path[:i]}.say(ctx)
				if items := dig(above.body, "items"); err == nil && len(list(items)) > 0 {
					path = strings.Replace(o.path, "{id}", fmt.Sprint(dig(list(items)[0], "id")), 1)
				}
			}
			path = strings.NewReplacer("{id}", "x", "{n}", "1").Replace(path)
			for _, name := range slices.Sorted(maps.Keys(files)) {
				out = append(out, bomb{name + " to " + o.String() + " as " + p.name,
					call{base: s.url, token: p.token, method: o.method, path: path + query, body: files[name]}, false})
			}
		}
	}
	return out
}

// deliveries sends each workbook as a department's file, all at once, and waits until each has been read or refused.
func (s *program) deliveries(ctx context.Context, t *tally, files map[string][]byte) error {
	unit, err := s.enter(ctx, "unit-changsha-scjg")
	if err != nil {
		return err
	}
	ask := func(method, path string, body any) (m, error) {
		return call{base: s.url, token: unit, method: method, path: path, body: body}.must(ctx)
	}
	names := slices.Sorted(maps.Keys(files))
	everywhere(ctx, len(names), len(names), func(i int) {
		raw := files[names[i]]
		sum := sha256.Sum256(raw)
		b, err := ask("POST", "/v1/batches", m{"item": "XZCF", "no": fmt.Sprint("BOMB-", i), "format": "xlsx", "name": "bomb.xlsx"})
		at := fmt.Sprint("/v1/batches/", b["id"])
		if err == nil {
			_, err = ask("PUT", at+"/parts/1", raw)
		}
		if err == nil {
			_, err = ask("POST", at+"/submit", m{"sha256": hex.EncodeToString(sum[:])})
		}
		if err != nil {
			t.fault("the delivery of %s: %v", names[i], err)
			return
		}
		t.saw("a delivery", http.StatusOK)
		state := any(nil)
		t.wants(until(ctx, patience, func() bool {
			b, err := ask("GET", at, nil)
			state = b["state"]
			return err == nil && state != "RUNNING"
		}), "the delivery of %s is %v after %v", names[i], state, patience)
		t.wants(state != "DONE" && state != "ACCEPTED", "%s was taken: %v", names[i], state)
	})
	return nil
}
