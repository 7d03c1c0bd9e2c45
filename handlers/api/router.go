// Package api is the framework of every room: routing, decoding, problems, permissions, idempotency, limits, streams, the OpenAPI
// document, and the shapes that rooms share. It knows no capability.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/store"
)

// Config is what the router is built from. Now, Auth, Store and Log are needed; the rest has defaults.
type Config struct {
	Now     func() time.Time
	Steady  func() time.Time // what rates go by: a clock nobody sets, as time.Now's monotonic reading is; nil: Now
	Auth    Authenticator
	Store   *store.Store
	Log     *slog.Logger
	Version string // shown in the document
	Sandbox bool   // the documentation page says so

	Rates   Rates                // zero: DefaultRates
	Quotas  Quotas               // zero: StandardQuotas
	Words   Words                // zero: StandardWords
	Origins []string             // web origins that may call from a browser; "*" is any
	Proxies []string             // addresses and networks whose X-Forwarded-For is believed
	Hosts   []string             // names besides loopback under which operators may ask, in lower case
	Metrics *prometheus.Registry // where other parts register theirs; nil: an own one
	Ready   []Probe              // what /readyz asks besides the store's engine
	// Writable refuses requests that would write while the store cannot be written; nil lets all in.
	Writable func(context.Context) error
	Streams  StreamBounds // zero: DefaultStreams
}

// An Authenticator says who a bearer token is. It keeps its own cache of verified tokens.
type Authenticator interface {
	Authenticate(ctx context.Context, token string) (Caller, error) // models.Unauthenticated
}

// Caller is a signed-in person with all offices held, or a partner's system.
type Caller struct {
	Session string          // session id, "" for a client
	Actors  []models.Actor  // for a person: Resident first, then one per membership; for a system: exactly one
	Wards   map[string]Ward // whom this one may act for, by person id
}

// A Mounter has routes: every capability's handler.
type Mounter interface{ Mount(*Router) }

// Router is the HTTP router: typed routes under /v1, and the document that describes them.
type Router struct {
	Cfg       Config
	app       *fiber.App
	operators *fiber.App
	Routes    []*route
	faults    []error
	answers   *store.Repo[answer]
	tallies   *store.Repo[tally]
	illness   *lexicon
	limits    *limits
	proxies   proxies
	bodies    *bodies
	metrics   *metrics
	streams   *streams
	portions  []Portion
}

// The bounds of a request.
const (
	MaxBody  = 1 << 20         // bytes; what is larger is refused
	MostBody = 8 << 20         // bytes the largest of routes may take
	unread   = 64 << 10        // bytes of a refused body that are read all the same, so that its connection can be used again
	MaxHead  = 16 << 10        // bytes of request line and headers together
	deadline = 8 * time.Second // for a handler, unless Within says otherwise
)

// NewRouter makes a router without routes.
func NewRouter(cfg Config) *Router {
	if cfg.Metrics == nil {
		cfg.Metrics = prometheus.NewRegistry()
	}
	if cfg.Quotas == (Quotas{}) {
		cfg.Quotas = StandardQuotas
	}
	if cfg.Words.Illness == nil {
		cfg.Words = StandardWords
	}
	r := &Router{
		Cfg:     cfg,
		answers: store.NewRepo[answer](cfg.Store, store.Answers),
		tallies: store.NewRepo[tally](cfg.Store, store.Quotas),
		illness: lexiconOf(cfg.Words.Illness),
		limits:  newLimits(cfg.Rates),
		proxies: proxiesOf(cfg.Proxies),
		bodies:  newBodies(),
		metrics: newMetrics(cfg.Metrics),
	}
	r.streams = newStreams(cfg.Streams, r.metrics.streams)
	r.app, r.operators = r.underneath(), r.underneath()
	r.app.Use(r.middleware)
	r.operators.Use(r.near, r.middleware)
	r.watch()
	r.document()
	return r
}

// underneath is a server without routes.
func (r *Router) underneath() *fiber.App {
	return fiber.New(fiber.Config{
		AppName:                      "xinyi",
		DisableStartupMessage:        true,
		BodyLimit:                    unread,
		StreamRequestBody:            true, // a route is asked before its body is read
		DisablePreParseMultipartForm: true,
		ReadBufferSize:               MaxHead,
		ReadTimeout:                  30 * time.Second,
		WriteTimeout:                 60 * time.Second,
		IdleTimeout:                  120 * time.Second,
		ErrorHandler:                 r.failed,
		StrictRouting:                true,
		CaseSensitive:                true,
	})
}

// App is the server underneath, for listening and for tests.
func (r *Router) App() *fiber.App { return r.app }

// Close ends every stream and lets no new one begin. It is called when the server stops, before App is shut down, which
// waits for streams as for any other answer.
func (r *Router) Close() { r.streams.close() }

// Handle mounts capabilities.
func (r *Router) Handle(mounters ...Mounter) {
	for _, m := range mounters {
		m.Mount(r)
		if p, ok := m.(interface{ Portions() []Portion }); ok {
			r.portions = append(r.portions, p.Portions()...)
		}
	}
}

// Portions are what the capabilities mounted so far have of a person, for an export.
func (r *Router) Portions() []Portion { return r.portions }

// Finish checks every route. It is called once, after the last Handle; its error lists every fault. Nothing is described yet:
// what only the document would show is found by Document.
func (r *Router) Finish() error {
	seen, table, handed := map[string]bool{}, r.Permissions(), map[Action][]identity.MandateKind{}
	for _, rt := range r.Routes {
		err := rt.check()
		if seen[rt.Name()] {
			err = errors.Join(err, errors.New("it is mounted already"))
		}
		if !slices.Equal(table[rt.Action], rt.roles) {
			err = errors.Join(err, fmt.Errorf("action %q lets others in elsewhere", rt.Action))
		}
		if to, ok := handed[rt.Action]; ok && !slices.Equal(to, rt.Handed) {
			err = errors.Join(err, fmt.Errorf("action %q is handed on to others elsewhere", rt.Action))
		}
		handed[rt.Action] = rt.Handed
		seen[rt.Name()] = true
		if err != nil {
			r.faults = append(r.faults, fmt.Errorf("%s: %w", rt.Name(), err))
		}
	}
	return errors.Join(r.faults...)
}

// Permissions are the actions of the mounted routes and the roles each lets in.
func (r *Router) Permissions() map[Action][]models.Role {
	table := map[Action][]models.Role{}
	for _, rt := range r.Routes {
		if !rt.Open {
			table[rt.Action] = rt.roles
		}
	}
	return table
}
