package local

import "time"

// fcmKept is how many pushes Seen remembers unless Keep says.
const fcmKept = 100_000

// A Push is what a device would have got.
type Push struct {
	Token, Title, Body string
	Data               map[string]string
	Collapse, Tag      string // Android's
	Priority           string
	TTL                time.Duration
	APNS               map[string]string // headers
	At                 time.Time
}

// Seen lists the last pushes that were taken, oldest first; at most Keep. Dry runs are not among them.
func (f *FCM) Seen() []Push {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.seen) < f.most() {
		return append([]Push(nil), f.seen...)
	}
	oldest := f.sent % f.most()
	return append(append(make([]Push, 0, f.most()), f.seen[oldest:]...), f.seen[:oldest]...)
}

// Sent is how many pushes were taken.
func (f *FCM) Sent() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sent
}

// Count is how many pushes to token were taken.
func (f *FCM) Count(token string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[token]
}

// keep notes a push; f.mu is held.
func (f *FCM) keep(in fcmEnvelope) {
	m := in.Message
	ttl, _ := time.ParseDuration(m.Android.TTL) //nolint:errcheck // none is 0
	p := Push{Token: m.Token, Title: m.Notification.Title, Body: m.Notification.Body, Data: m.Data,
		Collapse: m.Android.CollapseKey, Tag: m.Android.Notification.Tag, Priority: m.Android.Priority, TTL: ttl,
		APNS: m.APNS.Headers, At: f.Now()}
	f.sent++
	if f.Keep < 0 {
		return
	}
	if len(f.seen) < f.most() {
		f.seen = append(f.seen, p)
	} else {
		f.seen[(f.sent-1)%f.most()] = p
	}
	if f.counts == nil {
		f.counts = map[string]int{}
	}
	f.counts[p.Token]++
}

func (f *FCM) most() int {
	if f.Keep > 0 {
		return f.Keep
	}
	return fcmKept
}
