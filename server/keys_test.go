package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xinyi/models/identity"
	"xinyi/store"
)

// says runs a command of the program over a folder and answers its exit code and all it printed.
func says(t *testing.T, dir string, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	code := run(t.Context(), args, []string{"ADDR=127.0.0.1:0", "OPS_ADDR=off", "DATA_DIR=" + dir, "SANDBOX=true", "LOG_LEVEL=ERROR"}, &out, &out)
	return code, out.String()
}

// exchange puts another store's key file into a folder, and answers both fingerprints.
func exchange(t *testing.T, dir string) (expected, found string) {
	t.Helper()
	path := filepath.Join(dir, "keys.json")
	own, err := store.LoadKeys(path)
	if err == nil {
		err = os.Remove(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	other, err := store.CreateKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	return own.Fingerprint(), other.Fingerprint()
}

// openers are the commands that open a store.
var openers = map[string][]string{
	"serve": {"serve"}, "demo": {"demo"}, "seed": {"seed"}, "migrate": {"migrate"}, "doctor": {"doctor"}, "operator": {"operator", resident},
	"audit verify": {"audit", "verify"}, "keys reencrypt": {"keys", "reencrypt"}, "keys retire": {"keys", "retire"},
}

// With another store's keys no command goes on, and each names the fingerprint expected and the one found.
func TestForeignKeysAreRefused(t *testing.T) {
	t.Parallel()
	dir := cityDir(t)
	expected, found := exchange(t, dir)
	for name, args := range openers {
		t.Run(name, func(t *testing.T) {
			code, out := says(t, dir, args...)
			if code != 1 || !strings.Contains(out, expected) || !strings.Contains(out, found) {
				t.Errorf("exit %d, want the fingerprints %s and %s in:\n%s", code, expected, found, out)
			}
		})
	}
}

// Over a store that holds anything nothing makes a file of keys that is gone.
func TestLostKeysAreNotMadeAnew(t *testing.T) {
	t.Parallel()
	for file, wants := range map[string]string{"keys.json": "fingerprint expected", "seals.json": "audit rotate", "token-keys.json": "keys create"} {
		dir := cityDir(t)
		own, err := store.LoadKeys(filepath.Join(dir, "keys.json"))
		if err == nil {
			err = os.Remove(filepath.Join(dir, file))
		}
		if err != nil {
			t.Fatal(err)
		}
		if file == "keys.json" {
			wants += " (" + own.Fingerprint()
		}
		tries := map[string][]string{}
		for name, args := range openers {
			tries[name] = args
		}
		if file != "token-keys.json" { // these may be made anew: whoever is signed in does so again
			tries["keys create"] = []string{"keys", "create"}
		}
		for name, args := range tries {
			t.Run(file+"/"+name, func(t *testing.T) {
				if code, out := says(t, dir, args...); code != 1 || !strings.Contains(out, wants) {
					t.Errorf("exit %d, want %q in:\n%s", code, wants, out)
				}
				if _, err := os.Stat(filepath.Join(dir, file)); !os.IsNotExist(err) {
					t.Errorf("%s was made (%v)", file, err)
				}
			})
		}
	}
}

// A store from before there was a canary lets in only keys that open what it holds, and then has one.
func TestStoreWithoutCanary(t *testing.T) {
	t.Parallel()
	dir := cityDir(t)
	cfg := settingsOf(t, dir)
	forget := func() {
		t.Helper()
		a, err := assemble(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		a.outside.close()
		if err := errors.Join(a.store.Engine.Delete(t.Context(), store.Canaries, "canary"), a.store.Engine.Close()); err != nil {
			t.Fatal(err)
		}
	}
	forget()
	own, err := os.ReadFile(filepath.Join(dir, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	_, found := exchange(t, dir)
	if code, out := says(t, dir, "migrate"); code != 1 || !strings.Contains(out, found) {
		t.Errorf("another store's keys: exit %d\n%s", code, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "keys.json"), own, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := says(t, dir, "migrate"); code != 0 {
		t.Fatalf("its own keys: exit %d\n%s", code, out)
	}
	expected, found := exchange(t, dir)
	if code, out := says(t, dir, "doctor"); code != 1 || !strings.Contains(out, expected) || !strings.Contains(out, found) {
		t.Errorf("the canary it was given: exit %d, want %s and %s\n%s", code, expected, found, out)
	}
}

// The older keys cannot be retired while a document needs them, and a copy of the key file from before the rotation opens nothing.
func TestRetireRefuses(t *testing.T) {
	t.Parallel()
	dir := cityDir(t)
	before, err := os.ReadFile(filepath.Join(dir, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	step := func(code int, want string, args ...string) {
		t.Helper()
		if got, out := says(t, dir, args...); got != code || !strings.Contains(out, want) {
			t.Fatalf("%v: exit %d, want %d with %q:\n%s", args, got, code, want, out)
		}
	}
	step(0, "", "keys", "rotate")
	step(1, "documents still need the older keys, nothing was removed", "keys", "retire")
	step(0, "fingerprint", "doctor")
	step(0, "written anew", "keys", "reencrypt")
	step(0, "writes", "keys", "retire")
	step(0, "fingerprint", "doctor")
	a, err := assemble(t.Context(), settingsOf(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	people := 0
	_, err = a.repos.Identity.People.Each(t.Context(), store.All(), func(p *identity.Person) error {
		people++
		return nil
	})
	a.outside.close()
	if err := errors.Join(err, a.store.Engine.Close()); err != nil || people < 50 {
		t.Errorf("%d people after it all, %v", people, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "keys.json"), before, 0o600); err != nil {
		t.Fatal(err)
	}
	step(1, "they do not open it", "doctor")
}

// What only looks makes nothing: no store, no keys, no seals.
func TestCheckersMakeNothing(t *testing.T) {
	t.Parallel()
	paper := filepath.Join(t.TempDir(), "paper.json")
	if err := os.WriteFile(paper, []byte(`{"content":{"format":"xinyi-report/1"},"signature":"x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"verify", paper}, {"audit", "check", paper}, {"audit", "verify"}, {"audit", "seals"}, {"recompute", paper},
		{"doctor"}, {"keys", "show"}, {"keys", "retire"}, {"keys", "reencrypt"}, {"keys", "rotate"}, {"operator", resident}, {"policy"}} {
		t.Run(strings.Join(args[:min(2, len(args))], " "), func(t *testing.T) {
			dir := t.TempDir()
			code, out := says(t, dir, args...)
			if want := map[bool]int{true: 0, false: 1}[args[0] == "doctor" || args[0] == "policy"]; code != want {
				t.Errorf("exit %d, want %d:\n%s", code, want, out)
			}
			if made, err := os.ReadDir(dir); err != nil || len(made) > 0 {
				t.Errorf("it made %v (%v)", made, err)
			}
		})
	}
}

// A report is told apart from an altered one when it is checked without the seals of who issued it, on paper and as data, and a good one
// says whose it is and until when.
func TestVerifySaysWhose(t *testing.T) {
	t.Parallel()
	c, a := openCityApp(t)
	token := c.signIn(resident)
	made := c.must(201, token, "POST", "/v1/me/reports", m{"kind": "CREDIT"})
	id := made["id"].(string)
	seals := filepath.Join(t.TempDir(), "seals.json")
	c.save(token, "/v1/seals", seals)
	for _, form := range []string{"json", "pdf"} {
		file := filepath.Join(t.TempDir(), "report."+form)
		c.save(token, "/v1/me/reports/"+id+"/"+form, file)
		var out bytes.Buffer
		if err := verifyCommand(t.Context(), a.cfg, []string{file, seals}, &out); err != nil {
			t.Errorf("%s: %v", form, err)
		}
		for _, want := range []string{"valid until " + made["validUntil"].(string), made["no"].(string), "CREDIT"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q is not said:\n%s", form, want, out.String())
			}
		}
		elsewhere := t.TempDir()
		if code, out := says(t, elsewhere, "verify", file); code != 1 || strings.Contains(out, "altered") || !strings.Contains(out, "/v1/seals") {
			t.Errorf("%s without seals: exit %d\n%s", form, code, out)
		}
		if code, _ := says(t, elsewhere, "audit", "rotate"); code != 0 {
			t.Fatal("no seal of its own was made")
		}
		if code, out := says(t, elsewhere, "verify", file); code != 1 || strings.Contains(out, "was altered") || !strings.Contains(out, a.seals[0].ID) {
			t.Errorf("%s with a stranger's seals: exit %d\n%s", form, code, out)
		}
	}
}

// save keeps the body of a GET in a file.
func (c *city) save(token, path, file string) {
	c.t.Helper()
	rq, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.url+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		c.t.Fatalf("%s: %d, %v", path, resp.StatusCode, err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		c.t.Fatal(err)
	}
}
