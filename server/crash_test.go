package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/models/inbox"
	"xinyi/models/journal"
	"xinyi/models/medical"
	"xinyi/seed"
	"xinyi/store"
)

const serves = "XINYI_TEST_SERVES"

// TestMain lets the test binary be the program itself, so that a test can kill it.
func TestMain(tests *testing.M) {
	if os.Getenv(serves) != "" {
		main()
	}
	var err error
	if patternDir, err = os.MkdirTemp("", "xinyi-pattern-"); err != nil {
		panic(err)
	}
	debug.SetGCPercent(400) // dozens of cities at once: a sixth of the processor would go into collecting them
	code := tests.Run()
	_ = os.RemoveAll(patternDir)
	os.Exit(code)
}

// A child is the program in a process of its own, with the demo city.
type child struct {
	cmd *exec.Cmd
	url string
}

func startChild(t *testing.T, dir string) *child {
	t.Helper()
	return started(t, exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], "demo"), dir)
}

// startLimited is startChild with a bound on open files, and more settings.
func startLimited(t *testing.T, dir string, files int, settings ...string) *child {
	t.Helper()
	limited := fmt.Sprintf(`ulimit -n %d && exec "$0" demo`, files)
	return started(t, exec.CommandContext(context.WithoutCancel(t.Context()), "/bin/sh", "-c", limited, os.Args[0]), dir, settings...)
}

func started(t *testing.T, cmd *exec.Cmd, dir string, settings ...string) *child {
	t.Helper()
	cmd.Env = append(os.Environ(), serves+"=1", "ADDR=127.0.0.1:0", "OPS_ADDR=off", "DATA_DIR="+dir, "LOG_LEVEL=ERROR", "RATE_PERSON=0", "RATE_CLIENT=0", "RATE_ADDRESS=0")
	cmd.Env = append(cmd.Env, settings...)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "The demo city is at "); ok {
			url, _, _ := strings.Cut(rest, " ")
			go func() {
				for lines.Scan() {
				}
			}()
			return &child{cmd, url}
		}
	}
	t.Fatalf("the child ended: %v", cmd.Wait())
	return nil
}

// ends sends a signal and waits for the end.
func (c *child) ends(t *testing.T, s os.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	err := c.cmd.Wait()
	if fault := (*exec.ExitError)(nil); s == syscall.SIGTERM && err != nil || s == syscall.SIGKILL && !errors.As(err, &fault) {
		t.Fatalf("the child ended with %v", err)
	}
}

// A word is a request of a client, and the answer if one came.
type word struct {
	speech
	what, visit, bill string
	reply
}

// A crowd of clients and what they were told.
type round struct {
	url string

	mu    sync.Mutex
	words []*word
}

// say makes a request and remembers it. Errors: no answer, or one that is no success.
func (r *round) say(ctx context.Context, w word) (m, error) {
	w.url = r.url
	r.mu.Lock()
	r.words = append(r.words, &w)
	w.key = fmt.Sprint(w.what, "-", len(r.words), "-", r.url)
	r.mu.Unlock()
	got, err := w.say(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		w.reply = got
		if got.status/100 != 2 {
			return nil, fmt.Errorf("%s %s: %s %v", w.method, w.path, got.problem(), got.body)
		}
	}
	return got.body, err
}

// A patient is a resident of Ningxiang without any history.
type patient struct{ id, phone, number string }

// patients are the grown-up residents of Ningxiang with a phone.
func patients(t *testing.T) []patient {
	t.Helper()
	p, err := seed.NewPopulation(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var ps []patient
	for _, r := range p.People {
		if r.Region.County() == "430182" && strings.HasPrefix(r.ID, "resident-") && r.Adult(models.DayOf(time.Now())) && r.Phone.Reveal() != "" {
			ps = append(ps, patient{r.ID, r.Phone.Reveal(), r.IDNumber.Reveal()})
		}
	}
	return ps
}

// signs lets a resident sign in and sign the agreement. It answers the access token.
func (r *round) signs(ctx context.Context, p patient, consents []m) (string, error) {
	for _, s := range []speech{
		{method: "POST", path: "/v1/auth/codes", body: m{"phone": p.phone}},
		{method: "GET", path: "/v1/sandbox/codes/" + p.phone},
	} {
		s.url = r.url
		got, err := s.say(ctx)
		if err != nil || s.method == "POST" {
			if err != nil {
				return "", err
			}
			continue
		}
		in, err := speech{url: r.url, method: "POST", path: "/v1/auth/sessions", body: m{"phone": p.phone, "code": got.body["code"]}}.say(ctx)
		if err != nil {
			return "", err
		}
		token, ok := in.body["accessToken"].(string)
		if !ok {
			return "", fmt.Errorf("sign in: %s", in.problem())
		}
		_, err = r.say(ctx, word{what: "sign", speech: speech{token: token, method: "POST", path: "/v1/me/medical/agreements", body: m{"schemeId": "scheme-430182", "consents": consents}}})
		return token, err
	}
	return "", nil
}

// visits is one visit of a resident: charges, and unless it stays open a settlement and a payment.
func (r *round) visits(ctx context.Context, his, token, no string, p patient, n int) error {
	e, err := r.say(ctx, word{what: "open", speech: speech{token: his, method: "POST", path: "/v1/his/encounters", body: m{"visitNo": no, "type": "OUTPATIENT", "patient": m{"idNumber": p.number}}}})
	if err != nil {
		return err
	}
	visit := e["encounterId"].(string)
	accepted := 0
	for i, batch := range [][]string{{"30.00", "20.00"}, {"15.14", "600.00"}} {
		var lines []m
		for j, amount := range batch {
			lines = append(lines, m{"lineId": fmt.Sprint("L", i, j), "revision": 1, "category": "DRUG", "amount": amount, "occurredAt": lineTime})
		}
		got, err := r.say(ctx, word{what: "charge", visit: visit, speech: speech{token: his, method: "POST", path: "/v1/his/encounters/" + visit + "/charges", body: m{"lines": lines}}})
		if err != nil {
			return err
		}
		for _, l := range got["lines"].([]any) {
			if l.(m)["result"] == "ACCEPTED" {
				accepted++
			}
		}
	}
	if n%4 == 3 || accepted == 0 {
		return nil // the visit goes on
	}
	s, err := r.say(ctx, word{what: "settle", visit: visit, speech: speech{token: his, method: "POST", path: "/v1/his/encounters/" + visit + "/settlements", body: m{
		"setlId": "S-" + no, "revision": 1, "medfeeSum": "665.14", "fundPaySum": "20.00", "psnPart": "645.14", "cashPay": "645.14"}}})
	if err != nil || s["deferredFen"].(float64) == 0 {
		return err
	}
	amount := s["deferredFen"].(float64) // in full
	switch n % 4 {
	case 1:
		amount = 1013 // refused
	case 2:
		amount = 1014 // paid, but the channel never calls
	}
	bill := visit + "-1"
	_, err = r.say(ctx, word{what: "pay", bill: bill, speech: speech{token: token, method: "POST", path: "/v1/me/medical/bills/" + bill + "/payments", body: m{"amountFen": min(amount, s["deferredFen"].(float64)), "channel": "wechat"}}})
	return err
}

// load lets the patients live until ctx ends or the program is gone. An answer that is no success is a fault.
func (r *round) load(ctx context.Context, t *testing.T, his string, consents []m, ps []patient, clients int) *sync.WaitGroup {
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			tokens := map[string]string{}
			for n := 0; ctx.Err() == nil; n++ {
				p := ps[i+clients*(n%(len(ps)/clients))]
				var err error
				if tokens[p.id] == "" {
					tokens[p.id], err = r.signs(ctx, p, consents)
				}
				if err == nil {
					err = r.visits(ctx, his, tokens[p.id], fmt.Sprint(p.id, "-", n), p, n)
				}
				if err != nil {
					if ctx.Err() == nil {
						t.Errorf("client %d: %v", i, err)
					}
					return
				}
			}
		})
	}
	return &group
}

// again sends every request once more to a program started anew: what was answered is answered the same, what was not is answered now.
func (r *round) again(t *testing.T, url string) {
	t.Helper()
	r.url = url
	queue := make(chan *word, len(r.words))
	for _, w := range r.words {
		queue <- w
	}
	close(queue)
	var late, same int
	all(8, func(int) {
		for w := range queue {
			w.url = url
			got, err := w.say(t.Context())
			r.mu.Lock()
			switch {
			case err != nil || got.status/100 != 2:
				t.Errorf("%s %s again: %s %v %v, first %d", w.method, w.path, got.problem(), got.body, err, w.status)
			case w.status == 0:
				w.reply = got
				late++
			case got.status != w.status || !got.replayed || fmt.Sprint(got.body) != fmt.Sprint(w.body()):
				t.Errorf("%s %s again: %d %v (replayed: %v), first %d %v", w.method, w.path, got.status, got.body, got.replayed, w.status, w.reply.body)
			default:
				same++
			}
			r.mu.Unlock()
		}
	})
	t.Logf("sent again: %d answered the same, %d answered for the first time", same, late)
}

// answered counts the requests that succeeded.
func (r *round) answered() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range r.words {
		if w.status/100 == 2 {
			n++
		}
	}
	return n
}

// body is what was answered; the request's own body is in speech.
func (w *word) body() m { return w.reply.body }

// shown checks over HTTP that what was accepted is there.
func (r *round) shown(t *testing.T, his string) {
	t.Helper()
	visits, bills := map[string]float64{}, map[string][]string{}
	tokens := map[string]string{}
	for _, w := range r.words {
		switch w.what {
		case "charge":
			for i, l := range w.body()["lines"].([]any) {
				if l.(m)["result"] == "ACCEPTED" || l.(m)["first"] == "ACCEPTED" {
					fen, err := models.ParseYuan(w.speech.body.(m)["lines"].([]m)[i]["amount"].(string))
					if err != nil {
						t.Fatal(err)
					}
					visits[w.visit] += float64(fen)
				}
			}
		case "pay":
			bills[w.bill] = append(bills[w.bill], w.body()["payNo"].(string))
			tokens[w.bill] = w.token
		}
	}
	for id, fen := range visits {
		got, err := speech{url: r.url, token: his, method: "GET", path: "/v1/his/encounters/" + id}.say(t.Context())
		if err != nil || got.body["totalFen"] != fen {
			t.Errorf("visit %s: %v, want %v accepted (%v)", id, got.body, fen, err)
		}
	}
	for id, payNos := range bills {
		got, err := speech{url: r.url, token: tokens[id], method: "GET", path: "/v1/me/medical/bills/" + id}.say(t.Context())
		for _, no := range payNos {
			if err != nil || strings.Count(fmt.Sprint(got.body["payments"]), no) != 1 {
				t.Errorf("bill %s: %v, want payment %s once (%v)", id, got.body, no, err)
			}
		}
	}
	t.Logf("%d visits and %d bills with payments are there", len(visits), len(bills))
}

// The program is killed while clients charge, settle and pay, twice. Nothing that was accepted is lost or happens twice,
// what follows from it follows, and the books balance.
func TestKillNine(t *testing.T) {
	t.Parallel()
	const clients, perRound = 16, 32
	dir, ps := t.TempDir(), patients(t)
	if len(ps) < 2*perRound {
		t.Fatalf("%d patients", len(ps))
	}
	var words []*word
	for n := range 2 {
		first := startChild(t, dir)
		c := cityAt(t, first.url)
		his, consents := c.client(elsewhere), c.consents("scheme-430182")
		r := &round{url: first.url}
		ctx, stop := context.WithCancel(t.Context())
		group := r.load(ctx, t, his, consents, ps[n*perRound:(n+1)*perRound], clients)
		for end := time.Now().Add(patience); r.answered() < 400; time.Sleep(10 * time.Millisecond) { // this much of their life
			if time.Now().After(end) {
				t.Fatalf("%d requests were answered within %v", r.answered(), patience)
			}
		}
		stop() // from now on no answer is no fault
		first.ends(t, syscall.SIGKILL)
		group.Wait()
		t.Logf("killed after %d requests; %d outboxes were left to tell", len(r.words), left(t, dir))

		second := startChild(t, dir)
		c = cityAt(t, second.url)
		c.advance("PT2M") // claims of the dead run out
		r.again(t, second.url)
		r.shown(t, his)
		c.advance("PT31M") // payment intents too
		c.advance("PT5M")  // and pauses between tries
		second.ends(t, syscall.SIGTERM)
		words = append(words, r.words...)
		audit(t, dir, ps, words)
		if t.Failed() {
			return
		}
	}
}

// consents are what signing a scheme needs.
func (c *city) consents(scheme string) []m {
	c.t.Helper()
	var consents []m
	for _, s := range c.must(200, "", "GET", "/v1/medical/schemes", nil)["items"].([]any) {
		if s.(m)["id"] == scheme {
			for _, t := range s.(m)["consents"].([]any) {
				consents = append(consents, m{"id": t.(m)["id"], "version": t.(m)["version"]})
			}
		}
	}
	return consents
}

// opened joins the program to the store of a child that has ended; nothing runs.
func opened(t *testing.T, dir string) *App {
	t.Helper()
	a, err := assemble(t.Context(), settingsOf(t, dir))
	if err == nil {
		err = a.store.Ensure(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// left counts the outboxes that have something to tell.
func left(t *testing.T, dir string) (n int) {
	t.Helper()
	a := opened(t, dir)
	for _, f := range a.store.Collections() {
		ids, err := f.Untold(t.Context(), time.Now().AddDate(100, 0, 0), 10_000)
		if err != nil {
			t.Fatal(err)
		}
		n += len(ids)
	}
	if err := a.store.Engine.Close(); err != nil {
		t.Fatal(err)
	}
	return n
}

// books are all documents of a store that money and events touch.
type books struct {
	agreements map[string]*medical.Agreement
	visits     map[string]*medical.Encounter
	bills      map[string]*medical.Bill
	log        map[string]*journal.Entry
	messages   map[string]*inbox.Message
	told       map[string]int // events by subject and kind
}

func everything[T any, P interface {
	*T
	models.Document
}](t *testing.T, r *store.Repo[T]) map[string]*T {
	t.Helper()
	docs := map[string]*T{}
	_, err := r.Each(t.Context(), store.All(), func(v *T) error {
		if h := P(v).Head(); len(h.Outbox) != 0 || h.PublishAt != nil {
			t.Errorf("%s %s still has to tell %v at %v", r.Any().Collection().Name, h.ID, h.Outbox, h.PublishAt)
		}
		docs[P(v).Head().ID] = v
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

// audit reads the store of a child that ended and checks it against what the clients were told.
func audit(t *testing.T, dir string, ps []patient, words []*word) {
	t.Helper()
	a := opened(t, dir)
	b := books{
		everything(t, a.repos.Medical.Agreements), everything(t, a.repos.Medical.Encounters), everything(t, a.repos.Medical.Bills),
		everything(t, a.repos.Events), everything(t, a.repos.messages), map[string]int{},
	}
	dead, err := a.repos.lost.Count(t.Context(), store.All())
	if err == nil {
		err = a.store.Engine.Close()
	}
	if err != nil || dead != 0 {
		t.Errorf("%d dead events, %v", dead, err)
	}
	if n := left(t, dir); n != 0 {
		t.Errorf("%d outboxes have something to tell", n)
	}
	for _, e := range b.log {
		b.told[e.Subject+" "+e.Kind]++
	}
	for _, w := range words {
		b.keeps(t, w)
	}
	b.balance(t)
	mine := map[string]bool{}
	for _, p := range ps {
		mine[p.id] = true
	}
	b.follows(t, mine)
	t.Logf("%d bills, %d agreements, %d events, %d messages", len(b.bills), len(b.agreements), len(b.log), len(b.messages))
}

// keeps checks that what one accepted request brought is there, once.
func (b books) keeps(t *testing.T, w *word) {
	t.Helper()
	once := func(n int, what string) {
		if n != 1 {
			t.Errorf("%s: %s is there %d times", w.path, what, n)
		}
	}
	n := 0
	switch w.what {
	case "charge":
		for _, l := range w.body()["lines"].([]any) {
			n = 0
			for _, k := range b.visits[w.visit].Lines {
				if k.ID == l.(m)["lineId"] && (l.(m)["result"] == string(k.State) || l.(m)["first"] == string(k.State)) {
					n++
				}
			}
			once(n, fmt.Sprint(l))
		}
	case "settle":
		for _, s := range b.visits[w.visit].Settlements {
			if s.SetlID == w.body()["setlId"] && float64(s.Deferred) == w.body()["deferredFen"] {
				n++
			}
		}
		once(n, fmt.Sprint(w.body()["setlId"]))
	case "pay":
		for _, p := range b.bills[w.bill].Payments {
			if p.PayNo == w.body()["payNo"] && float64(p.Amount) == w.body()["amountFen"] {
				n++
			}
		}
		once(n, fmt.Sprint(w.body()["payNo"]))
	}
}

// balance recomputes every bill from its ledger and every agreement from its bills and visits.
func (b books) balance(t *testing.T) {
	t.Helper()
	held, drawn := map[string]models.Fen{}, map[string]models.Fen{}
	pool := func(agreement string, typ medical.VisitType) string {
		return fmt.Sprint(agreement, " ", typ == medical.Inpatient)
	}
	for _, e := range b.visits {
		if e.Agreement != "" && e.State == medical.Charging {
			held[pool(e.Agreement, e.Type)] += e.Total()
		}
	}
	for _, x := range b.bills {
		if err := x.Audit(); err != nil {
			t.Error(err)
		}
		drawn[pool(x.Agreement, x.Type)] += x.Drawn()
	}
	for id, g := range b.agreements {
		for typ, p := range map[medical.VisitType]medical.Pool{medical.Outpatient: g.Outpatient, medical.Inpatient: g.Inpatient} {
			if k := pool(id, typ); p.Available() < 0 || p.Held() != held[k] || p.Owed() != drawn[k] {
				t.Errorf("agreement %s %s: limit %d, held %d of %d, drawn %d of %d", id, typ, p.Limit, p.Held(), held[k], p.Owed(), drawn[k])
			}
		}
	}
}

// follows checks that of what happened to some people each event is in the log once and in the inbox as far as it is told.
func (b books) follows(t *testing.T, people map[string]bool) {
	t.Helper()
	want := map[string]int{}
	expect := func(n int, id, kind string) { want[id+" "+kind] = n }
	for _, g := range b.agreements {
		if people[g.Person] {
			expect(1, g.ID, medical.AgreementSigned.Name())
		}
	}
	for _, e := range b.visits {
		if people[e.Person] && len(e.Lines) > 0 {
			expect(1, e.ID, medical.VisitCharged.Name())
			expect(len(e.Settlements), e.ID, medical.VisitSettled.Name())
		}
	}
	for _, x := range b.bills {
		if !people[x.Person] || x.State == medical.BillDraft || x.State == medical.CancelledBill {
			continue
		}
		by := map[medical.PaymentState]int{}
		for _, p := range x.Payments {
			by[p.State]++
		}
		full := 0
		if x.State == medical.Paid {
			full = 1
		}
		expect(1, x.ID, medical.BillIssued.Name())
		expect(len(x.Payments), x.ID, medical.PaymentStarted.Name())
		expect(by[medical.Failed]+by[medical.ClosedPay], x.ID, medical.PaymentFailed.Name())
		expect(full, x.ID, medical.BillPaid.Name())
		expect(by[medical.Succeeded]-full, x.ID, medical.BillPartlyPaid.Name())
		if by[medical.Pending] != 0 {
			t.Errorf("bill %s still waits for the channel: %+v", x.ID, x.Payments)
		}
	}
	for key, n := range want {
		if b.told[key] != n {
			t.Errorf("%s is in the log %d times, want %d", key, b.told[key], n)
		}
	}
	messages, silent := maps.Clone(b.messages), (Config{}).silences()
	for _, e := range b.log {
		if !people[e.Person] || silent[e.Kind] != "" {
			continue
		}
		id := models.Derived(e.ID, e.Kind, e.Person, inbox.Channel)
		if messages[id] == nil {
			t.Errorf("nobody was told of %s", e.ID)
		}
		delete(messages, id)
	}
	for _, left := range messages {
		if people[left.Person] {
			t.Errorf("message %s of no event: %+v", left.ID, left)
		}
	}
}
