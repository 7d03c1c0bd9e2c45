package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"xinyi/flows"
	"xinyi/handlers/api"
	"xinyi/handlers/export"
	identityhttp "xinyi/handlers/identity"
	sandboxhttp "xinyi/handlers/sandbox"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/blob"
	"xinyi/models/casework"
	"xinyi/models/division"
	"xinyi/models/identity"
	"xinyi/models/inbox"
	"xinyi/models/journal"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/models/report"
	"xinyi/models/sandbox"
	"xinyi/models/webhook"
	"xinyi/notifications"
	"xinyi/payments"
	"xinyi/seed"
	"xinyi/store"
	"xinyi/usecase"
)

// How often the loops look. A request tells its own events at once; the relay's poll finds only what was left.
const (
	pollEvery   = time.Second
	sweepEvery  = time.Second
	liveEvery   = time.Second      // for messages that other replicas keep
	drainWithin = 15 * time.Second // for requests to end after a signal
)

// App is the whole program, joined by hand. A test opens one on 127.0.0.1:0.
type App struct {
	cfg   Config
	log   *slog.Logger
	store *store.Store
	watch *store.Watch     // whether it can be written
	guard store.Guard      // of keys and seals against another store's
	now   func() time.Time // what the city goes by
	world func() time.Time // the time outside; the same but in a sandbox
	clock *flows.Clock     // nil outside a sandbox

	repos   repos
	relay   *flows.Relay
	sweep   *flows.Sweep
	ledger  *flows.Ledger
	channel *payments.Sandbox // nil outside a sandbox
	gateway payments.Gateway
	router  *api.Router // nil until mount: commands that serve nothing have none
	listen  net.Listener
	inside  net.Listener // the operators'; nil for none
	metrics *prometheus.Registry
	tokens  *identityhttp.Tokens
	texts   *notifications.Texts

	courier *flows.Courier
	live    *notifications.Live
	tags    flows.Tags
	told    notifications.Inbox
	outside outside
	seals   models.Seals
	seal    flows.Seal
	codes   *sandboxhttp.Codes // sign-in codes that a sandbox shows
	parts   []Parts            // of every capability
	shared
}

// repos are all collections, each opened once.
type repos struct {
	seed.Stores
	messages *store.Repo[inbox.Message]
	delivery store.Delivery
	campaign usecase.Campaign
	lost     *store.Repo[journal.Lost]
	clocks   *store.Repo[sandbox.Clock]
	orders   *store.Repo[sandbox.Order]
	audit    usecase.Audit
	entries  *store.Repo[access.Entry]
	reports  *store.Repo[report.Report]
}

// Open opens the store, joins all parts, fills what is missing, and takes the address; nothing is served before Run.
// With city it adds the demo city, which only a sandbox may.
func Open(ctx context.Context, cfg Config, city bool) (*App, error) {
	a, err := assemble(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err = a.mount(); err == nil {
		err = a.fill(ctx, city)
	}
	if err == nil {
		err = a.bind(ctx)
	}
	if err == nil {
		err = a.bindInside(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// assemble opens the store, joins all parts to it but the router, and sees to it that keys and store belong together. Nothing is written
// but the collections, and the keys over a store that is empty.
func assemble(ctx context.Context, cfg Config) (*App, error) {
	world := cfg.world
	if world == nil {
		world = time.Now
	}
	a := &App{cfg: cfg, log: cfg.logger(), world: func() time.Time { return world().UTC().Truncate(time.Millisecond) }}
	a.now = a.world
	if cfg.Sandbox {
		a.clock = flows.NewClock(world)
		a.now = a.clock.Now
	}
	opened, err := openEngine(ctx, cfg)
	if err != nil {
		return nil, err
	}
	engine := store.NewWatch(opened, a.world)
	a.watch = engine
	keys, err := a.openKeys(ctx, engine)
	if err == nil {
		a.store = store.New(engine, a.now, keys)
		err = a.join()
	}
	if err == nil {
		err = a.guarded(ctx)
	}
	if err != nil {
		a.outside.close()
		return nil, errors.Join(err, engine.Close())
	}
	return a, nil
}

// join makes every part and ties it to the others. Nothing is read or written yet.
func (a *App) join() error {
	registry := prometheus.NewRegistry()
	a.metrics = registry
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a.guard = store.OpenGuard(a.store)
	a.openRepos()
	a.codes = &sandboxhttp.Codes{}
	metrics := flows.NewMetrics(registry)
	a.tags = flows.Tags{Campaign: a.repos.campaign, Agreements: a.repos.Medical.Agreements, Now: a.now}
	a.relay = flows.NewRelay(a.store, a.repos.lost, a.log, metrics)
	a.sweep = flows.NewSweep(a.store, a.log, metrics)
	a.ledger = flows.NewLedger(a.repos.Medical, a.log, a.now, registry)
	a.seal = flows.Seal{Audit: a.repos.audit, Seals: a.seals, Log: a.log, Now: a.now}
	if a.gateway = (nobody{}); a.cfg.Sandbox {
		a.channel = a.sandboxChannel()
		a.gateway = a.channel
	}
	var err error
	if a.texts, err = notifications.Load(); err != nil {
		return err
	}
	if err := a.openOutside(registry, a.texts); err != nil {
		return err
	}
	if a.tokens, err = identityhttp.LoadTokens(a.cfg.TokenKeys, a.cfg.Issuer, a.world); err != nil {
		return err
	}
	a.share()
	return a.open()
}

func (a *App) openRepos() {
	s := a.store
	a.repos = repos{
		Stores: seed.Stores{
			Marks:     store.NewRepo[seed.Mark](s, store.Seeds),
			Divisions: store.NewRepo[division.Division](s, store.Divisions),
			Zones:     store.NewRepo[division.Zone](s, store.Zones),
			Identity:  store.OpenIdentity(s),

			Organisation: store.OpenOrganisation(s),

			Medical:   store.OpenMedical(s),
			Events:    store.NewRepo[journal.Entry](s, store.Events),
			Endpoints: store.NewRepo[webhook.Endpoint](s, store.Endpoints),
		},
		messages: store.NewRepo[inbox.Message](s, store.Inbox),
		delivery: store.OpenDelivery(s),
		lost:     store.NewRepo[journal.Lost](s, store.Dead),
		clocks:   store.NewRepo[sandbox.Clock](s, store.Sandbox),
		orders:   store.NewRepo[sandbox.Order](s, store.SandboxOrders),
	}
	a.repos.audit = usecase.OpenAudit(s, a.repos.Events)
	a.repos.Records = store.NewRepo[record.Record](s, store.Records)
	a.repos.Subjects = usecase.Subjects{People: a.repos.Identity.People, Keys: s.Keys}
	a.repos.Recall = usecase.OpenRecall(s, a.repos.Records, policyOf[recall.Policy](a))
	a.repos.Decision, a.repos.Catalogue = usecase.OpenDecision(s, a.repos.Recall), usecase.OpenCatalogue(s)
	a.repos.Consent = store.OpenConsent(s)
	a.repos.Benefit = usecase.OpenBenefit(s, a.repos.Identity.People, a.repos.Records, a.repos.Subjects, a.repos.Medical)
	a.repos.Batch = usecase.OpenBatch(s, store.NewRepo[blob.Blob](s, store.Blobs))
	a.repos.Farmer = usecase.OpenFarmer(s, a.repos.Batch.Blobs, a.repos.Records, a.repos.Subjects)
	a.repos.Loan = usecase.OpenLoan(s)
	a.repos.Village = usecase.OpenVillage(s, a.repos.Batch.Blobs, a.repos.Divisions, a.repos.Farmer)
	a.repos.Award = usecase.OpenAward(s, a.repos.Farmer.Notices, a.repos.Records, a.repos.Subjects)
	a.repos.Credential = store.OpenCredential(s)
	a.repos.Practice = store.OpenPractice(s, a.repos.Batch.Blobs)
	a.repos.entries = store.NewRepo[access.Entry](s, store.Accesses)
	a.repos.Cases = store.NewRepo[casework.Case](s, store.Cases)
	a.repos.reports = store.NewRepo[report.Report](s, store.Reports)
	a.repos.campaign = usecase.OpenCampaign(s, a.repos.Identity.People)
	a.repos.Campaigns = a.repos.campaign.Campaigns
}

// mount mounts the routes of every capability.
func (a *App) mount() error {
	var steady func() time.Time
	if !a.cfg.Sandbox && a.cfg.world == nil { // whose clock is moved waits for nothing
		steady = time.Now
	}
	a.router = api.NewRouter(api.Config{
		Now: a.now, Steady: steady, Auth: a.callers, Store: a.store, Log: a.log, Version: version, Sandbox: a.cfg.Sandbox,
		Rates: a.cfg.rates(), Quotas: policyOf[api.Quotas](a), Words: policyOf[api.Words](a), Origins: a.cfg.Origins, Proxies: a.cfg.Proxies,
		Metrics: a.metrics, Writable: a.watch.Writable, Hosts: a.cfg.opsHosts(),
	})
	for _, p := range a.parts {
		a.router.Handle(p.Routes...)
	}
	a.router.Handle(export.Handler{Portions: a.router.Portions()})
	return a.router.Finish()
}

// fill makes collections and indexes, finds out how late it is, and keeps the land and, with city, the demo city.
func (a *App) fill(ctx context.Context, city bool) error {
	if err := errors.Join(a.store.Ensure(ctx), a.mark(ctx)); err != nil {
		return err
	}
	if a.cfg.MongoDBURI != "" { // an SQLite file has one server
		var err error
		if a.sweep.Peers, err = a.store.Join(ctx); err != nil {
			return err
		}
	}
	if a.clock != nil {
		if err := a.clock.Join(ctx, a.store, a.repos.clocks, a.relay, a.sweep); err != nil {
			return err
		}
		a.clock.Carry(a.courier)
	}
	if err := errors.Join(a.ledger.Ready(ctx), a.seal.Ready(ctx)); err != nil {
		return err
	}
	zones := ""
	if a.cfg.Zones != "" {
		text, err := os.ReadFile(a.cfg.Zones)
		if err != nil {
			return fmt.Errorf("ZONES_PATH: %w", err)
		}
		zones = string(text)
	}
	if err := seed.Land(ctx, a.repos.Stores, zones); err != nil {
		return err
	}
	if err := a.apart(ctx, city); err != nil || !city {
		return err
	}
	if err := seed.City(ctx, a.repos.Stores, a.now(), a.seeds()...); err != nil {
		return err
	}
	return a.tag(ctx)
}

// tag gives the demo city's people the tags that events give others.
func (a *App) tag(ctx context.Context) error {
	_, err := a.repos.campaign.Tags.First(ctx, store.All())
	if !errors.Is(err, models.NotFound) {
		return err
	}
	_, err = a.repos.Identity.People.Each(ctx, store.All(), func(p *identity.Person) error {
		return a.tags.Follow(ctx, p.ID)
	})
	return err
}

// apart keeps the demo city, whose accounts everybody knows, and real people out of each other's store.
func (a *App) apart(ctx context.Context, city bool) error {
	_, err := a.repos.Identity.Demos.Get(ctx, identity.DemoID)
	switch {
	case err == nil && !a.cfg.Sandbox:
		return errors.New("this store holds the demo city, whose accounts are public: use another store, or SANDBOX=true")
	case err == nil || !errors.Is(err, models.NotFound):
		return err
	case city && !a.cfg.Sandbox:
		return errors.New("the demo city's accounts are public: it needs SANDBOX=true")
	case !city:
		return nil
	}
	_, err = a.repos.Identity.Sessions.First(ctx, store.All())
	switch {
	case err == nil:
		return errors.New("people have signed in to this store: the demo city needs a store of its own (DATA_DIR, MONGODB_URI)")
	case errors.Is(err, models.NotFound):
		return nil
	}
	return err
}

func (a *App) bind(ctx context.Context) error {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", a.cfg.Addr)
	if err != nil {
		return fmt.Errorf("ADDR: %w", err)
	}
	a.listen = newGate(l, bounds{a.cfg.connections(), a.cfg.ConnectionsAddress, a.cfg.proxied}, a.log, a.metrics)
	return nil
}

// URL is where this process answers.
func (a *App) URL() string { return urlOf(a.listen) }

func urlOf(l net.Listener) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "http://" + l.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Run serves until ctx ends, then lets what has begun come to its end: requests, callbacks, flows, the sweep's step.
func (a *App) Run(ctx context.Context) error {
	loops, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var group sync.WaitGroup
	group.Go(func() { a.relay.Run(loops, pollEvery) })
	group.Go(func() { a.sweep.Run(loops, sweepEvery) })
	group.Go(func() { a.courier.Run(loops, sweepEvery) })
	group.Go(func() { a.live.Run(loops, liveEvery) })
	group.Go(func() { a.serveInside(ctx) })
	served := make(chan error, 1)
	go func() { served <- a.router.App().Listener(a.listen) }()
	a.log.InfoContext(ctx, "serving", "url", a.URL(), "version", version, "store", a.engineName(), "sandbox", a.cfg.Sandbox)
	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		a.log.InfoContext(ctx, "stopping: requests that have begun are finished first")
		a.router.Close()
		if a.channel != nil {
			a.channel.Close()
			http.DefaultClient.CloseIdleConnections() // ours to ourselves would wait for each other
		}
		err = a.router.App().ShutdownWithTimeout(drainWithin)
		if errors.Is(err, context.DeadlineExceeded) { // whoever still holds a connection is cut off; nothing accepted is lost
			a.log.WarnContext(ctx, "connections were still open when the time to finish ran out", "waited", drainWithin)
			err = nil
		}
	}
	err = errors.Join(err, a.shutInside())
	stop()
	group.Wait()
	if a.sweep.Peers != nil {
		err = errors.Join(err, a.sweep.Peers.Leave(context.WithoutCancel(ctx)))
	}
	return err
}

// Close closes the store and what it reaches outside. It is called once, after Run.
func (a *App) Close() error {
	err := errors.Join(shut(a.listen), shut(a.inside))
	a.outside.close()
	return errors.Join(err, a.store.Engine.Close())
}

func (a *App) engineName() string {
	if a.cfg.MongoDBURI != "" {
		return "mongodb"
	}
	return "sqlite in " + strings.TrimSuffix(a.cfg.DataDir, "/")
}
