package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"xinyi/handlers/openapitest"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/consent"
	"xinyi/models/identity"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
)

// A sharing is a door where people consent and partners read.
type sharing struct {
	*pulpit
	consent  store.Consent
	query    Query
	subjects store.Subjects
	entries  *store.Repo[access.Entry]
	records  *store.Repo[record.Record]
	uses     *store.Repo[recall.Use]
	ground   *access.Ground
}

const (
	annNumber = "430181199001010003"
	bobNumber = "430102198002290000"
	kidNumber = "43011220100601000X"
	noAccount = "430182197512310005"
	someFirm  = "91430100MAXX000152"
	theBank   = "as client:bank"
	creditMan = "as cara+credit_office@430181"
)

func sharings(t *testing.T) *sharing {
	t.Helper()
	engine := sqlitetest.Open(t)
	e := &sharing{pulpit: &pulpit{door: &door{T: t, now: time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)}}}
	s := store.New(engine, e.Now, store.TestKeys())
	people, clients := store.NewRepo[identity.Person](s, store.People), store.NewRepo[identity.Client](s, store.Clients)
	e.consent, e.subjects = store.OpenConsent(s), store.Subjects{People: people, Keys: s.Keys}
	e.entries, e.records, e.uses = store.NewRepo[access.Entry](s, store.Accesses), store.NewRepo[record.Record](s, store.Records), store.NewRepo[recall.Use](s, store.Uses)
	seal, err := models.NewSeal(make([]byte, 32), e.now)
	if err != nil {
		t.Fatal(err)
	}
	looks := &Looks{Entries: e.entries, Grounds: e.grounds}
	e.query = Query{
		Consented: Consented{
			Consent: e.consent, Subjects: e.subjects, Looks: looks, Seals: models.Seals{seal}, Issuer: "https://xinyi.example", Policy: consent.Standard,
		},
		Records: e.records, Uses: e.uses, Grounds: e.grounds, Category: func(_ context.Context, item string, _ int) (string, error) {
			return map[string]string{"XZCF": "PENALTY", "XZXK": "LICENCE"}[item], nil
		},
	}
	e.r = NewRouter(Config{Now: e.Now, Auth: places{}, Store: s, Log: slog.New(slog.DiscardHandler)})
	e.r.Handle(
		Consent{Consent: e.consent, Subjects: e.subjects, Policy: consent.Standard}, Partners{Consent: e.consent, Clients: clients},
		e.query, Access{Entries: e.entries, Subjects: e.subjects, Looks: looks},
	)
	if err := errors.Join(s.Ensure(t.Context()), e.r.Finish()); err != nil {
		t.Fatal(err)
	}
	if e.check, err = openapitest.New(e.r.Document()); err != nil {
		t.Fatal(err)
	}
	for id, number := range map[string]string{"ann": annNumber, "bob": bobNumber, "child": kidNumber} {
		e.settle(people, id, number)
	}
	c, err := identity.NewClient("c-bank", models.Bank, "浏阳农商银行", "org-bank", "430181", e.now)
	if err == nil {
		err = clients.Insert(t.Context(), c)
	}
	if err != nil {
		t.Fatal(err)
	}
	e.wants(200, "PUT /v1/consents/partners/c-bank", `{"grants":{"share.loan":["records.penalty","records.licence","profile.name","finance.income"]}}`, by(creditMan), `"org":"org-bank"`)
	return e
}

func (e *sharing) grounds(_ context.Context, id string) (*access.Ground, error) {
	if e.ground == nil || e.ground.ID != id {
		return nil, models.E(models.NotFound, "not_found")
	}
	return e.ground, nil
}

// settle keeps a person with a real name.
func (e *sharing) settle(people *store.Repo[identity.Person], id, number string) {
	e.Helper()
	n, err := models.ParseIDNumber(number)
	if err != nil {
		e.Fatal(err)
	}
	p := identity.NewPerson(id, models.NewSecret("1990000"+fmt.Sprintf("%04d", len(id)+int(number[5]))+number[9:10]), "zh", e.now)
	if err = p.Bind("张"+id, n, identity.Evidence{Method: "sandbox", At: e.now}, e.now); err == nil {
		err = people.Insert(e.Context(), p)
	}
	if err != nil {
		e.Fatal(err)
	}
}

// record keeps a record about ann; change makes it another.
func (e *sharing) record(key string, change func(*record.Draft)) *record.Record {
	e.Helper()
	n, err := models.ParseIDNumber(annNumber)
	if err != nil {
		e.Fatal(err)
	}
	sub, err := e.subjects.OfNumber(e.Context(), n)
	if err != nil {
		e.Fatal(err)
	}
	d := record.Draft{
		Item: "XZCF", ItemVersion: 1, Nature: models.Negative, Openness: models.ByQuery, Subject: sub, Name: models.NewSecret("张ann"), IDNumber: n.Secret,
		Region: "430181", Unit: "unit", Key: key, DecidedOn: "2026-02-01", Severity: models.General, KeepMonths: 36, Served: true,
		Attributes: map[string]any{"fine": int64(5000)}, Private: map[string]models.Secret{"address": models.NewSecret("浏阳市某路一号")},
	}
	if change != nil {
		change(&d)
	}
	r, err := record.New(d, record.Standard, models.Clockwork, e.Now())
	if err == nil {
		err = e.records.Insert(e.Context(), r)
	}
	if err != nil {
		e.Fatal(err)
	}
	return r
}

func shownText() string {
	return fmt.Sprintf(`"text":{"id":"share","version":%q,"hash":%q}`, consent.Main.Version, consent.Main.Hash())
}

func asking(number, more string) string {
	return `{"subject":{"idNumber":"` + number + `"},"purpose":"share.loan","scopes":["records.penalty","profile.name"],"mode":"PERIODIC","days":30,"reads":3` + more + `}`
}

func idOf(t *testing.T, body string) string {
	t.Helper()
	var v struct{ ID string }
	if err := json.Unmarshal([]byte(body), &v); err != nil || v.ID == "" {
		t.Fatal(err, body)
	}
	return v.ID
}

// given is a consent of ann's to the bank, and its id.
func (e *sharing) given(key string) string {
	e.Helper()
	id := idOf(e.T, e.wants(201, "POST /v1/consents/requests", asking(annNumber, ""), by(theBank, "key "+key), `"state":"REQUESTED"`).body)
	e.wants(200, "POST /v1/me/consents/"+id+"/approve", "{"+shownText()+"}", by("as ann"), `"state":"GIVEN"`, `"left":3`)
	return id
}

func wanting(id, nonce string, more ...string) string {
	s := `{"consentId":"` + id + `","purpose":"share.loan","scopes":["records.penalty","profile.name"],"subject":{"idNumber":"` + annNumber + `"},"nonce":"` + nonce + `"}`
	return strings.NewReplacer(more...).Replace(s)
}

const nonce1, nonce2 = "nonce-0123456789-1", "nonce-0123456789-2"

func (e *sharing) left(id string) int {
	e.Helper()
	c, err := e.consent.Consents.Get(e.Context(), id)
	if err != nil {
		e.Fatal(err)
	}
	return c.Left
}

// logged are the entries about a person with an ID number, the newest first.
func (e *sharing) logged(number string) []*access.Entry {
	e.Helper()
	n, err := models.ParseIDNumber(number)
	if err != nil {
		e.Fatal(err)
	}
	page, err := e.entries.Find(e.Context(), store.AccessesOf(e.subjects.Ref(n).Ref))
	if err != nil {
		e.Fatal(err)
	}
	return page.Items
}

func TestConsentScenario(t *testing.T) {
	e := sharings(t)
	e.wants(200, "GET /v1/consents/terms", "", nil, `"share.loan"`, consent.Main.Hash(), `"restricted":true`)
	id := idOf(t, e.wants(201, "POST /v1/consents/requests", asking(annNumber, ""), by(theBank, "key k")).body)
	at := "/v1/me/consents/" + id
	e.wants(409, "POST /v1/consents/requests", asking(annNumber, ""), by(theBank, "key k2"), "consent.asked_already")
	e.wants(200, "GET /v1/me/consents?state=REQUESTED", "", by("as ann"), id, `"recipientName":"浏阳农商银行"`, `"name":"行政处罚"`, consent.Main.Hash())
	for _, line := range []string{"GET " + at, "GET " + at + "/receipts", "POST " + at + "/deny", "POST " + at + "/withdraw", "POST " + at + "/approve"} {
		body := ""
		if strings.HasSuffix(line, "approve") {
			body = "{" + shownText() + "}"
		}
		e.wants(404, line, body, by("as bob"))
		e.wants(403, line, body, by(theBank))
	}
	e.wants(400, "POST "+at+"/approve", "{"+shownText()+`,"days":31}`, by("as ann"), "consent.widened")
	e.wants(409, "POST "+at+"/approve", strings.Replace("{"+shownText()+"}", consent.Main.Hash()[:4], "0000", 1), by("as ann"), "consent.text_outdated")
	e.wants(200, "GET "+at, "", by("as ann"), `"state":"REQUESTED"`)
	e.wants(200, "POST "+at+"/approve", "{"+shownText()+`,"scopes":["records.penalty"],"reads":2}`, by("as ann"), `"state":"GIVEN"`, `"reads":2`, `"days":30`)
	e.wants(200, "GET /v1/consents/requests/"+id, "", by(theBank), `"state":"GIVEN"`, `"scopes":["records.penalty"]`, `"left":2`)
	e.wants(404, "GET /v1/consents/requests/"+id, "", by("as client:provider"))
	e.wants(200, "POST "+at+"/withdraw", "", by("as ann"), `"state":"WITHDRAWN"`)
	e.wants(409, "POST "+at+"/withdraw", "", by("as ann"), "consent.not_given")
	e.wants(403, "POST /v1/consents/requests", asking(kidNumber, ""), by(theBank, "key kid"), "consent.minor")
	e.wants(403, "POST /v1/consents/requests", asking(annNumber, ""), by("as client:provider", "key p"), "consent.partner_unknown")
	e.wants(400, "POST /v1/consents/requests", asking("430181199001010004", ""), by(theBank, "key bad"), "/subject/idNumber")
}

// A person consents unasked, to one organisation or to any of a kind; restricted kinds of data need both documents.
func TestConsentUnasked(t *testing.T) {
	e := sharings(t)
	body := func(to, scopes, more string) string {
		return "{" + shownText() + `,` + to + `,"purpose":"share.loan","scopes":[` + scopes + `],"days":10` + more + `}`
	}
	id := idOf(t, e.wants(201, "POST /v1/me/consents", body(`"recipient":"org-bank"`, `"records.penalty"`, ""), by("as ann", "key o"), `"state":"GIVEN"`, `"mode":"ONETIME"`).body)
	if again := idOf(t, e.wants(201, "POST /v1/me/consents", body(`"recipient":"org-bank"`, `"records.penalty"`, ""), by("as ann", "key o")).body); again != id {
		t.Error("the same key made another")
	}
	e.wants(201, "POST /v1/me/consents", body(`"class":"bank"`, `"records.penalty"`, ""), by("as ann", "key c"), `"class":"bank"`)
	e.wants(400, "POST /v1/me/consents", body(`"recipient":"nobody"`, `"records.penalty"`, ""), by("as ann", "key n"), "consent.recipient_unknown")
	e.wants(409, "POST /v1/me/consents", body(`"recipient":"org-bank"`, `"finance.income"`, ""), by("as ann", "key f"), "consent.notice_missing")
	notice := func(x consent.Text) string {
		return fmt.Sprintf(`{"id":%q,"version":%q,"hash":%q}`, x.ID, x.Version, x.Hash())
	}
	both := `,"notices":[` + notice(consent.Adverse) + "," + notice(consent.Written) + "]"
	e.wants(201, "POST /v1/me/consents", body(`"recipient":"org-bank"`, `"finance.income"`, both), by("as ann", "key g"), `"id":"adverse"`)
	e.wants(403, "POST /v1/me/consents", body(`"recipient":"org-bank"`, `"records.penalty"`, ""), by("as ann", "X-Acting-For: child", "key w"), "consent.minor")
}

// What a partner is answered says nothing of whether anybody is there, nor whether she said no.
func TestAskingTellsNothing(t *testing.T) {
	e := sharings(t)
	known := e.wants(201, "POST /v1/consents/requests", asking(annNumber, ""), by(theBank, "key a"))
	unknown := e.wants(201, "POST /v1/consents/requests", asking(noAccount, ""), by(theBank, "key b"))
	silent := e.wants(201, "POST /v1/consents/requests", asking(bobNumber, ""), by(theBank, "key c"))
	same := func(r reply) string { return strings.Replace(r.body, idOf(t, r.body), "ID", 1) }
	if same(known) != same(unknown) {
		t.Errorf("%s\n%s", known.body, unknown.body)
	}
	e.wants(200, "POST /v1/me/consents/"+idOf(t, known.body)+"/deny", "", by("as ann"), `"state":"DENIED"`)
	seen := func(r reply, number string) string {
		id := idOf(t, r.body)
		asked := e.wants(200, "GET /v1/consents/requests/"+id, "", by(theBank))
		e.forward(time.Millisecond)
		return same(asked) + e.wants(403, "POST /v1/records/queries", wanting(id, nonce1, annNumber, number), by(theBank)).problem(t).Reason
	}
	denied := seen(known, annNumber)
	if denied != seen(silent, bobNumber) || denied != seen(unknown, noAccount) {
		t.Errorf("a denial: %s", denied)
	}
}

func TestQueryAnswers(t *testing.T) {
	e := sharings(t)
	penalty := e.record("k1", nil)
	e.record("licence", func(d *record.Draft) { d.Item, d.Nature, d.Severity = "XZXK", models.Basic, "" })
	e.record("untold", func(d *record.Draft) { d.Served = false })
	e.record("office", func(d *record.Draft) { d.Openness = models.Government })
	id := e.given("k")
	if _, err := e.records.Update(t.Context(), penalty.ID, func(r *record.Record) error { r.State = record.Objected; return nil }); err != nil {
		t.Fatal(err)
	}
	res := e.wants(200, "POST /v1/records/queries", wanting(id, nonce1), by(theBank), `"id":"`+penalty.ID+`"`, `"mark":"OBJECTED"`, `"fine":5000`, `"name":"张ann"`, `"effectiveScopes":["records.penalty","profile.name"]`)
	for _, hidden := range []string{"某路", "address", "XZXK", "untold", annNumber, "4301"} {
		if strings.Contains(res.body, hidden) {
			t.Errorf("it shows %s: %s", hidden, res.body)
		}
	}
	var v queryView
	if err := json.Unmarshal([]byte(res.body), &v); err != nil || len(v.Records) != 1 {
		t.Fatalf("%v: %d records", err, len(v.Records))
	}
	log := e.logged(annNumber)
	if len(log) != 1 || log[0].Receipt != v.ReceiptID || log[0].Purpose != "share.loan" || log[0].Basis == "" || log[0].Office != "org-bank" {
		t.Fatalf("%+v", log)
	}
	if page, err := e.uses.Find(t.Context(), store.UsesIn(v.ReceiptID)); err != nil || len(page.Items) != 1 || page.Items[0].Record != penalty.ID || page.Items[0].Recipient != "org-bank" {
		t.Errorf("uses: %+v %v", page.Items, err)
	}
	e.wants(200, "GET /v1/me/consents/"+id+"/receipts", "", by("as ann"), v.ReceiptID, `"records":1`, `"status":"active"`)
	e.wants(200, "GET /v1/me/accesses", "", by("as ann"), `"office":"org-bank"`, `"name":"贷款审批"`, v.ReceiptID, "第十三条")
	e.wants(200, "GET /v1/me/accesses/"+log[0].ID, "", by("as ann", "Accept-Language: en"), "A decision on a loan", "art. 13")
	e.wants(404, "GET /v1/me/accesses/"+log[0].ID, "", by("as bob"))
	if e.left(id) != 2 {
		t.Errorf("%d reads left", e.left(id))
	}
}

// A receipt speaks for itself: the public seal verifies it, for 900 seconds; its status is what is stored now.
func TestReceiptVerifies(t *testing.T) {
	e := sharings(t)
	id := e.given("k")
	var v queryView
	if err := json.Unmarshal([]byte(e.wants(200, "POST /v1/records/queries", wanting(id, nonce1), by(theBank)).body), &v); err != nil {
		t.Fatal(err)
	}
	public := e.query.Seals[0].Public
	parse := func(key any, at time.Time) (*jwt.Token, *receiptClaim, error) {
		var claim receiptClaim
		tok, err := jwt.NewParser(jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithTimeFunc(func() time.Time { return at }), jwt.WithAudience("org-bank"), jwt.WithIssuer("https://xinyi.example"),
			jwt.WithExpirationRequired()).ParseWithClaims(v.Receipt, &claim, func(*jwt.Token) (any, error) { return key, nil })
		return tok, &claim, err
	}
	tok, claim, err := parse(public, e.Now())
	if err != nil || tok.Header["typ"] != "consent-receipt+jwt" || tok.Header["kid"] != e.query.Seals[0].ID || claim.ID != v.ReceiptID || claim.Consent != id ||
		claim.Presenter != "c-bank" || claim.Purpose != "share.loan" || len(claim.Scopes) != 2 || claim.ExpiresAt.Sub(claim.IssuedAt.Time) != 900*time.Second {
		t.Fatalf("%+v %+v %v", tok, claim, err)
	}
	if strings.Contains(v.Receipt, annNumber) || claim.Subject == e.logged(annNumber)[0].Subject.Ref {
		t.Error("the receipt names its subject")
	}
	other, err := models.NewSeal([]byte("another seed of thirty-two bytes"), e.now)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := parse(other.Public, e.Now()); err == nil {
		t.Error("another seal verifies it")
	}
	if _, _, err := parse(public, e.Now().Add(901*time.Second)); !errors.Is(err, jwt.ErrTokenExpired) {
		t.Errorf("after 901 s: %v", err)
	}
	at := "GET /v1/receipts/" + v.ReceiptID + "/status"
	if res := e.wants(200, at, "", nil, `"status":"active"`); res.header.Get("Cache-Control") != "no-store" {
		t.Error("it may be cached")
	}
	e.wants(404, "GET /v1/receipts/none/status", "", nil)
	e.wants(200, "POST /v1/me/consents/"+id+"/withdraw", "", by("as ann"))
	e.wants(200, at, "", nil, `"status":"revoked"`)
	e.wants(403, "POST /v1/records/queries", wanting(id, nonce2), by(theBank), "query.revoked")
	e.forward(time.Hour)
	e.wants(200, at, "", nil, `"status":"revoked"`)
	second := e.given("k2")
	if err := json.Unmarshal([]byte(e.wants(200, "POST /v1/records/queries", wanting(second, nonce1), by(theBank)).body), &v); err != nil {
		t.Fatal(err)
	}
	e.forward(900 * time.Second)
	e.wants(200, "GET /v1/receipts/"+v.ReceiptID+"/status", "", nil, `"status":"expired"`)
	if closedFor(context.DeadlineExceeded) == nil || models.CodeOf(closedFor(context.DeadlineExceeded)) != models.Unavailable {
		t.Error("a store that does not answer says yes")
	}
}

// Each check refuses with its code; nothing is read, no read is taken, and the person sees that somebody tried.
func TestQueryRefusals(t *testing.T) {
	e := sharings(t)
	e.record("k1", nil)
	id := e.given("k")
	e.wants(200, "POST /v1/records/queries", wanting(id, nonce1), by(theBank))
	tests := []struct {
		name, body, who, want string
		about                 string // whose list shows it
	}{
		{"no nonce", wanting(id, ""), theBank, "query.malformed_object", annNumber},
		{"no subject", wanting(id, nonce2, annNumber, "123"), theBank, "query.malformed_object", ""},
		{"unknown partner", wanting(id, nonce2), "as client:provider", "query.unknown_partner", annNumber},
		{"no consent", wanting("none", nonce2), theBank, "query.audience_mismatch", annNumber},
		{"another subject", wanting(id, nonce2, annNumber, bobNumber), theBank, "query.subject_not_allowed", bobNumber},
		{"another purpose", wanting(id, nonce2, "share.loan", "share.benefit"), theBank, "query.purpose_not_allowed", annNumber},
		{"a purpose made up", wanting(id, nonce2, "share.loan", "gossip"), theBank, "query.purpose_not_allowed", annNumber},
		{"another scope", wanting(id, nonce2, "profile.name", "records.licence"), theBank, "query.scope_exceeds_policy", annNumber},
		{"the nonce again", wanting(id, nonce1), theBank, "query.replay", annNumber},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			before := len(e.logged(annNumber)) + len(e.logged(bobNumber))
			e.forward(time.Millisecond)
			res := e.wants(403, "POST /v1/records/queries", tc.body, by(tc.who), tc.want)
			if e.left(id) != 2 || strings.Contains(res.body, "fine") {
				t.Errorf("it took a read or showed something: %s", res.body)
			}
			after := len(e.logged(annNumber)) + len(e.logged(bobNumber))
			if want := before + min(1, len(tc.about)); after != want {
				t.Fatalf("%d entries, want %d", after, want)
			}
			if tc.about != "" {
				if newest := e.logged(tc.about)[0]; "query."+newest.Refused != tc.want {
					t.Errorf("the entry says %q", newest.Refused)
				}
			}
		})
	}
	page, err := e.uses.Find(t.Context(), store.UsesBy("org-bank", recall.Current))
	if err != nil || len(page.Items) != 1 {
		t.Errorf("%d uses: %v", len(page.Items), err)
	}
	e.forward(40 * 24 * time.Hour)
	e.wants(403, "POST /v1/records/queries", wanting(id, nonce2), by(theBank), "query.expired")
	e.wants(200, "GET /v1/me/accesses", "", by("as ann"), `"refused":"expired"`)
}

// Fifty at once take exactly the three reads there are.
func TestBudgetIsExact(t *testing.T) {
	e := sharings(t)
	e.record("k1", nil)
	id := e.given("k")
	var wg sync.WaitGroup
	statuses := make([]int, 50)
	for i := range statuses {
		wg.Go(func() {
			statuses[i] = e.ask("POST /v1/records/queries", wanting(id, fmt.Sprintf("nonce-of-try-%05d", i)), theBank).status
		})
	}
	wg.Wait()
	count := map[int]int{}
	for _, s := range statuses {
		count[s]++
	}
	receipts, err := e.consent.Receipts.Count(t.Context(), store.ReceiptsOf(id))
	if err != nil || count[200] != 3 || count[403] != 47 || receipts != 3 {
		t.Fatalf("%v, %d receipts: %v", count, receipts, err)
	}
	c, err := e.consent.Consents.Get(t.Context(), id)
	if err != nil || c.State != consent.Exhausted || c.Left != 0 || len(c.Used) != 3 {
		t.Errorf("%+v %v", c, err)
	}
	e.wants(403, "POST /v1/records/queries", wanting(id, nonce2), by(theBank), "query.exhausted")
}

func TestPartnersAreRegistered(t *testing.T) {
	e := sharings(t)
	grants := `{"grants":{"share.loan":["records.penalty","profile.name"]}`
	e.wants(404, "PUT /v1/consents/partners/c-bank", grants+"}", by("as dan+credit_office@430182"))
	e.wants(404, "PUT /v1/consents/partners/none", grants+"}", by(creditMan))
	e.wants(403, "PUT /v1/consents/partners/c-bank", grants+"}", by(theBank))
	e.wants(400, "PUT /v1/consents/partners/c-bank", grants+`,"sign":"ed25519","key":"c2hvcnQ="}`, by(creditMan), "/key")
	id := e.given("k")
	const secret = "YSBzZWNyZXQgb2YgYXQgbGVhc3QgdHdlbnR5LWZvdXI="
	if res := e.wants(200, "PUT /v1/consents/partners/c-bank", grants+`,"sign":"hmac-sha256","key":"`+secret+`"}`, by(creditMan), `"sign":"hmac-sha256"`); strings.Contains(res.body, secret) {
		t.Error("the key is shown")
	}
	e.wants(403, "POST /v1/records/queries", wanting(id, nonce1), by(theBank), "query.signature_invalid")
	e.wants(403, "POST /v1/records/queries", wanting(id, nonce1), by(theBank, "X-Signature: 00"), "query.signature_invalid")
	text := consent.Canonical(id, "share.loan", []string{"records.penalty", "profile.name"}, annNumber, nonce1)
	e.wants(200, "POST /v1/records/queries", wanting(id, nonce1), by(theBank, "X-Signature: "+hmacOf(t, secret, text)))
	e.wants(200, "GET /v1/consents/partners/c-bank", "", by(creditMan), `"share.loan"`)
}
