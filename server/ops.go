package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	insideMost   = 32              // connections of the operators' listener: a scraper or two, a profile, a person
	insideWithin = 2 * time.Second // for its requests to end after those of the public one have
)

// bindInside takes the operators' address. When it is taken by another, a server that was not told which to take goes on without.
func (a *App) bindInside(ctx context.Context) error {
	if a.cfg.Ops == "" {
		return nil
	}
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", a.cfg.Ops)
	switch {
	case errors.Is(err, syscall.EADDRINUSE) && !a.cfg.opsGiven:
		a.log.WarnContext(ctx, "the operators' listener is off: another process has its address; OPS_ADDR names another", "addr", a.cfg.Ops)
		return nil
	case err != nil:
		return fmt.Errorf("OPS_ADDR: %w (name another address, or none: OPS_ADDR=off)", err)
	}
	// Its own connections are not counted among those of clients.
	a.inside = newGate(l, bounds{all: insideMost}, a.log, prometheus.NewRegistry())
	return nil
}

// serveInside answers operators until the listener is shut.
func (a *App) serveInside(ctx context.Context) {
	if a.inside == nil {
		return
	}
	a.log.InfoContext(ctx, "operators are answered", "url", urlOf(a.inside))
	if err := a.router.Operators().Listener(a.inside); err != nil && !errors.Is(err, net.ErrClosed) {
		a.log.ErrorContext(ctx, "the operators' listener has ended", "err", err)
	}
}

// shutInside ends the operators' listener, after the public one: an operator may watch how it comes to its end.
func (a *App) shutInside() error {
	if a.inside == nil {
		return nil
	}
	err := a.router.Operators().ShutdownWithTimeout(insideWithin)
	if errors.Is(err, context.DeadlineExceeded) { // a profile that still runs
		err = nil
	}
	return errors.Join(err, shut(a.inside))
}

// shut closes a listener that may be closed already, or none.
func shut(l net.Listener) error {
	if l == nil {
		return nil
	}
	if err := l.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// readOps puts the operators' listener in order: off is none, and so is an address that was set to nothing.
func (c *Config) readOps(given map[string]string) {
	text, ok := given["OPS_ADDR"]
	c.opsGiven = text != ""
	if ok && text == "" || text == "off" {
		c.Ops = ""
	}
	for i, h := range c.OpsHosts {
		c.OpsHosts[i] = strings.ToLower(strings.TrimSpace(h))
	}
}

// opsHosts are the names besides loopback under which operators may ask: those that are set, and the address that is listened on.
func (c *Config) opsHosts() []string {
	host, _, err := net.SplitHostPort(c.Ops)
	if ip, fault := netip.ParseAddr(host); err != nil || host == "" || fault == nil && ip.IsUnspecified() {
		return c.OpsHosts
	}
	return append([]string{strings.ToLower(host)}, c.OpsHosts...)
}
