package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xinyi/models/sandbox"
)

// TestAuditJourney seals the log of a running city, takes the proof of what concerns a resident, and checks it and the whole
// log with the command line.
func TestAuditJourney(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	me := c.signIn("19900009001")
	c.must(200, me, "POST", "/v1/me/identity", m{"name": "刘小河", "idNumber": "430181199001010003"})
	entries := c.must(200, me, "GET", "/v1/audit/entries", nil)["items"].([]any)
	if len(entries) == 0 {
		t.Fatal("the log says nothing about the resident")
	}
	id := entries[0].(m)["id"].(string)
	if status, got := c.call(me, "GET", "/v1/audit/entries/"+id+"/proof", nil); status != 404 || got["reason"] != "audit.not_sealed_yet" {
		t.Fatalf("before the sealing: %d %v", status, got)
	}
	c.advance("PT2H")
	me = c.signIn("19900009001")
	proof := c.must(200, me, "GET", "/v1/audit/entries/"+id+"/proof", nil)
	other := c.signIn("19900000001")
	if status, _ := c.call(other, "GET", "/v1/audit/entries/"+id+"/proof", nil); status != 404 {
		t.Errorf("somebody else's proof: %d", status)
	}
	heads := c.must(200, "", "GET", "/v1/audit/heads", nil)["items"].([]any)
	if len(heads) == 0 || !strings.Contains(heads[0].(m)["note"].(string), "xinyi/audit\n") {
		t.Fatalf("%v", heads)
	}
	if status, _ := c.call(me, "POST", "/v1/audit/heads", nil); status != 403 {
		t.Errorf("a resident seals the log: %d", status)
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+"/v1/seals", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var seals bytes.Buffer
	if _, err := seals.ReadFrom(resp.Body); err != nil || !json.Valid(seals.Bytes()) {
		t.Fatal(err)
	}
	text := proof["text"].(string)
	for name, tc := range map[string]struct {
		text string
		exit int
	}{
		"as given":      {text, 0},
		"another place": {strings.Replace(text, "\nindex ", "\nindex 1", 1), 1},
		"another size":  {strings.Replace(text, "xinyi/audit\n", "xinyi/audit\n1", 1), 1},
		"cut off":       {text[:len(text)/2], 1},
	} {
		var out, faults bytes.Buffer
		environ := []string{"DATA_DIR=" + filepath.Join(dir, "nothing-here")}
		if exit := run(t.Context(), []string{"audit", "check", write("proof.txt", tc.text), write("seals.json", seals.String())}, environ, &out, &faults); exit != tc.exit {
			t.Errorf("%s: exit %d: %s %s", name, exit, out.String(), faults.String())
		}
		if tc.exit == 0 && !strings.Contains(out.String(), "This row is in the audit log") {
			t.Errorf("%s: %s", name, out.String())
		}
	}
}

// TestAuditVerifyCommand stops a city, lets the command verify its log, takes a row out and lets it verify again.
func TestAuditVerifyCommand(t *testing.T) {
	t.Parallel()
	dir := cityDir(t)
	environ := []string{"ADDR=127.0.0.1:0", "OPS_ADDR=off", "DATA_DIR=" + dir, "SANDBOX=true", "LOG_LEVEL=ERROR"}
	cfg, err := ReadConfig(environ)
	if err != nil {
		t.Fatal(err)
	}
	cfg.unsynced = true
	a, err := Open(t.Context(), cfg, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.seal.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	span, err := sandbox.ParseSpan("PT2H")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.clock.Advance(t.Context(), span); err != nil {
		t.Fatal(err)
	}
	head, err := a.seal.Close(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	size, _, err := a.repos.audit.Size(t.Context())
	if err != nil || size == 0 {
		t.Fatalf("%d rows, head %v, %v", size, head, err)
	}
	leaf, err := a.repos.audit.Leaves.Get(t.Context(), "000000000000")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	verify := func() (int, string) {
		var out, faults bytes.Buffer
		return run(t.Context(), []string{"audit", "verify"}, environ, &out, &faults), out.String() + faults.String()
	}
	if exit, said := verify(); exit != 0 || !strings.Contains(said, ": 0 faults") {
		t.Fatalf("%d %s", exit, said)
	}
	b, err := assemble(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.store.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.repos.Events.Delete(t.Context(), leaf.Entry); err != nil {
		t.Fatal(err)
	}
	b.outside.close()
	if err := b.store.Engine.Close(); err != nil {
		t.Fatal(err)
	}
	if exit, said := verify(); exit != 1 || !strings.Contains(said, "row 0 is gone") {
		t.Errorf("%d %s", exit, said)
	}
}
