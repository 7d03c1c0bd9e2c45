package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"xinyi/models"
	"xinyi/models/identity"
)

// A route is one operation: what the document says of it and what the router needs to serve it.
type route struct {
	Method, Path string // path under /v1, with {names}
	says         inBoth
	tag          string
	Action       Action
	Handed       []identity.MandateKind // who does it for another by mandate; none: nobody does
	Open         bool
	keyed        bool          // Idempotency-Key required
	keeps        time.Duration // how long its answers are kept
	status       int
	within       time.Duration
	limit        *Rate
	Quota        Made         // what a call makes, "" for nothing that is counted
	streams      bool         // answers events for as long as both sides stay
	inside       bool         // of the operators' listener
	Reveals      bool         // shows somebody's data to somebody else: the access must be noted before it answers
	takes        int          // bytes of body, when more than maxBody
	in, out      reflect.Type // of a stream, out is the data of an event

	plan    plan
	roles   []models.Role
	seen    routeMetrics
	serving func(context.Context, Request, *asked) (answered, error)
}

// Option describes a route.
type Option func(*route)

// Does says what a route of a test does, instead of docs/routes.
func Does(summary string) Option {
	return func(rt *route) { rt.says = inBoth{said{Summary: summary}, said{Summary: summary}} }
}

// An Action is what a route does, in the field's words: "medical.bills.pay".
type Action string

// May says which roles an action lets in. Every route has exactly one of May and Open; a room declares its actions once, in
// permissions.go. Scope comes on top: a resident sees what is theirs, a partner's system its own organisation, staff their region.
func May(action Action, roles ...models.Role) Option {
	return func(rt *route) { rt.Action, rt.roles = action, roles }
}

// Open lets everybody in, signed in or not.
func Open() Option { return func(rt *route) { rt.Open = true } }

// Creates is a POST that creates something: it needs an Idempotency-Key and answers 201.
var Creates Option = func(rt *route) { rt.keyed, rt.status = true, http.StatusCreated }

// Moves is as Creates, but answers 200.
var Moves Option = func(rt *route) { rt.keyed, rt.status = true, http.StatusOK }

// Keeps says how long an answer is kept for its Idempotency-Key: 24 hours unless said, 30 days where money moves.
func Keeps(d time.Duration) Option { return func(rt *route) { rt.keeps = d } }

// Answers sets the status of success.
func Answers(status int) Option { return func(rt *route) { rt.status = status } }

// Limit bounds the route to n calls per period, for each person or system, on open routes for each address.
func Limit(per time.Duration, n int) Option {
	return func(rt *route) { rt.limit = &Rate{N: n, Per: per} }
}

// Within sets another deadline than 8 seconds.
func Within(d time.Duration) Option { return func(rt *route) { rt.within = d } }

// Reveals is a route that shows a person's data to somebody who is not that person. Its handler notes every access (AccessLog.Note)
// before it answers; an answer without one is Internal, and nothing is shown. X-Purpose and X-Case say why.
var Reveals Option = func(rt *route) { rt.Reveals = true }

// Takes lets a body be as large as n bytes, at most 8 MiB; without it 1 MiB.
func Takes(n int) Option { return func(rt *route) { rt.takes = n } }

// Tag groups the route in the document; without it the first segment of the path does.
func Tag(name string) Option { return func(rt *route) { rt.tag = name } }

// Get mounts a GET.
func Get[In, Out any](r *Router, path string, h func(context.Context, Request, In) (Out, error), opts ...Option) {
	add(r, http.MethodGet, path, h, opts)
}

// Post mounts a POST.
func Post[In, Out any](r *Router, path string, h func(context.Context, Request, In) (Out, error), opts ...Option) {
	add(r, http.MethodPost, path, h, opts)
}

// Put mounts a PUT.
func Put[In, Out any](r *Router, path string, h func(context.Context, Request, In) (Out, error), opts ...Option) {
	add(r, http.MethodPut, path, h, opts)
}

// Patch mounts a PATCH.
func Patch[In, Out any](r *Router, path string, h func(context.Context, Request, In) (Out, error), opts ...Option) {
	add(r, http.MethodPatch, path, h, opts)
}

// Delete mounts a DELETE.
func Delete[In, Out any](r *Router, path string, h func(context.Context, Request, In) (Out, error), opts ...Option) {
	add(r, http.MethodDelete, path, h, opts)
}

func add[In, Out any](r *Router, method, path string, h func(context.Context, Request, In) (Out, error), opts []Option) {
	rt := routeOf(method, path, reflect.TypeFor[In](), reflect.TypeFor[Out](), opts)
	r.mount(rt, func(ctx context.Context, rq Request, in any) (answered, error) {
		out, err := h(ctx, rq, *in.(*In)) //nolint:errcheck // mount made it
		if err != nil {
			return answered{}, err
		}
		return shown(rt.status, out)
	})
}

func routeOf(method, path string, in, out reflect.Type, opts []Option) *route {
	rt := &route{Method: method, Path: path, within: deadline, keeps: 24 * time.Hour, status: http.StatusOK, in: in, out: out}
	if rt.out == reflect.TypeFor[None]() {
		rt.status = http.StatusNoContent
	}
	rt.says = routeTexts()[rt.Name()]
	rt.tag, _, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	for _, o := range opts {
		o(rt)
	}
	return rt
}

// mount puts a route in its place: answer is called with a pointer to what was asked, once it is well-formed. It is not generic, so
// that hundreds of routes share its code.
func (r *Router) mount(rt *route, answer func(ctx context.Context, rq Request, in any) (answered, error)) {
	var err error
	if rt.plan, err = PlanFor(rt.in, rt.names()); err != nil {
		r.faults = append(r.faults, fmt.Errorf("%s: %w", rt.Name(), err))
		return
	}
	rt.seen.is(r.metrics, rt.Method, "/v1"+rt.Path, rt.tag)
	rt.serving = func(ctx context.Context, rq Request, a *asked) (answered, error) {
		in := reflect.New(rt.in)
		if err := rt.plan.Fill(in.Elem(), a); err != nil {
			return answered{}, err
		}
		if a.before != nil {
			if kept, err := a.before(); err != nil || kept != nil {
				return orZero(kept), err
			}
		}
		back, err := r.ration(ctx, rt, &rq, len(a.body))
		if err != nil {
			return answered{}, err
		}
		out, err := rt.revealed(&rq, func() (answered, error) { return answer(ctx, rq, in.Interface()) })
		if err != nil {
			back()
		}
		return out, err
	}
	r.Routes = append(r.Routes, rt)
	serve := func(c *fiber.Ctx) error { return r.serve(c, rt) }
	app := r.app
	if rt.inside {
		app = r.operators
	}
	app.Add(rt.Method, "/v1"+rt.pattern(), serve)
	if rt.Method == http.MethodGet {
		app.Add(http.MethodHead, "/v1"+rt.pattern(), serve)
	}
}

// errUnseen is a route that would have shown somebody's data without a word in the log.
var errUnseen = errors.New("personal data would have been shown without a noted look")

// revealed answers, and on a route that reveals only after an access was noted.
func (rt *route) revealed(rq *Request, answer func() (answered, error)) (answered, error) {
	rq.seen, rq.own = new(bool), new(string)
	a, err := answer()
	if err == nil && rt.Reveals && !*rq.seen {
		return answered{}, models.E(models.Internal, "internal", errUnseen)
	}
	return a, err
}

func orZero(a *answered) answered {
	if a == nil {
		return answered{}
	}
	return *a
}

var named = regexp.MustCompile(`\{([a-zA-Z]+)\}`)

// pattern is the path as the server underneath writes it.
func (rt *route) pattern() string { return named.ReplaceAllString(rt.Path, ":$1") }

// names are the parameters of the path.
func (rt *route) names() []string {
	var names []string
	for _, m := range named.FindAllStringSubmatch(rt.Path, -1) {
		names = append(names, m[1])
	}
	return names
}

func (rt *route) Name() string { return rt.Method + " " + rt.Path }

// check finds what makes a route unfit to be served.
func (rt *route) check() error {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(!rt.says.whole(), "docs/routes does not say in both languages what it does")
	fault(rt.Open == (rt.Action != ""), "it needs exactly one of May and Open")
	fault(rt.Action != "" && len(rt.roles) == 0, "action %q lets nobody in", rt.Action)
	fault(len(rt.Handed) > 0 && !rt.Admits(models.Resident), "only what a person does is handed on")
	fault(rt.keyed && rt.Open, "an answer kept for nobody would be replayed to anybody: Open excludes Creates and Moves")
	fault(rt.keyed && rt.Method == http.MethodGet, "a GET neither creates nor moves")
	fault(rt.Reveals && rt.Open, "nobody's data is shown to nobody in particular: Reveals excludes Open")
	fault(rt.takes > MostBody, "it takes more than is read")
	fault(rt.streams && rt.Open, "a stream belongs to somebody: it excludes Open")
	fault(!strings.HasPrefix(rt.Path, "/") || strings.HasSuffix(rt.Path, "/"), "the path starts with / and does not end with it")
	fault(rt.limit != nil && (rt.limit.N <= 0 || rt.limit.Per <= 0), "its limit is not positive")
	_, rationed := StandardQuotas.of(rt.Quota)
	fault(rt.Quota != "" && (!rationed || rt.Open), "its quota %q is of no kind, or nobody's", rt.Quota)
	for _, role := range rt.roles {
		fault(!slices.Contains(models.Roles, role), "role %q cannot sign in", role)
	}
	return errors.Join(faults...)
}
