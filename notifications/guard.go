package notifications

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"

	"xinyi/models"
)

// maxURL bounds an address somebody gives us, in bytes.
const maxURL = 2048

// errAddress says that a name stands for an address one may not send to.
var errAddress = errors.New("the address is not on the public internet")

// A Guard keeps what we send to addresses others gave us on the public internet (SSRF). Check looks at an address as it is
// written; Client looks at every address a name stands for at the moment it is dialled, so that a name that changes helps nobody.
type Guard struct {
	AllowPrivate bool           // a sandbox's: any address and port, http too
	Roots        *x509.CertPool // nil: the system's
	Resolver     *net.Resolver  // nil: the system's
}

// Check says whether raw is an address one may send to: https, a public name or address, port 443 or from 1024 on, no user
// and no fragment. It asks no name server. Errors: Invalid with pointer /url.
func (g Guard) Check(raw string) error {
	bad := models.Bad("/url", "webhook_url", "webhook.url_invalid")
	u, err := url.Parse(raw)
	if err != nil || len(raw) > maxURL || u.Opaque != "" || u.User != nil || u.Fragment != "" || u.Hostname() == "" {
		return bad
	}
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !g.AllowPrivate):
		return bad
	case !g.port(u.Port()) || !g.AllowPrivate && !public(u.Hostname()):
		return bad
	}
	return nil
}

func (g Guard) port(s string) bool {
	if s == "" {
		return true
	}
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0 && (g.AllowPrivate || n == 443 || n >= 1024)
}

// inner are endings of names that no public name server knows.
var inner = []string{".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".localdomain", ".corp", ".home", ".invalid",
	".test", ".onion"}

// public says whether a host, as written, may be on the public internet. What a name stands for is seen when it is dialled.
func public(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Zone() == "" && ssrf.New().SafeAddr(ip) == nil
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, end := range inner {
		if strings.HasSuffix(host, end) {
			return false
		}
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last != host && !numeric(last)
}

// numeric says whether the last label of a host makes it another spelling of an IPv4 address: "2130706433", "0x7f.1", "127.1".
func numeric(label string) bool {
	_, err := strconv.ParseUint(label, 0, 64)
	return label == "" || err == nil || strings.Trim(label, "0123456789") == ""
}

// Client is an HTTP client that dials public addresses only, follows no redirect, uses no proxy and asks once.
// Its deadline is the caller's.
func (g Guard) Client(idle int) *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second, Resolver: g.Resolver}
	if !g.AllowPrivate {
		dialer.Control = dialled
	}
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, DisableCompression: true,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: g.Roots},
			TLSHandshakeTimeout: 5 * time.Second, MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConns: idle, MaxIdleConnsPerHost: max(idle/4, 2), IdleConnTimeout: 90 * time.Second,
		},
	}
}

// dialled looks at the address a name stood for, just before it is dialled.
var dialled = func() func(network, address string, c syscall.RawConn) error {
	addresses := ssrf.New(ssrf.WithAnyPort())
	return func(network, address string, c syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || to.Port() != 443 && to.Port() < 1024 || addresses.Safe(network, address, c) != nil {
			return errAddress
		}
		return nil
	}
}()
