package inbox

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
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
	*apitest.World
	bells *bells
	n     int
	dial  func(token string, headers ...string) *apitest.Line
}

func mailrooms(t *testing.T, b api.StreamBounds, interval time.Duration) *mailroom {
	t.Helper()
	apitest.LeavesNothing(t)
	p := &mailroom{World: apitest.NewWorld(t, false, nil, withInbox), bells: &bells{ears: map[chan struct{}]string{}}}
	r := api.NewRouter(api.Config{Now: p.Now, Auth: apitest.Names{}, Store: p.Store, Log: slog.New(slog.NewTextHandler(&p.Log, nil)), Streams: b})
	words := func(m *inbox.Message, lang string) (inbox.Words, error) { return inbox.Words{Title: lang}, nil }
	box := Handler{Messages: p.Messages, Words: words, Live: p.bells, look: interval}
	if interval != 0 {
		box.Live = nil
	}
	r.Handle(box)
	if err := r.Finish(); err != nil {
		t.Fatal(err)
	}
	p.R = r
	url, client := apitest.Serves(t, r)
	p.dial = func(token string, headers ...string) *apitest.Line {
		return apitest.Dial(t, client, url+"/v1/me/inbox/stream", token, headers...)
	}
	return p
}

// keep keeps a message that came into sight now, though its replica stamped it so much earlier.
func (p *mailroom) keep(person string, late time.Duration) string {
	p.Helper()
	p.n++
	e := models.Event{ID: fmt.Sprint("e", p.n), Kind: "medical.bill_paid", Subject: fmt.Sprint("b", p.n), Person: person, At: p.Now()}
	m := inbox.New(e, inbox.Info, "medical.bill", "medical.bill", "service")
	p.Forward(-late)
	err := p.Messages.Insert(p.Context(), m)
	p.Forward(late)
	if err != nil {
		p.Fatal(err)
	}
	p.bells.Changed(person)
	return m.ID
}

func messageOf(l *apitest.Line) (id, last string) {
	l.Helper()
	var v messageView
	e := l.Hears("message", &v)
	return v.ID, e.Id
}

func TestInboxStreamTellsWhatIsNew(t *testing.T) {
	p := mailrooms(t, api.StreamBounds{}, 0)
	p.keep("ann", 0)
	one, two, bob := p.dial("ann", "Accept-Language", "en"), p.dial("ann"), p.dial("bob")
	for l, want := range map[*apitest.Line]string{one: `{"count":1}`, two: `{"count":1}`, bob: `{"count":0}`} {
		if e := l.Wants("unread", want); e.Id == "" {
			t.Error("the first event has no id to come back with")
		}
	}
	p.Forward(time.Second)
	id := p.keep("ann", 0)
	theirs := p.keep("bob", 0)
	for l, lang := range map[*apitest.Line]string{one: "en", two: "zh"} {
		var v messageView
		e := l.Hears("message", &v)
		if v.ID != id || v.Title != lang || v.Class != "service" || v.State != "UNREAD" {
			t.Errorf("heard %+v", v)
		}
		l.Wants("unread", `{"count":2}`)
		for name, data := range map[string]string{"message": e.Data, "unread": `{"count":2}`, "more": `{"list":"/v1/me/inbox"}`} {
			if err := p.Check.Check("GET", "/v1/me/inbox/stream", 200, api.EventStream, []byte(data)); err != nil {
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
		if res := p.Ask("POST /v1/me/inbox/"+act.path, act.body, "as ann"); res.Status != 200 {
			t.Errorf("%s: %d %s", act.path, res.Status, res.Body)
		}
		one.Wants("unread", act.want)
		two.Wants("unread", act.want)
	}
}

// Whatever the order of messages, late ones among them, and of breaks of the line: each message is told once.
func TestInboxStreamLosesAndRepeatsNothing(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 7))
			p := mailrooms(t, api.StreamBounds{Ping: 20 * time.Millisecond, Each: 100}, 0)
			p.keep("ann", 0) // before the first line: not told
			p.Forward(time.Second)
			l := p.dial("ann")
			last := l.Hears("unread", &countView{}).Id
			told, want := map[string]int{}, map[string]bool{}
			for range 60 {
				switch r.IntN(4) {
				case 0:
					l.Leave()
					for range r.IntN(4) { // while nobody is there
						want[p.keep("ann", rand.N(overlap-time.Second))] = true
						p.Forward(rand.N(3 * time.Second))
					}
					l = p.dial("ann", "Last-Event-ID", last)
				case 1:
					p.keep("bob", 0)
					p.Forward(rand.N(20 * time.Second))
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
	p := mailrooms(t, api.StreamBounds{}, 5*time.Millisecond)
	l := p.dial("ann")
	l.Wants("unread", `{"count":0}`)
	id := p.keep("ann", 0)
	if got, _ := messageOf(l); got != id {
		t.Errorf("heard %s, want %s", got, id)
	}
	l.Wants("unread", `{"count":1}`)
}

// After a month away a client hears the last 200 and where the rest is.
func TestInboxStreamAfterAMonth(t *testing.T) {
	p := mailrooms(t, api.StreamBounds{Ping: 10 * time.Millisecond}, 0)
	l := p.dial("ann")
	last := l.Wants("unread", `{"count":0}`).Id
	l.Leave()
	var ids []string
	for range mostMissed + 30 {
		p.Forward(time.Hour)
		ids = append(ids, p.keep("ann", 0))
	}
	l = p.dial("ann", "Last-Event-ID", last)
	l.Wants("more", `{"list":"/v1/me/inbox"}`)
	for i, id := range ids[30:] {
		if got, _ := messageOf(l); got != id {
			t.Fatalf("message %d: %s, want %s", i, got, id)
		}
	}
	last = l.Wants("unread", fmt.Sprintf(`{"count":%d}`, len(ids))).Id
	l.Leave()
	p.Forward(time.Minute)
	id := p.keep("ann", 0)
	if got, _ := messageOf(p.dial("ann", "Last-Event-ID", last)); got != id {
		t.Errorf("after that: %s, want %s", got, id)
	}
}

func TestInboxStreamRefusesAForeignPlace(t *testing.T) {
	p := mailrooms(t, api.StreamBounds{}, 0)
	good := newBookmark(p.Now())
	good.pass("m", p.Now())
	s := good.String()
	for _, bad := range []string{"nonsense", "0", strings.Repeat("A", 40), s[:len(s)-1], s[:4] + "x" + s[5:], s + "AAAA", strings.Repeat("A", 2049)} {
		l := p.dial("ann", "Last-Event-ID", bad)
		body, err := io.ReadAll(l.Res.Body)
		if err != nil || l.Res.StatusCode != 400 || !strings.Contains(string(body), "#header/Last-Event-ID") {
			t.Errorf("%.50s: %d %s", bad, l.Res.StatusCode, body)
		}
	}
	p.dial("ann", "Last-Event-ID", s).Wants("unread", `{"count":0}`)
	for token, status := range map[string]int{"bad": 401, "client:hospital": 403} {
		if l := p.dial(token); l.Res.StatusCode != status {
			t.Errorf("%s: %d, want %d", token, l.Res.StatusCode, status)
		}
	}
}

// A person's sixth stream is refused; a ward's inbox is told to the agent.
func TestInboxStreamOfAWard(t *testing.T) {
	p := mailrooms(t, api.StreamBounds{}, 0)
	l := p.dial("ann", "X-Acting-For", "child")
	l.Wants("unread", `{"count":0}`)
	p.keep("ann", 0)
	id := p.keep("child", 0)
	if got, _ := messageOf(l); got != id {
		t.Errorf("heard %s, want %s", got, id)
	}
	for range 4 {
		p.dial("ann").Wants("unread", `{"count":1}`)
	}
	if l := p.dial("ann"); l.Res.StatusCode != 429 {
		t.Errorf("the sixth: %d", l.Res.StatusCode)
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
