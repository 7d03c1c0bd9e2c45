package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/batch"
	"xinyi/models/blob"
	"xinyi/models/campaign"
	"xinyi/models/farmer"
	"xinyi/models/identity"
	"xinyi/models/inbox"
	"xinyi/models/job"
	"xinyi/models/medical"
	"xinyi/models/recall"
	"xinyi/models/release"
	"xinyi/models/uscc"
	"xinyi/models/village"
	"xinyi/store"
)

// A lamed engine cannot read some collections while it is down. What relay and sweep ask of every collection is answered.
type lamed struct {
	store.Engine
	down atomic.Bool
	of   map[string]bool
}

func (e *lamed) fault(c store.Collection, ix store.Index) error {
	if e.down.Load() && e.of[c.Name] && !ix.Sparse {
		return models.E(models.Unavailable, "unavailable")
	}
	return nil
}

func (e *lamed) Get(ctx context.Context, c store.Collection, id string) (bson.Raw, error) {
	if err := e.fault(c, store.Index{}); err != nil {
		return nil, err
	}
	return e.Engine.Get(ctx, c, id)
}

func (e *lamed) Find(ctx context.Context, c store.Collection, s store.Scan) ([]bson.Raw, error) {
	if err := e.fault(c, s.Index); err != nil {
		return nil, err
	}
	return e.Engine.Find(ctx, c, s)
}

func (e *lamed) Count(ctx context.Context, c store.Collection, q store.Query, ix store.Index) (int64, error) {
	if err := e.fault(c, ix); err != nil {
		return 0, err
	}
	return e.Engine.Count(ctx, c, q, ix)
}

// A working is one kind of job, how the n-th is started, and what its parts read.
type working struct {
	reads   store.Collection
	start   func(h *workshop, id string, n int) (string, error) // answers the id, when it is another
	endless bool                                                // it cannot be cancelled
	nobody  bool                                                // no person starts it
}

// workings are all kinds of jobs there are.
var workings = map[string]working{
	"batch": {reads: store.Items, start: func(h *workshop, id string, n int) (string, error) {
		b, err := h.a.repos.Batch.Batches.Get(h.t.Context(), "batch-demo")
		if err != nil {
			return "", err
		}
		b.Meta, b.Job, b.Cursor, b.Counts = models.Meta{ID: id}, job.Job{}, batch.Cursor{}, batch.Counts{}
		b.State, b.Slot, b.DryRun, b.Ended = batch.Running, id, n == 2, nil
		job.Begin(b, h.starter, h.a.now())
		return b.ID, h.a.repos.Batch.Batches.Insert(h.t.Context(), b)
	}},
	"benefit.simulation": {reads: store.Profiles, start: func(h *workshop, id string, _ int) (string, error) {
		v, err := h.a.repos.Benefit.Versions.First(h.t.Context(), store.All())
		if err != nil {
			return "", err
		}
		s, err := v.Simulate(id, nil, 1, h.starter, h.a.now())
		if err != nil {
			return "", err
		}
		return s.ID, h.a.repos.Benefit.Simulations.Insert(h.t.Context(), s)
	}},
	"campaign": {reads: store.Tags, start: func(h *workshop, id string, _ int) (string, error) {
		c, err := campaign.New(id, h.other, campaign.Content{
			Title: models.Words{ZH: "题", EN: "T"}, Body: models.Words{ZH: "文", EN: "B"}, Class: campaign.Service, Severity: campaign.Info,
			Audience: campaign.Audience{Region: h.other.Region, Tag: campaign.TagAgreement},
		}, h.a.now())
		if err == nil {
			err = c.Approve(h.starter, h.a.now())
		}
		if err != nil {
			return "", err
		}
		return c.ID, h.a.repos.Campaigns.Insert(h.t.Context(), c)
	}},
	"farmer.import": {reads: store.Blobs, start: (*workshop).sheet},
	"farmer.run": {reads: store.FarmScores, start: func(h *workshop, id string, _ int) (string, error) {
		model, err := h.a.repos.Farmer.Models.First(h.t.Context(), store.FarmModelsAt(release.InForce))
		if err != nil {
			return "", err
		}
		r, err := model.NewRun(id, farmer.RunPlan{Kind: farmer.Simulate, Against: "", Total: 1}, h.starter, h.a.now())
		if err != nil {
			return "", err
		}
		return r.ID, h.a.repos.Farmer.Runs.Insert(h.t.Context(), r)
	}},
	"medical.check": {reads: store.Bills, nobody: true, start: func(h *workshop, _ string, _ int) (string, error) {
		_, err := h.a.repos.Medical.Checks.Update(h.t.Context(), medical.CheckID, func(c *medical.Check) error { return c.Start(h.a.now()) })
		return medical.CheckID, err
	}},
	"recall.call": {reads: store.Uses, endless: true, start: func(h *workshop, id string, _ int) (string, error) {
		e := models.Event{ID: id, Kind: "record.corrected", At: h.a.now()}
		c := recall.NewCall(e, recall.Change{Record: "of-" + id, Version: 2, Newer: true}, h.a.now())
		u := recall.NewUse(recall.Paper{Kind: recall.Share, Ref: "receipt-" + id, Recipient: "org-bank"}, "of-"+id, 1, models.Subject{}, h.a.now()) // a call that reaches nobody is deleted
		return c.ID, errors.Join(h.a.repos.Recall.Uses.Insert(h.t.Context(), u), h.a.repos.Recall.Calls.Insert(h.t.Context(), c))
	}},
	"uscc.scan": {reads: store.Orgs, start: func(h *workshop, id string, _ int) (string, error) {
		s, err := uscc.NewScan(id, 1, h.starter, h.a.now())
		if err != nil {
			return "", err
		}
		return s.ID, h.a.repos.Catalogue.Scans.Insert(h.t.Context(), s)
	}},
	"village.round": {reads: store.VillageEntries, endless: true, start: func(h *workshop, _ string, n int) (string, error) {
		s, err := h.a.repos.Village.Schemes.First(h.t.Context(), store.VillageSchemesAt(release.InForce, village.OfVillages))
		if err != nil {
			return "", err
		}
		today := models.DayOf(h.a.now())
		r, err := s.NewRound(village.RoundPlan{County: "430181", Year: 2040 + n, Dates: village.Dates{Opens: today, CutOff: today, Ends: today.Add(30)}, Seed: "seed"}, h.starter, h.a.now())
		if err != nil {
			return "", err
		}
		r.WakeAt = models.At(h.a.now())
		if err := r.Wake(h.a.now()); err != nil {
			return "", err
		}
		return r.ID, h.a.repos.Village.Rounds.Insert(h.t.Context(), r)
	}},
}

// sheet starts an import of one line.
func (h *workshop) sheet(id string, _ int) (string, error) {
	ctx := h.t.Context()
	l, err := h.a.repos.Farmer.Layouts.First(ctx, store.All())
	if err != nil {
		return "", err
	}
	heads, cells := []any{}, []any{}
	for _, c := range l.Columns {
		heads, cells = append(heads, c.Heading), append(cells, "1")
	}
	book := excelize.NewFile()
	for at, row := range map[string][]any{"A1": heads, "A2": cells} {
		if err := book.SetSheetRow("Sheet1", at, &row); err != nil {
			return "", err
		}
	}
	raw, err := book.WriteToBuffer()
	if err != nil {
		return "", err
	}
	b, err := blob.New(id, "import/"+id, api.XlsxKind, raw.Bytes(), h.a.now().AddDate(0, 0, 30))
	if err != nil {
		return "", err
	}
	by := models.Actor{Person: h.starter.Person, Role: models.TownStaff, Region: l.Region}
	im, err := farmer.NewImport(l, farmer.Upload{ID: id, Village: "", Blob: b.ID, Hash: b.Hash, DryRun: true}, by, h.a.now())
	if err == nil {
		err = h.a.repos.Farmer.Blobs.Insert(ctx, b)
	}
	if err != nil {
		return "", err
	}
	return im.ID, h.a.repos.Farmer.Imports.Insert(ctx, im)
}

// A workshop is the demo city with an engine that can be lamed.
type workshop struct {
	*city
	a                          *App
	engine                     *lamed
	operator, office, resident string // tokens
	starter, other             models.Actor
}

func openWorkshop(t *testing.T) *workshop {
	t.Helper()
	a, err := Open(t.Context(), settingsOf(t, cityDir(t)), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	h := &workshop{a: a, engine: &lamed{Engine: a.store.Engine, of: map[string]bool{}}}
	for _, w := range workings {
		h.engine.of[w.reads.Name] = true
	}
	a.store.Engine = h.engine
	served(t, a)
	h.city = cityAt(t, a.URL())
	d, err := a.repos.Identity.Demos.Get(t.Context(), identity.DemoID)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range d.People {
		switch p.Role {
		case models.Operator:
			h.operator = h.signIn(p.Phone.Reveal())
		case models.CreditOffice:
			h.office = h.signIn(p.Phone.Reveal())
			me := h.must(200, h.office, "GET", "/v1/me", nil)["id"].(string)
			h.starter = models.Actor{Person: me, Role: models.CreditOffice, Region: p.Region}
		}
	}
	h.resident = h.signIn(resident)
	h.other = h.starter
	h.other.Person = "other"
	h.advance("PT1M") // what the city still has to tell
	return h
}

// start starts one job of every kind whose parts fail, and lets time go by.
func (h *workshop) start(n int, span string) map[string]string {
	h.t.Helper()
	h.engine.down.Store(true)
	ids := map[string]string{}
	for kind, w := range workings {
		id, err := w.start(h, fmt.Sprint(kind, "-", n), n)
		if err != nil {
			h.t.Fatalf("%s: %v", kind, err)
		}
		ids[kind] = "/v1/jobs/" + kind + "/" + id
	}
	h.advance(span)
	return ids
}

func (h *workshop) job(path string) m {
	h.t.Helper()
	return h.must(200, h.operator, "GET", path, nil)
}

// listed are the paths of all jobs in a state, page by page.
func (h *workshop) listed(query string) (paths []string) {
	h.t.Helper()
	for cursor, pages := "", 0; pages < 20; pages++ {
		v := h.must(200, h.operator, "GET", "/v1/jobs?limit=2&cursor="+cursor+query, nil)
		for _, one := range v["items"].([]any) {
			paths = append(paths, fmt.Sprintf("/v1/jobs/%s/%s", one.(m)["kind"], one.(m)["id"]))
		}
		if cursor = v["nextCursor"].(string); cursor == "" {
			break
		}
	}
	return paths
}

// doc is the job itself.
func (h *workshop) doc(kind, path string) job.Work {
	h.t.Helper()
	for _, k := range h.a.store.Jobs() {
		if k.Kind == kind {
			w, err := k.Update(h.t.Context(), strings.TrimPrefix(path, "/v1/jobs/"+kind+"/"), func(job.Work) error { return store.Unchanged() })
			if err != nil {
				h.t.Fatal(err)
			}
			return w
		}
	}
	h.t.Fatalf("no jobs %q", kind)
	return nil
}

// guarded makes an act that must be refused to all but the operator, and to whoever saw another revision.
func (h *workshop) guarded(path string, body any) {
	h.t.Helper()
	for _, token := range []string{h.office, h.resident} {
		h.must(403, token, "POST", path, body)
	}
	h.must(412, h.operator, "POST", path, body, "If-Match", `"999999"`)
}

// Every kind of job there is stalls when its parts fail, shows why, asks again by itself and ends; an operator has it tried at once, or
// ends it for ever.
func TestJobs(t *testing.T) {
	t.Parallel()
	h := openWorkshop(t)
	var kinds []string
	for _, k := range h.a.store.Jobs() {
		if kinds = append(kinds, k.Kind); workings[k.Kind].start == nil {
			t.Errorf("%q is a kind of job that nobody tries: add it to workings, and its collection needs a kind", k.Kind)
		}
	}
	if slices.Sort(kinds); len(kinds) != len(workings) || len(slices.Compact(kinds)) != len(workings) {
		t.Fatalf("%v are the kinds of jobs, %d are tried", kinds, len(workings))
	}
	t.Run("by itself", h.byItself)
	t.Run("resumed", h.resumed)
	t.Run("cancelled", h.cancelled)
}

func (h *workshop) byItself(t *testing.T) {
	h.t = t
	ids := h.start(0, "PT1H")
	for kind, path := range ids {
		v := h.job(path)
		stall, _ := v["stalled"].(m)
		if tries, _ := v["tries"].(float64); v["state"] != "stalled" || tries < 5 || v["nextTryAt"] == nil || stall["reason"] != "unavailable" || stall["since"] == nil {
			t.Errorf("%s: %v", kind, v)
		}
		if text, _ := stall["text"].(string); !strings.Contains(text, " ") {
			t.Errorf("%s has no words for %v", kind, stall)
		}
		if v["kind"] != kind || v["startedAt"] == nil || v["by"] == nil {
			t.Errorf("%s: %v", kind, v)
		}
		h.must(403, h.office, "GET", path, nil)
		if one := h.listed("&kind=" + kind + "&state=stalled"); !slices.Equal(one, []string{path}) {
			t.Errorf("%s: %v", kind, one)
		}
	}
	h.must(403, h.resident, "GET", "/v1/jobs", nil)
	h.must(404, h.operator, "GET", "/v1/jobs/none/x", nil)
	h.must(400, h.operator, "GET", "/v1/jobs?cursor=99.x", nil)
	if all := h.listed(""); len(all) != len(ids) || len(h.listed("&state=working")) != 0 {
		t.Errorf("%d jobs are listed, %d are under way", len(all), len(ids))
	}
	h.engine.down.Store(false)
	h.advance("PT2H")
	for kind, path := range ids {
		if v := h.job(path); v["state"] != "idle" || v["stalled"] != nil || h.doc(kind, path).Busy() {
			t.Errorf("%s does not end by itself: %v", kind, v)
		}
	}
	if left := h.listed(""); len(left) != 0 {
		t.Errorf("%v are over and listed", left)
	}
}

func (h *workshop) resumed(t *testing.T) {
	h.t = t
	ids := h.start(1, "PT5M")
	h.engine.down.Store(false)
	for kind, path := range ids {
		if v := h.job(path); v["state"] != "stalled" {
			t.Fatalf("%s: %v", kind, v)
		}
		h.guarded(path+"/resume", m{})
		h.must(200, h.operator, "POST", path+"/resume", m{}, "If-Match", fmt.Sprintf("%q", fmt.Sprint(h.doc(kind, path).Head().Revision)))
		if v := h.job(path); v["state"] == "stalled" || v["stalled"] != nil {
			t.Errorf("%s was not tried at once: %v", kind, v)
		}
	}
	h.advance("PT1H")
	for kind, path := range ids {
		if v := h.job(path); v["state"] != "idle" {
			t.Errorf("%s: %v", kind, v)
		}
		h.must(409, h.operator, "POST", path+"/resume", m{})
	}
}

func (h *workshop) cancelled(t *testing.T) {
	h.t = t
	ids := h.start(2, "PT5M")
	why := m{"reason": "the wrong file"}
	for kind, path := range ids {
		h.guarded(path+"/cancel", why)
		h.must(400, h.operator, "POST", path+"/cancel", m{})
		if workings[kind].endless {
			if v := h.must(409, h.operator, "POST", path+"/cancel", why); v["reason"] != "job.must_end" {
				t.Errorf("%s: %v", kind, v)
			}
			continue
		}
		h.must(200, h.operator, "POST", path+"/cancel", why)
	}
	h.engine.down.Store(false)
	h.advance("PT2H")
	for kind, path := range ids {
		before := h.job(path)
		h.late(kind, path)
		h.advance("PT2H")
		if v := h.job(path); kind == "medical.check" && v["startedAt"] != before["startedAt"] { // the next night began another
			continue
		} else if v["state"] != "idle" || v["parts"] != before["parts"] || v["done"] != before["done"] || h.doc(kind, path).Busy() {
			t.Errorf("%s goes on: %v, before %v", kind, v, before)
		}
		h.must(409, h.operator, "POST", path+"/cancel", why)
		told, want := h.told(kind), 1
		if workings[kind].endless || workings[kind].nobody {
			want = 0
		}
		if told != want {
			t.Errorf("%s: whoever started it was told %d times", kind, told)
		}
	}
}

// late tells the part once more that was due when the job ended.
func (h *workshop) late(kind, path string) {
	h.t.Helper()
	for _, k := range h.a.store.Jobs() {
		if k.Kind != kind {
			continue
		}
		_, err := k.Update(h.t.Context(), strings.TrimPrefix(path, "/v1/jobs/"+kind+"/"), func(w job.Work) error {
			w.Head().Publish(w.PartDue(), "", models.Clockwork, h.a.now())
			return nil
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

// told counts the messages in the starter's inbox that say that a job was cancelled, with the reason.
func (h *workshop) told(kind string) (n int) {
	h.t.Helper()
	_, err := h.a.repos.messages.Each(h.t.Context(), store.InboxSince(h.starter.Person, time.Time{}), func(msg *inbox.Message) error {
		if msg.Kind == job.EventCancelled.Name() && msg.Params["kind"] == kind && msg.Params["reason"] == "the wrong file" {
			n++
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}
