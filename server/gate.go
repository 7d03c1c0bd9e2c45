package main

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A gate is the listener of the HTTP door. A machine that is out of files or memory for a moment ends nothing: the gate waits and goes on.
// It lets in so many connections in all and so many of one address; one that is too many is closed at once.
type gate struct {
	net.Listener
	bounds
	log     *slog.Logger
	closing chan struct{}
	once    sync.Once

	mu      sync.Mutex
	open    int
	of      map[netip.Prefix]int
	refused map[string]int // since the last word in the log, by bound
	worded  time.Time      // when that was

	turned *prometheus.CounterVec
}

// bounds are how many connections there may be.
type bounds struct {
	all  int                   // in all
	each int                   // of one address, 0 for no bound
	free func(netip.Addr) bool // addresses without a bound of their own: our own proxies
}

// The waits after an accept that failed, as net/http has them, and how often refusals are put into the log.
const (
	shortest  = 5 * time.Millisecond
	longest   = time.Second
	wordEvery = 10 * time.Second
)

func newGate(l net.Listener, most bounds, log *slog.Logger, registry prometheus.Registerer) *gate {
	g := &gate{
		Listener: l, bounds: most, log: log, closing: make(chan struct{}),
		of: map[netip.Prefix]int{}, refused: map[string]int{},
		turned: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xinyi_connections_refused_total", Help: "Connections closed at once, by the bound they were over."}, []string{"bound"}),
	}
	registry.MustRegister(g.turned, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "xinyi_connections", Help: "Open connections of clients."}, func() float64 {
		g.mu.Lock()
		defer g.mu.Unlock()
		return float64(g.open)
	}))
	return g
}

// Accept answers the next connection within the bounds. It fails only when the gate is closed or its socket is broken for good.
func (g *gate) Accept() (net.Conn, error) {
	wait := time.Duration(0)
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			if !passes(err) {
				return nil, err
			}
			wait = min(max(2*wait, shortest), longest)
			g.log.Warn("no connection can be taken for a moment", "err", err, "again_in", wait)
			select {
			case <-g.closing:
				return nil, net.ErrClosed
			case <-time.After(wait):
			}
			continue
		}
		wait = 0
		if from, ok := g.enter(c.RemoteAddr()); ok {
			return &guest{Conn: c, leave: sync.OnceFunc(func() { g.left(from) })}, nil
		}
		_ = c.Close() // it was never ours
	}
}

// passes says whether a failed accept is of the moment: the process or the machine is out of files or memory, or the caller has gone.
func passes(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.ECONNRESET,
		syscall.EINTR} {
		if errors.Is(err, e) {
			return true
		}
	}
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// Close ends the gate, also while it waits.
func (g *gate) Close() error {
	g.once.Do(func() { close(g.closing) })
	return g.Listener.Close()
}

// origin is what connections are counted by: an IPv4 address, or the /64 of an IPv6 address, which one customer has whole.
func origin(a net.Addr) netip.Prefix {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	ip := tcp.AddrPort().Addr().Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// enter counts a connection in, or refuses it.
func (g *gate) enter(a net.Addr) (netip.Prefix, bool) {
	from := origin(a)
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.open >= g.all:
		g.refuse("all")
		return from, false
	case g.each > 0 && g.of[from] >= g.each && !g.free(from.Addr()):
		g.refuse("address")
		return from, false
	}
	g.open++
	g.of[from]++
	return from, true
}

// refuse counts a refusal. The caller holds mu.
func (g *gate) refuse(bound string) {
	g.turned.WithLabelValues(bound).Inc()
	g.refused[bound]++
	if now := time.Now(); now.Sub(g.worded) >= wordEvery {
		g.log.Warn("connections refused", "over_the_bound_in_all", g.refused["all"], "over_that_of_their_address", g.refused["address"], "open",
			g.open)
		g.worded = now
		clear(g.refused)
	}
}

func (g *gate) left(from netip.Prefix) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open--
	if g.of[from]--; g.of[from] <= 0 {
		delete(g.of, from)
	}
}

// A guest is a connection that was let in.
type guest struct {
	net.Conn
	leave func()
}

// Close ends the connection and makes room for another.
func (c *guest) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
