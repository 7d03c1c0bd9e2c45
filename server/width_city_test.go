package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/store"
)

// allOf is all that is in the store, by collection.
func allOf(t *testing.T, a *App) map[string][]bson.Raw {
	t.Helper()
	all := map[string][]bson.Raw{}
	for _, f := range a.store.Collections() {
		c := f.Collection()
		ix, _ := c.IndexFor(store.All())
		rows, err := a.store.Engine.Find(t.Context(), c, store.Scan{Query: store.All().Along(ix), Index: ix, Limit: 100000})
		if err != nil {
			t.Fatal(c.Name, err)
		}
		all[c.Name] = rows
	}
	return all
}

// hush puts off what the demo city would do by itself.
func (w *widthWalk) hush() {
	w.t.Helper()
	rows := allOf(w.t, w.a)
	for _, f := range w.a.store.Collections() {
		c := f.Collection()
		for _, raw := range rows[c.Name] {
			var doc bson.D
			if err := bson.Unmarshal(raw, &doc); err != nil {
				w.t.Fatal(err)
			}
			n := len(doc)
			doc = slices.DeleteFunc(doc, func(e bson.E) bool {
				return e.Key == "tellAt" || e.Key == "outbox" || e.Key == "wakeAt" && c.Name == "batches"
			})
			if len(doc) == n {
				continue
			}
			quiet, err := bson.Marshal(doc)
			if err != nil {
				w.t.Fatal(err)
			}
			version, _ := raw.Lookup("version").AsInt64OK()
			if ok, err := w.a.store.Engine.Replace(w.t.Context(), c, textAt(raw, "_id"), version, quiet); !ok || err != nil {
				w.t.Fatal(c.Name, err)
			}
		}
	}
}

// settle waits until what the demo city began by itself has ended.
func (w *widthWalk) settle() {
	w.t.Helper()
	still := func(docs map[string][]bson.Raw) map[string]string {
		all := map[string]string{}
		for name, rows := range docs {
			for _, raw := range rows {
				all[name+" "+textAt(raw, "_id")] = textAt(raw, "version")
			}
		}
		return all
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		before := still(w.docs)
		if w.docs = allOf(w.t, w.a); maps.Equal(before, still(w.docs)) {
			return
		}
	}
	w.t.Fatal("the city does not come to rest")
}

// unchanged sees that nobody changed what was there, and that nobody made anything where they are not.
func (w *widthWalk) unchanged() {
	w.t.Helper()
	was := map[string]string{}
	for name, rows := range w.docs {
		for _, raw := range rows {
			was[name+" "+textAt(raw, "_id")] = revisionOf(raw)
		}
	}
	for name, rows := range allOf(w.t, w.a) {
		for _, raw := range rows {
			before, there := was[name+" "+textAt(raw, "_id")]
			switch {
			case offTheRecord[name]:
			case there && before != revisionOf(raw):
				w.t.Errorf("%s %s was changed: %s", name, textAt(raw, "_id"), raw)
			case !there:
				for _, at := range []string{"region", "village", "county", "place", "audience.region"} {
					if r := textAt(raw, at); strings.HasPrefix(r, "4301") && !strings.HasPrefix(r, "430111") {
						w.t.Errorf("%s %s was made in %s: %s", name, textAt(raw, "_id"), r, raw)
					}
				}
			}
		}
	}
}

// offTheRecord are collections of the house itself.
var offTheRecord = map[string]bool{"answers": true, "quotas": true, "canary": true, "sandbox": true, "audit_leaves": true, "audit_sealers": true}

// plant makes what the demo city has none of.
func (w *widthWalk) plant() {
	w.t.Helper()
	put := func(in, id string, fields bson.M) {
		doc := bson.M{"_id": id, "version": int64(1), "revision": int64(1), "createdAt": time.Now(), "updatedAt": time.Now()}
		for k, v := range fields {
			if k != "_id" {
				doc[k] = v
			}
		}
		raw, err := bson.Marshal(doc)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, f := range w.a.store.Collections() {
			if f.Collection().Name == in {
				if err := w.a.store.Engine.Insert(context.WithoutCancel(w.t.Context()), f.Collection(), raw); err != nil {
					w.t.Fatal(in, err)
				}
				return
			}
		}
		w.t.Fatalf("no collection %s", in)
	}
	for _, raw := range allOf(w.t, w.a)["awardprogrammes"][:1] {
		var draft bson.M
		if err := bson.Unmarshal(raw, &draft); err != nil {
			w.t.Fatal(err)
		}
		draft["state"] = "DRAFT"
		put("awardprogrammes", "walk-programme", draft)
	}
	him := bson.M{"kind": "PERSON", "ref": "p-resident", "person": "demo-resident"}
	put("consents", "walk-consent", bson.M{"state": "GIVEN", "subject": him, "asker": bson.M{"role": "bank", "org": "bank-liuyang-nongshang"}, "terms": bson.M{"purpose": "credit.evaluation", "recipient": "bank-liuyang-nongshang", "reads": 3, "days": 30}, "left": 3})
	put("farmimports", "walk-import", bson.M{"state": "DONE", "region": "430181108", "layout": "households"})
	put("farmshares", "walk-share", bson.M{"state": "SHARED", "household": "farm-01", "person": "demo-resident", "bank": "bank-liuyang-nongshang", "village": "430181108203"})
	put("reports", "walk-report", bson.M{"state": "VALID", "no": "R1", "kind": "CREDIT", "subject": him, "code": "walk-code"})
	put("loanlists", "walk-list", bson.M{"state": "DRAFT", "field": "agriculture", "unit": "department-changsha-minzheng", "region": "4301"})
	put("accesses", "walk-access", bson.M{"at": time.Now(), "subject": him, "by": bson.M{"person": "staff-credit-1", "role": "credit_office", "org": "office-credit-changsha", "region": "430181"}, "watch": "WATCHED"})
	put("deliveries", "walk-delivery", bson.M{"state": "DEAD", "at": time.Now(), "person": "demo-resident", "region": "430181001001", "subject": "visit-resident-001-1-1", "channel": "sms"})
	put("devices", "walk-device", bson.M{"state": "ACTIVE", "person": "demo-resident", "install": "walk"})
	put("inbox", "walk-message", bson.M{"state": "UNREAD", "person": "demo-resident", "kind": "medical.bill_issued"})
	put("waits", "walk-wait", bson.M{"state": "WAITING", "offer": "offer-xyb", "kind": "PERSON", "holder": "demo-resident", "person": "demo-resident"})
	put("sessions", "walk-session", bson.M{"person": "demo-resident", "state": "LIVE"})
	put("uses", "walk-use", bson.M{"state": "RECALLED", "recipient": "bank-liuyang-nongshang", "kind": "SHARE", "overdue": true, "at": time.Now(), "record": "walk-record", "ref": "walk-receipt"})
	for _, line := range []string{"POST /uscc/scans"} {
		if got := w.ask("walk/credit_office/4301/office-of-changsha", line, ""); got.status != 201 {
			w.t.Fatal(line, got)
		}
	}
}
