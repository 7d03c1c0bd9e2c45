package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"xinyi/models"
)

const (
	headerRequestID = "X-Request-Id"
	headerKey       = "Idempotency-Key"
	headerReplayed  = "Idempotent-Replayed"
	headerAs        = "X-Acting-As"
	headerFor       = "X-Acting-For"
	headerPurpose   = "X-Purpose"
	headerCase      = "X-Case"
	jsonUTF8        = "application/json; charset=utf-8"
)

// asked is what came in, while it is decoded.
type asked struct {
	c      *fiber.Ctx
	body   []byte                    // valid only until the answer is written
	before func() (*answered, error) // called between the shape and the handler; an answer ends the request
	sifting
}

// answered is what goes out.
type answered struct {
	status         int
	kind           string // Content-Type
	body           []byte
	etag, location string
	retry          int           // seconds, 0 = not said
	lasts          time.Duration // how long anybody may keep it, 0 = nobody may
	replayed       bool
	source         source  // what a route that streams goes on with
	stream         *stream // source, on its way to its client
}

// A File is an answer that is no JSON: a page, a table, a picture. A view that has these methods is sent as it is.
type File interface {
	File() (contentType string, body []byte)
}

// A Lasting answer is the same for everybody, who may keep it for a while.
type Lasting interface{ Lasts() time.Duration }

// Written is how views are written: the names of a struct are checked once, not each time.
var Written = jsontext.AllowDuplicateNames(true)

// shown renders a view.
func shown(status int, out any) (answered, error) {
	switch v := out.(type) {
	case None:
		return answered{status: status}, nil
	case File:
		kind, body := v.File()
		a := answered{status: status, kind: kind, body: body}
		if l, ok := out.(Lasting); ok {
			a.lasts = l.Lasts()
		}
		return a, nil
	}
	body, err := json.Marshal(out, Written)
	if err != nil {
		return answered{}, models.E(models.Internal, "internal", err)
	}
	a := answered{status: status, kind: jsonUTF8, body: body}
	if v, ok := out.(Revised); ok {
		a.etag = `"` + strconv.FormatInt(v.Revised(), 10) + `"`
	}
	return a, nil
}

// serve answers one request of a route: who asks, how often, may they, is it well-formed, was it answered before, then the handler.
func (r *Router) serve(c *fiber.Ctx, rt *route) error {
	rq := Request{Now: *models.At(r.Cfg.Now()), ID: requestID(c), Lang: Language(c.Get(fiber.HeaderAcceptLanguage)), Address: r.address(c)}
	timer := prometheus.NewTimer(nil)
	ctx, cancel := context.WithTimeout(c.UserContext(), rt.within)
	defer cancel()
	a, err := r.run(ctx, c, rt, &rq)
	switch {
	case err != nil || a.source == nil:
	case c.Method() == http.MethodHead: // what a stream would be, without one
		a.source, a.kind = nil, EventStream
	default:
		a.stream, err = r.begin(ctx, c, rt, &rq, a.source)
	}
	if err != nil {
		a = r.refused(late(ctx, err), &rq, rt.Name(), strings.Clone(c.Path()))
	}
	r.write(c, &rq, a)
	rt.seen.saw(c.Response().StatusCode(), timer.ObserveDuration())
	return nil
}

// late names an error that the deadline caused.
func late(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && models.CodeOf(err) == models.Internal || errors.Is(err, context.DeadlineExceeded) {
		return models.E(models.Unavailable, "request.deadline", err)
	}
	return err
}

func (r *Router) run(ctx context.Context, c *fiber.Ctx, rt *route, rq *Request) (answered, error) {
	if err := r.enter(ctx, c, rt, rq); err != nil {
		return answered{}, err
	}
	if rt.Method != http.MethodGet && r.Cfg.Writable != nil {
		if err := r.Cfg.Writable(ctx); err != nil {
			return answered{}, err
		}
	}
	if err := preconditions(c, rt, rq); err != nil {
		return answered{}, err
	}
	body, free, err := r.bodies.read(ctx, c, max(MaxBody, rt.takes))
	if err != nil {
		return answered{}, err
	}
	defer free()
	a := asked{c: c, body: body, sifting: sifting{words: r.illness, office: !rq.Actor.Is(models.Resident, models.Business)}}
	if !rt.keyed {
		return r.guarded(ctx, rt, *rq, &a)
	}
	claim := r.claim(rq, rt, a.body)
	a.before = func() (*answered, error) { return claim.take(ctx) }
	out, err := r.guarded(ctx, rt, *rq, &a)
	if !claim.held {
		return out, err
	}
	if err != nil {
		out = r.refused(late(ctx, err), rq, rt.Name(), strings.Clone(c.Path()))
	}
	if err := claim.done(ctx, out); err != nil {
		r.Cfg.Log.Error("answer not kept", "request", rq.ID, "route", rt.Name(), "err", err)
	}
	return out, nil
}

// guarded turns a panic into Internal, so that it ends one request only.
func (r *Router) guarded(ctx context.Context, rt *route, rq Request, a *asked) (out answered, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = models.E(models.Internal, "internal", fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	return rt.serving(ctx, rq, a)
}

// preconditions reads If-Match and Idempotency-Key.
func preconditions(c *fiber.Ctx, rt *route, rq *Request) error {
	var err error
	if rq.Revisions, err = revisions(c.Get(fiber.HeaderIfMatch)); err != nil {
		return err
	}
	rq.Purpose, rq.Case = strings.Clone(c.Get(headerPurpose)), strings.Clone(c.Get(headerCase))
	if rq.Case != "" && !printable(rq.Case, 128) || rq.Purpose != "" && !printable(rq.Purpose, 64) {
		return models.Bad("#header/"+headerPurpose, "purpose", "request.invalid")
	}
	if !rt.keyed { // a key that nobody foresees makes no ids: two callers may have thought of the same
		return nil
	}
	key := strings.Clone(c.Get(headerKey))
	switch {
	case key == "":
		return models.Bad("#header/"+headerKey, "required", "idempotency.key_required")
	case !printable(key, 255):
		return models.Bad("#header/"+headerKey, "key", "idempotency.key_invalid")
	}
	a := rq.Actor
	rq.Key, rq.ids = key, new(int)
	rq.scope = strings.Join([]string{a.Principal(), a.Person, string(a.Role), a.Org, rt.Method, string(c.Request().URI().Path()), key}, "\x00")
	return nil
}

// printable says whether s is 1 to most printable ASCII characters.
func printable(s string, most int) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= most
}

// requestID is the caller's X-Request-Id when it is fit for a log, else a new one.
func requestID(c *fiber.Ctx) string {
	if set := c.Response().Header.Peek(headerRequestID); len(set) > 0 {
		return string(set)
	}
	if sent := c.Get(headerRequestID); printable(sent, 64) && !strings.ContainsAny(sent, ` "\`) {
		return strings.Clone(sent)
	}
	return uuid.Must(uuid.NewV7()).String()
}

// write sends an answer. What a signed-in caller gets is nobody else's to cache.
func (r *Router) write(c *fiber.Ctx, rq *Request, a answered) {
	h := &c.Response().Header
	h.Set(fiber.HeaderContentLanguage, rq.Lang)
	h.Set(fiber.HeaderCacheControl, "no-store")
	if a.lasts > 0 {
		h.Set(fiber.HeaderCacheControl, "public, max-age="+strconv.Itoa(int(a.lasts/time.Second)))
	}
	if a.etag != "" {
		h.Set(fiber.HeaderETag, a.etag)
		h.Set(fiber.HeaderCacheControl, "private, no-cache")
		if reading(c) && matches(c.Get(fiber.HeaderIfNoneMatch), a.etag) {
			c.Status(http.StatusNotModified)
			return
		}
	}
	if a.location != "" {
		h.Set(fiber.HeaderLocation, a.location)
	}
	if a.retry > 0 {
		h.Set(fiber.HeaderRetryAfter, strconv.Itoa(a.retry))
	}
	if a.replayed {
		h.Set(headerReplayed, "true")
	}
	c.Status(a.status)
	if a.stream != nil {
		a.stream.answer(c.Response())
		return
	}
	if a.kind != "" {
		h.SetContentType(a.kind)
		c.Response().SetBodyRaw(a.body)
	}
}

// zero reports nothing to show for a type; the document uses it as a sample.
func zero(t reflect.Type) any { return reflect.New(t).Elem().Interface() }
