package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A scripted listener fails as often as it is told, then hands out connections from the addresses it is given.
type scripted struct {
	net.Listener
	faults []error
	from   []string
}

func (s *scripted) Accept() (net.Conn, error) {
	if len(s.faults) > 0 {
		err := s.faults[0]
		s.faults = s.faults[1:]
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", err)}
	}
	if len(s.from) == 0 {
		return nil, net.ErrClosed
	}
	addr := s.from[0]
	s.from = s.from[1:]
	c, _ := net.Pipe()
	return &addressed{Conn: c, addr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(addr), 1))}, nil
}

func (s *scripted) Close() error { return nil }

type addressed struct {
	net.Conn
	addr net.Addr
}

func (a *addressed) RemoteAddr() net.Addr { return a.addr }

func gateOf(s *scripted, all, each int, proxies ...string) *gate {
	cfg := Config{Proxies: proxies}
	return newGate(s, all, each, cfg.proxied, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
}

// What passes is waited for; what does not, ends the gate.
func TestGateGoesOn(t *testing.T) {
	t.Parallel()
	g := gateOf(&scripted{faults: []error{syscall.EMFILE, syscall.ENFILE, syscall.ECONNABORTED, syscall.ENOBUFS, syscall.ENOMEM}, from: []string{"192.0.2.1"}}, 9, 9)
	if _, err := g.Accept(); err != nil {
		t.Errorf("Accept = %v", err)
	}
	g = gateOf(&scripted{faults: []error{syscall.EBADF}}, 9, 9)
	if _, err := g.Accept(); !errors.Is(err, syscall.EBADF) {
		t.Errorf("Accept on a broken socket = %v", err)
	}
	var forever []error
	for range 1000 {
		forever = append(forever, syscall.EMFILE)
	}
	g = gateOf(&scripted{faults: forever}, 9, 9)
	time.AfterFunc(50*time.Millisecond, func() { _ = g.Close() })
	if _, err := g.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept of a closed gate = %v", err)
	}
}

// Connections are counted in all and by IPv4 address or /64 of IPv6; a proxy of ours has the bound in all alone.
func TestGateBounds(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		from      []string
		all, each int
		want      int
	}{
		"within":             {[]string{"192.0.2.1", "192.0.2.1", "192.0.2.2"}, 9, 2, 3},
		"one address":        {[]string{"192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"}, 9, 2, 3},
		"one address mapped": {[]string{"192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"}, 9, 2, 2},
		"one /64":            {[]string{"2001:db8::1", "2001:db8::2", "2001:db8::ffff:3", "2001:db8:0:1::1"}, 9, 2, 3},
		"a zone":             {[]string{"fe80::1%eth0", "fe80::2%eth1", "fe80::3"}, 9, 2, 2},
		"in all":             {[]string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, 2, 2, 2},
		"no bound of one":    {[]string{"192.0.2.1", "192.0.2.1", "192.0.2.1"}, 9, 0, 3},
		"our proxy":          {[]string{"10.0.0.7", "10.0.0.7", "10.0.0.7"}, 9, 2, 3},
		"our proxy on IPv6":  {[]string{"2001:db8:1::7", "2001:db8:1::7", "2001:db8:1::7"}, 9, 2, 3},
		"our proxy in all":   {[]string{"10.0.0.7", "10.0.0.7", "10.0.0.7"}, 2, 9, 2},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := gateOf(&scripted{from: tc.from}, tc.all, tc.each, "10.0.0.0/24", "2001:db8:1::7")
			var in []net.Conn
			for {
				c, err := g.Accept()
				if err != nil {
					break
				}
				in = append(in, c)
			}
			if len(in) != tc.want || g.open != tc.want {
				t.Errorf("%d are in, %d counted, want %d", len(in), g.open, tc.want)
			}
			for _, c := range in {
				if err := errors.Join(c.Close(), c.Close()); err != nil {
					t.Error(err)
				}
			}
			if g.open != 0 || len(g.of) != 0 {
				t.Errorf("after all have left %d are counted, of %v", g.open, g.of)
			}
		})
	}
}

// Crowds of idle connections, more than the process may have files, end nothing: who comes from elsewhere is answered meanwhile where
// addresses are bounded, and everybody is once the crowd has gone.
func TestIdleConnectionsEndNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		each      string
		meanwhile bool // others are answered while the crowd stands
	}{"bounded by address": {"40", true}, "bounded in all": {"0", false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startLimited(t, cityDir(t), 256, "MAX_CONNECTIONS_PER_ADDRESS="+tc.each)
			addr := c.url[len("http://"):]
			var crowd []net.Conn
			for range 400 {
				conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
				if err != nil {
					t.Fatalf("after %d connections: %v", len(crowd), err)
				}
				crowd = append(crowd, conn)
			}
			if tc.meanwhile {
				if err := alive(c.url, "127.0.0.2"); err != nil {
					t.Errorf("somebody else, while the crowd stands: %v", err)
				}
			}
			for _, conn := range crowd {
				_ = conn.Close()
			}
			var err error
			for range 100 {
				if err = alive(c.url, "127.0.0.1"); err == nil {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			if err != nil {
				t.Errorf("after the crowd has gone: %v", err)
			}
			c.ends(t, syscall.SIGTERM)
		})
	}
}

// alive asks a server whether it lives, from an address of this machine.
func alive(url, from string) error {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 5 * time.Second}
	client := http.Client{Transport: &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Get(url + "/readyz")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%d, %w", resp.StatusCode, err)
	}
	return nil
}
