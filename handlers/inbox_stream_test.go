package handlers

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/models/inbox"
)

// bells wakes streams as the hub of the server does.
type bells struct {
	mu   sync.Mutex
	ears map[chan struct{}]string
}

func (b *bells) Listen(person string) (<-chan struct{}, func()) {
	ear := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ears[ear] = person
	return ear, func() { b.mu.Lock(); defer b.mu.Unlock(); delete(b.ears, ear) }
}

func (b *bells) Changed(person string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ear, p := range b.ears {
		if p == person {
			select {
			case ear <- struct{}{}:
			default:
			}
		}
	}
}

// A mailroom is a hall that listens, with bells; look is as Inbox's.
type mailroom struct {
	*hall
	bells *bells
	n     int
	dial  func(token string, headers ...string) *line
}

func mailrooms(t *testing.T, b StreamBounds, look time.Duration) *mailroom {
	t.Helper()
	leavesNothing(t)
	p := &mailroom{hall: halls(t, false, nil, withInbox), bells: &bells{ears: map[chan struct{}]string{}}}
	r := NewRouter(Config{Now: p.Now, Auth: names{}, Store: p.store, Log: slog.New(slog.NewTextHandler(&p.log, nil)), Streams: b})
	words := func(m *inbox.Message, lang string) (inbox.Words, error) { return inbox.Words{Title: lang}, nil }
	box := Inbox{Messages: p.messages, Words: words, Live: p.bells, look: look}
	if look != 0 {
		box.Live = nil
	}
	r.Handle(box)
	if err := r.Finish(); err != nil {
		t.Fatal(err)
	}
	p.r = r
	url, client := serves(t, r)
	p.dial = func(token string, headers ...string) *line {
		return dial(t, client, url+"/v1/me/inbox/stream", token, headers...)
	}
	return p
}

// keep keeps a message that came into sight now, though its replica stamped it so much earlier.
func (p *mailroom) keep(person string, late time.Duration) string {
	p.Helper()
	p.n++
	e := models.Event{ID: fmt.Sprint("e", p.n), Kind: "medical.bill_paid", Subject: fmt.Sprint("b", p.n), Person: person, At: p.Now()}
	m := inbox.New(e, inbox.Info, "medical.bill", "medical.bill", "service")
	p.forward(-late)
	err := p.messages.Insert(p.Context(), m)
	p.forward(late)
	if err != nil {
		p.Fatal(err)
	}
	p.bells.Changed(person)
	return m.ID
}

// hears reads on to the next event of a name and fills v with its data.
func (l *line) hears(name string, v any) heard {
	l.Helper()
	for {
		e, err := l.next()
		if err != nil {
			l.Fatalf("waiting for %s: %v", name, err)
		}
		if e.name == name {
			if err := json.Unmarshal([]byte(e.data), v); err != nil {
				l.Fatal(err)
			}
			return e
		}
	}
}

func messageOf(l *line) (id, last string) {
	l.Helper()
	var v messageView
	e := l.hears("message", &v)
	return v.ID, e.id
}

func TestInboxStreamTellsWhatIsNew(t *testing.T) {
	p := mailrooms(t, StreamBounds{}, 0)
	p.keep("ann", 0)
	one, two, bob := p.dial("ann", "Accept-Language", "en"), p.dial("ann"), p.dial("bob")
	for l, want := range map[*line]string{one: `{"count":1}`, two: `{"count":1}`, bob: `{"count":0}`} {
		if e := l.wants("unread", want); e.id == "" {
			t.Error("the first event has no id to come back with")
		}
	}
	p.forward(time.Second)
	id := p.keep("ann", 0)
	theirs := p.keep("bob", 0)
	for l, lang := range map[*line]string{one: "en", two: "zh"} {
		var v messageView
		e := l.hears("message", &v)
		if v.ID != id || v.Title != lang || v.Class != "service" || v.State != "UNREAD" {
			t.Errorf("heard %+v", v)
		}
		l.wants("unread", `{"count":2}`)
		for name, data := range map[string]string{"message": e.data, "unread": `{"count":2}`, "more": `{"list":"/v1/me/inbox"}`} {
			if err := p.check.Check("GET", "/v1/me/inbox/stream", 200, eventStream, []byte(data)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if id, _ := messageOf(bob); id != theirs {
		t.Errorf("bob heard %s", id)
	}
	for _, act := range []struct{ path, body, want string }{
		{id + "/snooze", `{"until":"2026-03-03T08:00:00Z"}`, `{"count":1}`},
		{"read-all", "", `{"count":0}`},
	} {
		if res := p.ask("POST /v1/me/inbox/"+act.path, act.body, "as ann"); res.status != 200 {
			t.Errorf("%s: %d %s", act.path, res.status, res.body)
		}
		one.wants("unread", act.want)
		two.wants("unread", act.want)
	}
}

// Whatever the order of messages, late ones among them, and of breaks of the line: each message is told once.
func TestInboxStreamLosesAndRepeatsNothing(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // it is a test's
			p := mailrooms(t, StreamBounds{Ping: 20 * time.Millisecond, Each: 100}, 0)
			p.keep("ann", 0) // before the first line: not told
			p.forward(time.Second)
			l := p.dial("ann")
			last := l.hears("unread", &countView{}).id
			told, want := map[string]int{}, map[string]bool{}
			for range 60 {
				switch r.IntN(4) {
				case 0:
					l.leave()
					for range r.IntN(4) { // while nobody is there
						want[p.keep("ann", rand.N(overlap-time.Second))] = true
						p.forward(rand.N(3 * time.Second))
					}
					l = p.dial("ann", "Last-Event-ID", last)
				case 1:
					p.keep("bob", 0)
					p.forward(rand.N(20 * time.Second))
				default:
					want[p.keep("ann", rand.N(overlap-time.Second))] = true
				}
				for pending(want, told) > 0 {
					id, at := messageOf(l)
					told[id]++
					last = at
				}
			}
			for id, n := range told {
				if n != 1 || !want[id] {
					t.Errorf("%s: told %d times, wanted %v", id, n, want[id])
				}
			}
		})
	}
}

func pending(want map[string]bool, told map[string]int) (n int) {
	for id := range want {
		if told[id] == 0 {
			n++
		}
	}
	return n
}

// Without a hub the store is looked at every so often.
func TestInboxStreamLooksByItself(t *testing.T) {
	p := mailrooms(t, StreamBounds{}, 5*time.Millisecond)
	l := p.dial("ann")
	l.wants("unread", `{"count":0}`)
	id := p.keep("ann", 0)
	if got, _ := messageOf(l); got != id {
		t.Errorf("heard %s, want %s", got, id)
	}
	l.wants("unread", `{"count":1}`)
}

// After a month away a client hears the last 200 and where the rest is.
func TestInboxStreamAfterAMonth(t *testing.T) {
	p := mailrooms(t, StreamBounds{Ping: 10 * time.Millisecond}, 0)
	l := p.dial("ann")
	last := l.wants("unread", `{"count":0}`).id
	l.leave()
	var ids []string
	for range mostMissed + 30 {
		p.forward(time.Hour)
		ids = append(ids, p.keep("ann", 0))
	}
	l = p.dial("ann", "Last-Event-ID", last)
	l.wants("more", `{"list":"/v1/me/inbox"}`)
	for i, id := range ids[30:] {
		if got, _ := messageOf(l); got != id {
			t.Fatalf("message %d: %s, want %s", i, got, id)
		}
	}
	last = l.wants("unread", fmt.Sprintf(`{"count":%d}`, len(ids))).id
	l.leave()
	p.forward(time.Minute)
	id := p.keep("ann", 0)
	if got, _ := messageOf(p.dial("ann", "Last-Event-ID", last)); got != id {
		t.Errorf("after that: %s, want %s", got, id)
	}
}

func TestInboxStreamRefusesAForeignPlace(t *testing.T) {
	p := mailrooms(t, StreamBounds{}, 0)
	good := newBookmark(p.Now())
	good.pass("m", p.Now())
	s := good.String()
	for _, bad := range []string{"nonsense", "0", strings.Repeat("A", 40), s[:len(s)-1], s[:4] + "x" + s[5:], s + "AAAA", strings.Repeat("A", 2049)} {
		l := p.dial("ann", "Last-Event-ID", bad)
		body, err := io.ReadAll(l.res.Body)
		if err != nil || l.res.StatusCode != 400 || !strings.Contains(string(body), "#header/Last-Event-ID") {
			t.Errorf("%.50s: %d %s", bad, l.res.StatusCode, body)
		}
	}
	p.dial("ann", "Last-Event-ID", s).wants("unread", `{"count":0}`)
	for token, status := range map[string]int{"bad": 401, "client:hospital": 403} {
		if l := p.dial(token); l.res.StatusCode != status {
			t.Errorf("%s: %d, want %d", token, l.res.StatusCode, status)
		}
	}
}

// A person's sixth stream is refused; a ward's inbox is told to the agent.
func TestInboxStreamOfAWard(t *testing.T) {
	p := mailrooms(t, StreamBounds{}, 0)
	l := p.dial("ann", "X-Acting-For", "child")
	l.wants("unread", `{"count":0}`)
	p.keep("ann", 0)
	id := p.keep("child", 0)
	if got, _ := messageOf(l); got != id {
		t.Errorf("heard %s, want %s", got, id)
	}
	for range 4 {
		p.dial("ann").wants("unread", `{"count":1}`)
	}
	if l := p.dial("ann"); l.res.StatusCode != 429 {
		t.Errorf("the sixth: %d", l.res.StatusCode)
	}
}

func TestBookmark(t *testing.T) {
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	b := newBookmark(at)
	for n := range 3 * mostNamed {
		b.pass(fmt.Sprint(n), at.Add(time.Duration(n)*time.Millisecond))
	}
	newest := at.Add(time.Duration(3*mostNamed-1) * time.Millisecond)
	s := b.String()
	got, err := readBookmark(s, newest)
	if err != nil || !got.at.Equal(newest) || len(got.passed) != mostNamed || len(s) > 1000 {
		t.Fatalf("%+v %v, %d bytes", got, err, len(s))
	}
	if got.pass(fmt.Sprint(3*mostNamed-1), newest) || got.pass(fmt.Sprint(2*mostNamed), newest) || !got.pass("other", newest) {
		t.Error("the newest are not those that are named")
	}
	if ahead, err := readBookmark(s, at); err != nil || !ahead.at.Equal(at) {
		t.Errorf("a place ahead of now: %+v %v", ahead, err)
	}
	b.pass("late", newest.Add(time.Hour))
	if len(b.passed) != 1 {
		t.Errorf("%d names are kept beyond the overlap", len(b.passed))
	}
}
