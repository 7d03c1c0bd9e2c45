package api

import (
	"net/netip"
	"testing"
	"time"
)

func TestAddressOfClient(t *testing.T) {
	p := proxiesOf([]string{"10.0.0.0/8", "2001:db8:1::/48", "192.0.2.7"})
	for name, tc := range map[string]struct{ peer, forwarded, want string }{
		"no proxy, a line of its own":    {"203.0.113.9", "198.51.100.1", "203.0.113.9"},
		"one proxy":                      {"10.0.0.1", "203.0.113.9", "203.0.113.9"},
		"the client wrote a line before": {"10.0.0.1", "127.0.0.1, 203.0.113.9", "203.0.113.9"},
		"the client wrote our proxy":     {"10.0.0.1", "10.0.0.2, 203.0.113.9", "203.0.113.9"},
		"two proxies":                    {"10.0.0.1", "198.51.100.1, 203.0.113.9, 10.9.9.9", "203.0.113.9"},
		"several lines are one":          {"10.0.0.1", "198.51.100.1,203.0.113.9,10.9.9.9", "203.0.113.9"},
		"all are proxies":                {"10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"},
		"nonsense":                       {"10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"},
		"nonsense further left":          {"10.0.0.1", "unknown, 203.0.113.9", "203.0.113.9"},
		"empty":                          {"10.0.0.1", "", "10.0.0.1"},
		"with a port":                    {"192.0.2.7", "203.0.113.9:4711", "203.0.113.9"},
		"IPv6 counts by its network":     {"2001:db8:1::5", "[2001:db8:99:1:a:b:c:d]:443", "2001:db8:99:1::/64"},
		"IPv6 with a zone":               {"10.0.0.1", "fe80::1%eth0", "fe80::/64"},
		"IPv4 written as IPv6":           {"::ffff:10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := networkOf(p.client(netip.MustParseAddr(tc.peer), tc.forwarded)); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}

// TestLimitsWhenTheClockIsSetBack: nobody waits for the hour that is lived through twice.
func TestLimitsWhenTheClockIsSetBack(t *testing.T) {
	l, rate, now := newLimits(Rates{}), Rate{3, time.Minute}, time.UnixMilli(1).Add(48*time.Hour)
	for range 4 {
		l.take("person", "ann", rate, now)
	}
	for i := range 4 {
		if q := l.take("person", "ann", rate, now.Add(-time.Hour)); q.over != (i == 3) {
			t.Errorf("call %d an hour before: over is %v", i, q.over)
		}
	}
}

func TestAccepts(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "x-gzip": true, "gzip;q=0": false, "gzip; q=0.000": false, "gzip;q=0.001": true, "*": true, "*;q=0": false,
		"gzip;q=0, *": false, "*, gzip;q=0": false, "br, deflate": false, "br;q=1, gzip;q=0.5": true, "gzipped": false, "identity, *;q=0.1": true,
	} {
		if got := accepts(header, "gzip"); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

func TestRevisionsOfIfMatch(t *testing.T) {
	for header, want := range map[string][]int64{
		"": nil, "*": nil, `"3"`: {3}, "3": {3}, `W/"3"`: {3}, `"1", W/"2" ,"3"`: {1, 2, 3}, `"abc"`: {-1}, `"abc", "4"`: {-1, 4},
	} {
		got, err := revisions(header)
		if err != nil || len(got) != len(want) {
			t.Errorf("%q: %v, %v", header, got, err)
			continue
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%q: %v", header, got)
			}
		}
	}
	for _, header := range []string{"x", `"`, `"0"`, `"-1"`, `"1`, `"a""b"`, ","} {
		if got, err := revisions(header); err == nil {
			t.Errorf("%q: %v", header, got)
		}
	}
}
