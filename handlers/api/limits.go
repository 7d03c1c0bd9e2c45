package api

import (
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"xinyi/models"
)

// A Rate is N calls per period, all of which may come at once. N 0 is no bound.
type Rate struct {
	N   int
	Per time.Duration
}

// Rates bound callers in this process. A zero Rate is no bound; the zero Rates are DefaultRates; Off turns all off.
type Rates struct {
	Person, Client, Address Rate
	Off                     bool // for load tests
}

// DefaultRates leave a person's app and a hospital's busy morning alone. Sized by judgement, to be set per city.
var DefaultRates = Rates{
	Person:  Rate{N: 300, Per: time.Minute},
	Client:  Rate{N: 6000, Per: time.Minute},
	Address: Rate{N: 600, Per: time.Minute}, // one address may be a whole office
}

// maxBuckets bounds the memory of the limits: about 100 bytes each.
const maxBuckets = 1 << 17

const shards = 16

// maxPer is the longest period of a rate: a bucket that is full later than that was seen by a clock that was set back.
const maxPer = 24 * time.Hour

// limits counts callers by the generic cell rate algorithm: one moment per caller, at which the bucket is full again.
type limits struct {
	rates  Rates
	seed   maphash.Seed
	shards [shards]shard
}

type shard struct {
	mu   sync.Mutex
	full map[string]time.Time
}

func newLimits(r Rates) *limits {
	if r == (Rates{}) {
		r = DefaultRates
	}
	l := &limits{rates: r, seed: maphash.MakeSeed()}
	for i := range l.shards {
		l.shards[i].full = map[string]time.Time{}
	}
	return l
}

// A quota is what is left to a caller after this call.
type quota struct {
	name  string
	rate  Rate
	left  int
	reset time.Duration // until the bucket is full again; when nothing is left, until the next call
	over  bool
}

// take counts one call of who at now.
func (l *limits) take(name, who string, rate Rate, now time.Time) quota {
	if l.rates.Off || rate.N <= 0 {
		return quota{}
	}
	step := rate.Per / time.Duration(rate.N)
	s := &l.shards[maphash.String(l.seed, who)%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	full, known := s.full[who]
	if !known && len(s.full) >= maxBuckets/shards {
		s.evict(now)
	}
	if full.Before(now) || full.Sub(now) > rate.Per { // the latter only when the clock was set back
		full = now
	}
	ahead := full.Add(step).Sub(now)
	if ahead > rate.Per {
		return quota{name: name, rate: rate, over: true, reset: ahead - rate.Per}
	}
	s.full[who] = full.Add(step)
	return quota{name: name, rate: rate, left: int((rate.Per - ahead) / step), reset: ahead}
}

// evict forgets callers whose bucket is full again, and when there are none, one in eight of the rest.
func (s *shard) evict(now time.Time) {
	before := len(s.full)
	for who, full := range s.full {
		if !full.After(now) || full.Sub(now) > maxPer {
			delete(s.full, who)
		}
	}
	if len(s.full) < before {
		return
	}
	drop := before/8 + 1
	for who := range s.full {
		if drop--; drop < 0 {
			return
		}
		delete(s.full, who)
	}
}

// headers are RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10).
func (q quota) headers() (policy, state string) {
	return fmt.Sprintf(`"%s";q=%d;w=%d`, q.name, q.rate.N, int(q.rate.Per.Seconds())),
		fmt.Sprintf(`"%s";r=%d;t=%d`, q.name, q.left, int((q.reset+time.Second-1)/time.Second))
}

// err is Limited when the call was one too many.
func (q quota) err() error {
	if !q.over {
		return nil
	}
	e := models.E(models.Limited, "request.limited")
	e.RetryAfter = max(q.reset, time.Second)
	return e
}
