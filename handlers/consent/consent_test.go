package consent

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

	accesshttp "xinyi/handlers/access"
	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/handlers/file"
	"xinyi/handlers/openapitest"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/consent"
	"xinyi/models/identity"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
	"xinyi/usecase"
)

// A sharing is a door where people consent and partners read.
type sharing struct {
	*apitest.CampaignDesk
	consent  store.Consent
	query    Query
	subjects usecase.Subjects
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
	e := &sharing{CampaignDesk: &apitest.CampaignDesk{API: &apitest.API{T: t, Time: time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)}}}
	s := store.New(engine, e.Now, store.TestKeys())
	people, clients := store.NewRepo[identity.Person](s, store.People), store.NewRepo[identity.Client](s, store.Clients)
	e.consent, e.subjects = store.OpenConsent(s), usecase.Subjects{People: people, Keys: s.Keys}
	e.entries, e.records, e.uses = store.NewRepo[access.Entry](s, store.Accesses), store.NewRepo[record.Record](s, store.Records), store.NewRepo[recall.Use](s, store.Uses)
	seal, err := models.NewSeal(make([]byte, 32), e.Time)
	if err != nil {
		t.Fatal(err)
	}
	looks := &api.AccessLog{Entries: e.entries, Grounds: e.grounds}
	e.query = Query{
		Consented: file.Consented{
			Consent: e.consent, Subjects: e.subjects, Log: looks, Seals: models.Seals{seal}, Issuer: "https://xinyi.example", Policy: consent.Standard,
		},
		Records: e.records, Uses: e.uses, Grounds: e.grounds, Category: func(_ context.Context, item string, _ int) (string, error) {
			return map[string]string{"XZCF": "PENALTY", "XZXK": "LICENCE"}[item], nil
		},
	}
	e.R = api.NewRouter(api.Config{Now: e.Now, Auth: apitest.Places{}, Store: s, Log: slog.New(slog.DiscardHandler)})
	e.R.Handle(
		Handler{Consent: e.consent, Subjects: e.subjects, Policy: consent.Standard}, Partners{Consent: e.consent, Clients: clients},
		e.query, accesshttp.Handler{Entries: e.entries, Subjects: e.subjects, Log: looks},
	)
	if err := errors.Join(s.Ensure(t.Context()), e.R.Finish()); err != nil {
		t.Fatal(err)
	}
	if e.Check, err = openapitest.New(e.R.Document()); err != nil {
		t.Fatal(err)
	}
	for id, number := range map[string]string{"ann": annNumber, "bob": bobNumber, "child": kidNumber} {
		e.settle(people, id, number)
	}
	c, err := identity.NewClient("c-bank", identity.ClientOf{Kind: models.Bank, Name: "浏阳农商银行", Org: "org-bank", Region: "430181", Scope: []string{"org-bank", "org-credit_office"}}, models.Clockwork, e.Time)
	if err == nil {
		err = clients.Insert(t.Context(), c)
	}
	if err != nil {
		t.Fatal(err)
	}
	e.Wants(200, "PUT /v1/consents/partners/c-bank", `{"grants":{"share.loan":["records.penalty","records.licence","profile.name","finance.income"]}}`, apitest.By(creditMan), `"org":"org-bank"`)
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
	p := identity.NewPerson(id, models.NewSecret("1990000"+fmt.Sprintf("%04d", len(id)+int(number[5]))+number[9:10]), "zh", e.Time)
	if err = p.Bind("张"+id, n, identity.Evidence{Method: "sandbox", At: e.Time}, e.Time); err == nil {
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
	id := idOf(e.T, e.Wants(201, "POST /v1/consents/requests", asking(annNumber, ""), apitest.By(theBank, "key "+key), `"state":"REQUESTED"`).Body)
	e.Wants(200, "POST /v1/me/consents/"+id+"/approve", "{"+shownText()+"}", apitest.By("as ann"), `"state":"GIVEN"`, `"left":3`)
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
	e.Wants(200, "GET /v1/consents/terms", "", nil, `"share.loan"`, consent.Main.Hash(), `"restricted":true`)
	id := idOf(t, e.Wants(201, "POST /v1/consents/requests", asking(annNumber, ""), apitest.By(theBank, "key k")).Body)
	at := "/v1/me/consents/" + id
	e.Wants(409, "POST /v1/consents/requests", asking(annNumber, ""), apitest.By(theBank, "key k2"), "consent.asked_already")
	e.Wants(200, "GET /v1/me/consents?state=REQUESTED", "", apitest.By("as ann"), id, `"recipientName":"浏阳农商银行"`, `"name":"行政处罚"`, consent.Main.Hash())
	for _, line := range []string{"GET " + at, "GET " + at + "/receipts", "POST " + at + "/deny", "POST " + at + "/withdraw", "POST " + at + "/approve"} {
		body := ""
		if strings.HasSuffix(line, "approve") {
			body = "{" + shownText() + "}"
		}
		e.Wants(404, line, body, apitest.By("as bob"))
		e.Wants(403, line, body, apitest.By(theBank))
	}
	e.Wants(400, "POST "+at+"/approve", "{"+shownText()+`,"days":31}`, apitest.By("as ann"), "consent.widened")
	e.Wants(409, "POST "+at+"/approve", strings.Replace("{"+shownText()+"}", consent.Main.Hash()[:4], "0000", 1), apitest.By("as ann"), "consent.text_outdated")
	e.Wants(200, "GET "+at, "", apitest.By("as ann"), `"state":"REQUESTED"`)
	e.Wants(200, "POST "+at+"/approve", "{"+shownText()+`,"scopes":["records.penalty"],"reads":2}`, apitest.By("as ann"), `"state":"GIVEN"`, `"reads":2`, `"days":30`)
	e.Wants(200, "GET /v1/consents/requests/"+id, "", apitest.By(theBank), `"state":"GIVEN"`, `"scopes":["records.penalty"]`, `"left":2`)
	e.Wants(404, "GET /v1/consents/requests/"+id, "", apitest.By("as client:provider"))
	e.Wants(200, "POST "+at+"/withdraw", "", apitest.By("as ann"), `"state":"WITHDRAWN"`)
	e.Wants(409, "POST "+at+"/withdraw", "", apitest.By("as ann"), "consent.not_given")
	e.Wants(403, "POST /v1/consents/requests", asking(kidNumber, ""), apitest.By(theBank, "key kid"), "consent.minor")
	e.Wants(403, "POST /v1/consents/requests", asking(annNumber, ""), apitest.By("as client:provider", "key p"), "consent.partner_unknown")
	e.Wants(400, "POST /v1/consents/requests", asking("430181199001010004", ""), apitest.By(theBank, "key bad"), "/subject/idNumber")
}

// A person consents unasked, to one organisation or to any of a kind; restricted kinds of data need both documents.
func TestConsentUnasked(t *testing.T) {
	e := sharings(t)
	body := func(to, scopes, more string) string {
		return "{" + shownText() + `,` + to + `,"purpose":"share.loan","scopes":[` + scopes + `],"days":10` + more + `}`
	}
	id := idOf(t, e.Wants(201, "POST /v1/me/consents", body(`"recipient":"org-bank"`, `"records.penalty"`, ""), apitest.By("as ann", "key o"), `"state":"GIVEN"`, `"mode":"ONETIME"`).Body)
	if again := idOf(t, e.Wants(201, "POST /v1/me/consents", body(`"recipient":"org-bank"`, `"records.penalty"`, ""), apitest.By("as ann", "key o")).Body); again != id {
		t.Error("the same key made another")
	}
	e.Wants(201, "POST /v1/me/consents", body(`"class":"bank"`, `"records.penalty"`, ""), apitest.By("as ann", "key c"), `"class":"bank"`)
	e.Wants(400, "POST /v1/me/consents", body(`"recipient":"nobody"`, `"records.penalty"`, ""), apitest.By("as ann", "key n"), "consent.recipient_unknown")
	e.Wants(409, "POST /v1/me/consents", body(`"recipient":"org-bank"`, `"finance.income"`, ""), apitest.By("as ann", "key f"), "consent.notice_missing")
	notice := func(x consent.Text) string {
		return fmt.Sprintf(`{"id":%q,"version":%q,"hash":%q}`, x.ID, x.Version, x.Hash())
	}
	both := `,"notices":[` + notice(consent.Adverse) + "," + notice(consent.Written) + "]"
	e.Wants(201, "POST /v1/me/consents", body(`"recipient":"org-bank"`, `"finance.income"`, both), apitest.By("as ann", "key g"), `"id":"adverse"`)
	e.Wants(403, "POST /v1/me/consents", body(`"recipient":"org-bank"`, `"records.penalty"`, ""), apitest.By("as ann", "X-Acting-For: child", "key w"), "consent.minor")
}

// What a partner is answered says nothing of whether anybody is there, nor whether she said no.
func TestAskingTellsNothing(t *testing.T) {
	e := sharings(t)
	known := e.Wants(201, "POST /v1/consents/requests", asking(annNumber, ""), apitest.By(theBank, "key a"))
	unknown := e.Wants(201, "POST /v1/consents/requests", asking(noAccount, ""), apitest.By(theBank, "key b"))
	silent := e.Wants(201, "POST /v1/consents/requests", asking(bobNumber, ""), apitest.By(theBank, "key c"))
	same := func(r apitest.Reply) string { return strings.Replace(r.Body, idOf(t, r.Body), "ID", 1) }
	if same(known) != same(unknown) {
		t.Errorf("%s\n%s", known.Body, unknown.Body)
	}
	e.Wants(200, "POST /v1/me/consents/"+idOf(t, known.Body)+"/deny", "", apitest.By("as ann"), `"state":"DENIED"`)
	seen := func(r apitest.Reply, number string) string {
		id := idOf(t, r.Body)
		asked := e.Wants(200, "GET /v1/consents/requests/"+id, "", apitest.By(theBank))
		e.Forward(time.Millisecond)
		return same(asked) + e.Wants(403, "POST /v1/records/queries", wanting(id, nonce1, annNumber, number), apitest.By(theBank)).Problem(t).Reason
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
	res := e.Wants(200, "POST /v1/records/queries", wanting(id, nonce1), apitest.By(theBank), `"id":"`+penalty.ID+`"`, `"mark":"OBJECTED"`, `"fine":5000`, `"name":"张ann"`, `"effectiveScopes":["records.penalty","profile.name"]`)
	for _, hidden := range []string{"某路", "address", "XZXK", "untold", annNumber, "4301"} {
		if strings.Contains(res.Body, hidden) {
			t.Errorf("it shows %s: %s", hidden, res.Body)
		}
	}
	var v queryView
	if err := json.Unmarshal([]byte(res.Body), &v); err != nil || len(v.Records) != 1 {
		t.Fatalf("%v: %d records", err, len(v.Records))
	}
	log := e.logged(annNumber)
	if len(log) != 1 || log[0].Receipt != v.ReceiptID || log[0].Purpose != "share.loan" || log[0].Basis == "" || log[0].Office != "org-bank" {
		t.Fatalf("%+v", log)
	}
	if page, err := e.uses.Find(t.Context(), store.UsesIn(v.ReceiptID)); err != nil || len(page.Items) != 1 || page.Items[0].Record != penalty.ID || page.Items[0].Recipient != "org-bank" {
		t.Errorf("uses: %+v %v", page.Items, err)
	}
	e.Wants(200, "GET /v1/me/consents/"+id+"/receipts", "", apitest.By("as ann"), v.ReceiptID, `"records":1`, `"status":"active"`)
	e.Wants(200, "GET /v1/me/accesses", "", apitest.By("as ann"), `"office":"org-bank"`, `"name":"贷款审批"`, v.ReceiptID, "第十三条")
	e.Wants(200, "GET /v1/me/accesses/"+log[0].ID, "", apitest.By("as ann", "Accept-Language: en"), "A decision on a loan", "art. 13")
	e.Wants(404, "GET /v1/me/accesses/"+log[0].ID, "", apitest.By("as bob"))
	if e.left(id) != 2 {
		t.Errorf("%d reads left", e.left(id))
	}
}

// A receipt speaks for itself: the public seal verifies it, for 900 seconds; its status is what is stored now.
func TestReceiptVerifies(t *testing.T) {
	e := sharings(t)
	id := e.given("k")
	var v queryView
	if err := json.Unmarshal([]byte(e.Wants(200, "POST /v1/records/queries", wanting(id, nonce1), apitest.By(theBank)).Body), &v); err != nil {
		t.Fatal(err)
	}
	public := e.query.Seals[0].Public
	parse := func(key any, at time.Time) (*jwt.Token, *file.ReceiptClaim, error) {
		var claim file.ReceiptClaim
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
	other, err := models.NewSeal([]byte("another seed of thirty-two bytes"), e.Time)
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
	if res := e.Wants(200, at, "", nil, `"status":"active"`); res.Header.Get("Cache-Control") != "no-store" {
		t.Error("it may be cached")
	}
	e.Wants(404, "GET /v1/receipts/none/status", "", nil)
	e.Wants(200, "POST /v1/me/consents/"+id+"/withdraw", "", apitest.By("as ann"))
	e.Wants(200, at, "", nil, `"status":"revoked"`)
	e.Wants(403, "POST /v1/records/queries", wanting(id, nonce2), apitest.By(theBank), "query.revoked")
	e.Forward(time.Hour)
	e.Wants(200, at, "", nil, `"status":"revoked"`)
	second := e.given("k2")
	if err := json.Unmarshal([]byte(e.Wants(200, "POST /v1/records/queries", wanting(second, nonce1), apitest.By(theBank)).Body), &v); err != nil {
		t.Fatal(err)
	}
	e.Forward(900 * time.Second)
	e.Wants(200, "GET /v1/receipts/"+v.ReceiptID+"/status", "", nil, `"status":"expired"`)
	if closedFor(context.DeadlineExceeded) == nil || models.CodeOf(closedFor(context.DeadlineExceeded)) != models.Unavailable {
		t.Error("a store that does not answer says yes")
	}
}

// Each check refuses with its code; nothing is read, no read is taken, and the person sees that somebody tried.
func TestQueryRefusals(t *testing.T) {
	e := sharings(t)
	e.record("k1", nil)
	id := e.given("k")
	e.Wants(200, "POST /v1/records/queries", wanting(id, nonce1), apitest.By(theBank))
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
			e.Forward(time.Millisecond)
			res := e.Wants(403, "POST /v1/records/queries", tc.body, apitest.By(tc.who), tc.want)
			if e.left(id) != 2 || strings.Contains(res.Body, "fine") {
				t.Errorf("it took a read or showed something: %s", res.Body)
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
	e.Forward(40 * 24 * time.Hour)
	e.Wants(403, "POST /v1/records/queries", wanting(id, nonce2), apitest.By(theBank), "query.expired")
	e.Wants(200, "GET /v1/me/accesses", "", apitest.By("as ann"), `"refused":"expired"`)
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
			statuses[i] = e.Ask("POST /v1/records/queries", wanting(id, fmt.Sprintf("nonce-of-try-%05d", i)), theBank).Status
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
	e.Wants(403, "POST /v1/records/queries", wanting(id, nonce2), apitest.By(theBank), "query.exhausted")
}

func TestPartnersAreRegistered(t *testing.T) {
	e := sharings(t)
	grants := `{"grants":{"share.loan":["records.penalty","profile.name"]}`
	e.Wants(404, "PUT /v1/consents/partners/c-bank", grants+"}", apitest.By("as dan+credit_office@430182"))
	e.Wants(404, "PUT /v1/consents/partners/none", grants+"}", apitest.By(creditMan))
	e.Wants(403, "PUT /v1/consents/partners/c-bank", grants+"}", apitest.By(theBank))
	e.Wants(400, "PUT /v1/consents/partners/c-bank", grants+`,"sign":"ed25519","key":"c2hvcnQ="}`, apitest.By(creditMan), "/key")
	id := e.given("k")
	const secret = "YSBzZWNyZXQgb2YgYXQgbGVhc3QgdHdlbnR5LWZvdXI="
	if res := e.Wants(200, "PUT /v1/consents/partners/c-bank", grants+`,"sign":"hmac-sha256","key":"`+secret+`"}`, apitest.By(creditMan), `"sign":"hmac-sha256"`); strings.Contains(res.Body, secret) {
		t.Error("the key is shown")
	}
	e.Wants(403, "POST /v1/records/queries", wanting(id, nonce1), apitest.By(theBank), "query.signature_invalid")
	e.Wants(403, "POST /v1/records/queries", wanting(id, nonce1), apitest.By(theBank, "X-Signature: 00"), "query.signature_invalid")
	text := consent.Canonical(id, "share.loan", []string{"records.penalty", "profile.name"}, annNumber, nonce1)
	e.Wants(200, "POST /v1/records/queries", wanting(id, nonce1), apitest.By(theBank, "X-Signature: "+hmacOf(t, secret, text)))
	e.Wants(200, "GET /v1/consents/partners/c-bank", "", apitest.By(creditMan), `"share.loan"`)
}
