package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"xinyi/models"
	"xinyi/models/inbox"
	"xinyi/models/journal"
	"xinyi/models/medical"
	"xinyi/store"
)

// start is when the world of these tests stands still.
var start = time.Date(2026, 11, 20, 9, 17, 3, 0, time.UTC)

// An actor says one thing after another; what it creates has the same ids each time the journey is made.
type actor struct {
	c          *city
	name, mark string
	said       int
}

func (a *actor) does(status int, path string, body any) m {
	a.c.t.Helper()
	a.said++
	return a.c.must(status, a.mark, "POST", path, body, "Idempotency-Key", fmt.Sprint(a.name, "-", a.said))
}

func (a *actor) signs() {
	a.c.t.Helper()
	a.does(201, "/v1/me/medical/agreements", m{"schemeId": "scheme-430181", "consents": a.c.consents("scheme-430181")})
}

// visited opens a visit for a at the hospital his and posts charges.
func (a *actor) visited(his *actor, typ, no string, amounts ...string) (visit string) {
	a.c.t.Helper()
	code := a.does(201, "/v1/me/medical/code", nil)["code"]
	visit = his.does(201, "/v1/his/encounters", m{"visitNo": no, "type": typ, "patient": m{"code": code}})["encounterId"].(string)
	var lines []m
	for i, amount := range amounts {
		l := m{"lineId": fmt.Sprint("L", i), "revision": 1, "category": "OTHER", "amount": amount, "occurredAt": lineTime}
		if strings.HasPrefix(amount, "-") {
			l["reverses"] = "never came"
		}
		lines = append(lines, l)
	}
	his.does(200, "/v1/his/encounters/"+visit+"/charges", m{"lines": lines})
	return visit
}

// billed settles such a visit so that all of it is left to pay, and answers the bill.
func (a *actor) billed(his *actor, no, yuan string) (bill, billNo string) {
	a.c.t.Helper()
	visit := a.visited(his, "OUTPATIENT", no, yuan)
	s := his.does(201, "/v1/his/encounters/"+visit+"/settlements", m{"setlId": "S-" + no, "revision": 1, "medfeeSum": yuan, "fundPaySum": "0.00", "psnPart": yuan, "cashPay": yuan})
	return visit + "-1", s["bills"].([]any)[0].(m)["billNo"].(string)
}

func (a *actor) pays(bill string, fen int) {
	a.c.t.Helper()
	a.does(201, "/v1/me/medical/bills/"+bill+"/payments", m{"amountFen": fen, "channel": "wechat"})
}

// journey is what people and a hospital do at the start.
func journey(t *testing.T, a *App) {
	t.Helper()
	c := cityAt(t, a.URL())
	by := func(phone string) *actor { return &actor{c: c, name: phone, mark: c.signIn(phone)} }
	his := &actor{c: c, name: ward, mark: c.client(ward)}
	one, two, three, officer := by(resident), by("19900000002"), by("19900000003"), by(health1)
	for _, p := range []*actor{one, two, three} {
		p.signs()
	}
	late, _ := one.billed(his, "V-1", "150.00") // never paid: the whole plan
	part, _ := one.billed(his, "V-2", "88.00")
	lost, _ := one.billed(his, "V-3", "70.14")
	no, _ := one.billed(his, "V-4", "60.13")
	twice, twiceNo := two.billed(his, "V-5", "55.14")
	wrong, _ := two.billed(his, "V-6", "120.00")
	rest, _ := two.billed(his, "V-7", "130.00")
	done, _ := three.billed(his, "V-8", "45.00")
	three.visited(his, "OUTPATIENT", "V-9", "200.00", "-10.00") // the hold lapses; the reversal waits in vain
	three.visited(his, "INPATIENT", "V-10", "900.00")
	one.pays(part, 3000)
	one.pays(lost, 7014)
	one.pays(no, 6013)
	two.pays(twice, 5514)
	his.does(201, "/v1/his/bills/"+twiceNo+"/offline-payments", m{"receiptNo": "R-1", "amount": "55.14"})
	two.does(200, "/v1/me/medical/bills/"+wrong+"/dispute", m{"statement": "one examination was not done"})
	officer.does(200, "/v1/medical/bills/"+rest+"/pause", m{"reason": "AWAITING_INSURANCE", "days": 5})
	three.pays(done, 4500)
	bill := func(id string) *medical.Bill {
		b, err := a.repos.Medical.Bills.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	c.waits("what the channel says at once, and what follows", func() bool {
		paid, failed := bill(done), bill(no)
		return bill(late).State == medical.Issued && bill(part).State == medical.PartlyPaid && paid.State == medical.Paid &&
			failed.Payments[0].State == medical.Failed && len(paid.Outbox)+len(failed.Outbox)+len(bill(part).Outbox) == 0
	})
}

// told is everything that can be seen of a store, without what only counts saves, in a fixed order.
func told(t *testing.T, a *App) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	note := func(what, format string, args ...any) { all[what] = append(all[what], fmt.Sprintf(format, args...)) }
	at := func(t *time.Time) string {
		if t == nil {
			return "never"
		}
		return t.Format(time.RFC3339Nano)
	}
	for _, e := range everything(t, a.repos.Events) {
		if !strings.HasPrefix(e.Kind, "identity.") { // sessions have random ids
			if e.Kind == journal.EventSealed.Name() {
				delete(e.Data, "root") // it hashes the ids of events, and those count saves
			}
			note("events", "%s %s %s %s %v %v", e.At.Format(time.RFC3339Nano), e.Subject, e.Kind, e.Person, e.By, e.Data)
		}
	}
	for _, b := range everything(t, a.repos.Medical.Bills) {
		b.SetlSeq = 0
		for i := range b.Payments {
			b.Payments[i].TradeNo = ""
		}
		head := b.Meta
		b.Meta = models.Meta{ID: head.ID}
		note("bills", "%s revision %d wakes %s updated %s: %s", head.ID, head.Revision, at(head.WakeAt), at(&head.UpdatedAt), dump(b))
	}
	for _, g := range everything(t, a.repos.Medical.Agreements) {
		for _, p := range []*medical.Pool{&g.Outpatient, &g.Inpatient} {
			for i := range p.Holds {
				p.Holds[i].Seq = 0
			}
			for i := range p.Drawn {
				p.Drawn[i].Seq = 0
			}
			slices.SortFunc(p.Drawn, func(x, y medical.Draw) int { return strings.Compare(x.Bill, y.Bill) })
		}
		slices.SortFunc(g.Blocks, func(x, y medical.Block) int { return strings.Compare(string(x.Kind)+x.Ref, string(y.Kind)+y.Ref) }) // what falls due together comes in any order
		head := g.Meta
		g.Meta = models.Meta{ID: head.ID}
		note("agreements", "%s wakes %s: %s", head.ID, at(head.WakeAt), dump(g))
	}
	for _, c := range everything(t, a.repos.Medical.Conducts) {
		head := c.Meta
		c.Meta = models.Meta{ID: head.ID}
		note("conducts", "%s revision %d wakes %s: %s", head.ID, head.Revision, at(head.WakeAt), dump(c))
	}
	for _, e := range everything(t, a.repos.Medical.Encounters) {
		e.SettledSeq = 0
		head := e.Meta
		e.Meta = models.Meta{ID: head.ID}
		note("visits", "%s wakes %s: %s", head.ID, at(head.WakeAt), dump(e))
	}
	for _, x := range everything(t, a.repos.messages) {
		if !strings.HasPrefix(x.Kind, "identity.") {
			note("messages", "%s %s %s %v %v %s", x.At.Format(time.RFC3339Nano), x.Person, x.Kind, x.Route, x.Params, x.State)
		}
	}
	for what := range all {
		slices.Sort(all[what])
	}
	return all
}

// dump writes a document out, pointers followed.
func dump(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Forty days at once and one day forty times are the same forty days.
func TestFortyDays(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json") // ids that derive from a number's hash are the same in both
	lived := func(steps int, span string) (*App, map[string][]string) {
		cfg := settingsOf(t, t.TempDir())
		cfg.Keys = keys
		cfg.world = func() time.Time { return start }
		a := program(t, cfg)
		journey(t, a)
		c := cityAt(t, a.URL())
		for range steps {
			c.advance(span)
		}
		if want := start.Add(40 * 24 * time.Hour); !a.now().Equal(want) {
			t.Errorf("it is %v, want %v", a.now(), want)
		}
		return a, told(t, a)
	}
	a, once := lived(1, "P40D")
	_, often := lived(40, "P1D")
	for _, what := range []string{"events", "bills", "agreements", "conducts", "visits", "messages"} {
		if diff := cmp.Diff(once[what], often[what]); diff != "" {
			t.Errorf("%s, at once (-) and day by day (+):\n%s", what, diff[:min(len(diff), 4000)])
		}
		t.Logf("%d %s", len(once[what]), what)
	}
	messages, err := a.repos.messages.Count(t.Context(), store.InboxOf("demo-resident", inbox.States...))
	if err != nil || messages < 20 || len(once["conducts"]) == 0 {
		t.Errorf("the forty days were empty: %d messages, %d records, %v", messages, len(once["conducts"]), err)
	}
	for _, b := range everything(t, a.repos.Medical.Bills) {
		if err := b.Audit(); err != nil {
			t.Error(err)
		}
	}
}
