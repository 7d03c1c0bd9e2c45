package notifications

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"xinyi/models"
)

func TestGuardChecksAddresses(t *testing.T) {
	good := []string{
		"https://his.example.com/hook", "https://his.example.com:443/", "https://his.example.com:8443/a?token=x", "https://HIS.Example.COM./x",
		"https://8.8.8.8/x", "https://[2606:4700:4700::1111]/x", "https://医院.example.cn/hook",
	}
	bad := []string{
		"", "his.example.com", "/hook", "http://his.example.com/", "ftp://his.example.com/", "https://", "https:opaque", "https://:443/", "HTTPS//x",
		"https://user:pw@his.example.com/", "https://his.example.com/#x", "https://his.example.com:80/", "https://his.example.com:22/",
		"https://his.example.com:0/", "https://his.example.com:65536/", "https://his.example.com:x/",
		"https://localhost/", "https://LOCALHOST./", "https://his/", "https://x.localhost/", "https://metadata.google.internal/", "https://printer.local/",
		"https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://017700000001/",
		"https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.1.1/", "https://100.64.0.1/", "https://169.254.169.254/latest/meta-data", "https://0.0.0.0/",
		"https://224.0.0.1/", "https://255.255.255.255/", "https://198.18.0.1/", "https://192.0.2.1/", "https://240.0.0.1/",
		"https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:8.8.8.8]/", "https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[fc00::1]/", "https://[fd00:ec2::254]/",
		"https://[ff02::1]/", "https://[2002:7f00:1::]/", "https://[64:ff9b::7f00:1]/", "https://[2001:db8::1]/",
		"https://his.example.com/" + strings.Repeat("x", maxURL),
	}
	for _, u := range good {
		if err := (Guard{}).Check(u); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
	for _, u := range bad {
		err := (Guard{}).Check(u)
		if e := (*models.Error)(nil); !errors.As(err, &e) || e.Code != models.Invalid || len(e.Fields) != 1 || e.Fields[0].Pointer != "/url" {
			t.Errorf("%.80s: %v, want Invalid at /url", u, err)
		}
	}
	sandbox := Guard{AllowPrivate: true}
	for u, want := range map[string]bool{"http://127.0.0.1:9/": true, "https://localhost/x": true, "http://his:80/": true, "ftp://his/": false, "http://u:p@his/": false, "": false} {
		if err := sandbox.Check(u); (err == nil) != want {
			t.Errorf("sandbox %s: %v", u, err)
		}
	}
}

// names is a resolver whose every name stands for one address.
func names(t *testing.T, ip string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(record(buf[:n], netip.MustParseAddr(ip)), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// record answers a question with an address of its type (RFC 1035), or with nothing.
func record(ask []byte, ip netip.Addr) []byte {
	end := 12
	for ask[end] != 0 {
		end += int(ask[end]) + 1
	}
	kind, raw := binary.BigEndian.Uint16(ask[end+1:]), ip.AsSlice()
	out := append([]byte{ask[0], ask[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, ask[12:end+5]...)
	if kind == 1 && len(raw) == 4 || kind == 28 && len(raw) == 16 {
		out[7] = 1
		out = append(out, 0xc0, 12, byte(kind>>8), byte(kind), 0, 1, 0, 0, 0, 60, 0, byte(len(raw)))
		out = append(out, raw...)
	}
	return out
}

// A name may stand for anything, and for something else each time: what counts is the address that is dialled.
func TestGuardLooksAtWhatIsDialled(t *testing.T) {
	for _, ip := range []string{
		"127.0.0.1", "10.1.2.3", "192.168.0.1", "172.31.255.255", "100.100.100.200", "169.254.169.254", "0.0.0.0", "224.0.0.1",
		"::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fd00:ec2::254", "ff02::1", "64:ff9b::a00:1", "2002:a00:1::",
	} {
		client := Guard{Resolver: names(t, ip)}.Client(4)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://rebind.example.com/hook?token=s3cret", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err == nil {
			_ = res.Body.Close()
			t.Errorf("%s was reached", ip)
			continue
		}
		f := unheard(err)
		if f.Code != "address refused" || f.Class != Unsure || strings.Contains(f.Error(), "s3cret") || strings.Contains(f.Error(), ip) {
			t.Errorf("%s: %v", ip, f)
		}
	}
}

// Literal addresses, ports and proxies are no way round it either.
func TestGuardDials(t *testing.T) {
	there := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }))
	defer there.Close()
	t.Setenv("HTTP_PROXY", there.URL)
	t.Setenv("HTTPS_PROXY", there.URL)
	for _, u := range []string{there.URL, "https://127.0.0.1:" + strings.TrimPrefix(there.URL, "http://127.0.0.1:"), "http://[::ffff:127.0.0.1]:9/", "http://8.8.8.8:22/", "http://8.8.8.8:80/"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := (Guard{}).Client(4).Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		if !errors.Is(err, errAddress) {
			t.Errorf("%s: %v", u, err)
		}
		cancel()
	}
}

func TestWaitAsked(t *testing.T) {
	now := time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, "86401": maxAsked, "99999999999999": 0, "-1": 0, "soon": 0,
		"Mon, 02 Mar 2026 04:00:30 GMT": 30 * time.Second, "Mon, 02 Mar 2026 03:00:00 GMT": 0, "Mon, 02 Mar 2027 04:00:00 GMT": maxAsked,
	} {
		if got := waitAsked(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
