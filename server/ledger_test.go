package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"xinyi/models/medical"
	"xinyi/store"
)

// misbook makes one bill of the demo city wrong by a fen.
func misbook(t *testing.T, a *App) string {
	t.Helper()
	b, err := a.repos.Medical.Bills.First(t.Context(), store.All())
	if err == nil {
		_, err = a.repos.Medical.Bills.Update(t.Context(), b.ID, func(b *medical.Bill) error { b.Paid++; return nil })
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.ID
}

// A day later the ledger has been checked; a day after a fen went astray somebody knows.
func TestLedgerOvernight(t *testing.T) {
	t.Parallel()
	c, a, operators := inCity(t)
	marks := map[string]string{}
	for _, p := range demoPeople(t, a) {
		marks[string(p.Role)] = p.Phone.Reveal()
	}
	auditor := c.signIn(marks["auditor"])
	c.advance("P1D")
	v := c.must(200, auditor, "GET", "/v1/medical/ledger/checks", nil)
	night, _ := v["checks"].([]any)[0].(m)
	if v["state"] != "IDLE" || night["faults"] != 0.0 || night["bills"] == 0.0 || night["agreements"] == 0.0 {
		t.Errorf("the first night: %v", v)
	}
	id := misbook(t, a)
	c.advance("P1D")
	for _, role := range []string{"auditor", "credit_office", "operator"} {
		v = c.must(200, c.signIn(marks[role]), "GET", "/v1/medical/ledger/checks", nil)
		faults := v["faults"].([]any)
		if len(v["checks"].([]any)) != 2 || len(faults) != 1 || faults[0].(m)["billId"] != id || faults[0].(m)["what"] != "PAID" || faults[0].(m)["text"] == "" {
			t.Errorf("%s: %v", role, v)
		}
	}
	c.must(403, c.signIn(resident), "GET", "/v1/medical/ledger/checks", nil)
	_, text := glance(t, operators, "", "GET", "/metrics")
	if !strings.Contains(text, "\nxinyi_ledger_faults 1\n") || !strings.Contains(text, "\nxinyi_ledger_checked_at 1.") {
		t.Error("metrics do not show the fault")
	}
}

// typed runs the program once on dir.
func typed(t *testing.T, dir string, args ...string) (code int, out string) {
	t.Helper()
	var said bytes.Buffer
	code = run(t.Context(), args, []string{"DATA_DIR=" + dir, "KEYS_PATH=" + filepath.Join(dir, "keys.json"), "SANDBOX=true", "LOG_LEVEL=ERROR", "ADDR=127.0.0.1:0", "OPS_ADDR=off"}, &said, &said)
	return code, said.String()
}

func TestDoctorAndKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if code, out := typed(t, dir, "doctor"); code != 0 || !strings.Contains(out, "no keys and no store yet") {
		t.Errorf("before the first start: %d\n%s", code, out)
	}
	for _, line := range []struct {
		args string
		code int
		says string
	}{
		{"keys", 1, "say what to do"}, {"keys lose", 1, "say what to do"},
		{"keys create", 0, "writes"}, {"keys create", 1, "keys"},
		{"seed", 0, "the demo city"}, {"doctor", 0, "agree to the fen"},
		{"keys prepare", 0, "keys.json"}, {"keys rotate", 0, "writes"}, {"keys reencrypt", 0, "med_bills"}, {"keys retire", 0, "writes"}, {"keys show", 0, "writes"},
		{"doctor", 0, "✓ ledger: "},
	} {
		if code, out := typed(t, dir, strings.Fields(line.args)...); code != line.code || !strings.Contains(out, line.says) {
			t.Fatalf("%s: %d\n%s", line.args, code, out)
		}
	}
	cfg := settingsOf(t, dir)
	cfg.Keys = filepath.Join(dir, "keys.json")
	a, err := Open(t.Context(), cfg, true)
	if err != nil {
		t.Fatal(err)
	}
	id := misbook(t, a)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	code, out := typed(t, dir, "doctor")
	if code != 1 || !strings.Contains(out, "✗ ledger: 1 amounts of") || !strings.Contains(out, "bill "+id+": PAID is ") {
		t.Errorf("one fen astray: %d\n%s", code, out)
	}
}
