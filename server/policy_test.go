package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"xinyi/models"
	"xinyi/models/casework"
	"xinyi/models/identity"
	"xinyi/models/record"
)

func TestPolicyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "policy.json")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]string{
		`{"Casework":{"ObjectOwn":5}} x`:                                                  "POLICY_PATH",
		`{"Casework":{"ObjectOwned":5}}`:                                                  "ObjectOwned",
		`{"Identity":{"CodeLife":300}}`:                                                   "1h30m",
		`{"Identity":{"CodeLife":"-5m"}}`:                                                 "not negative",
		`{"Casework":{"ObjectOwn":"three"}}`:                                              "POLICY_PATH",
		`{"Casework":{"ObjectOwn":-3}}`:                                                   "/ObjectOwn: -3 is out of bounds",
		`{"Casework":{"UnitAnswer":0}}`:                                                   "/UnitAnswer: 0 is out of bounds",
		`{"Identity":{"CodeLife":"9000h"}}`:                                               "/CodeLife",
		`{"Record":{"Regimes":[{"ID":"R","Terms":{"GENERAL":{"Shown":true,"Min":-3}}}]}}`: "/Min: -3",
		`{"Nothing":{}}`:                                                                  "there is no policy Nothing",
		`{"Delivery":{"Quiet":[{"Dayz":[1]}]}} `:                                          "Dayz",
	} {
		write(text)
		if _, err := ReadConfig([]string{"POLICY_PATH=" + path}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	write(`{"Casework":{"ObjectOwn":5},"Identity":{"CodeLife":"10m"},"Record":{"Governs":"LATEST"}}`)
	cfg, err := ReadConfig([]string{"POLICY_PATH=" + path})
	if err != nil {
		t.Fatal(err)
	}
	p := cfg.policy
	if policyIn[casework.Terms](p).ObjectOwn != 5 || policyIn[casework.Terms](p).ObjectCheck != 7 || policyIn[identity.Policy](p).CodeLife != 10*time.Minute || policyIn[identity.Policy](p).CodeTries != 5 || policyIn[record.Policy](p).Governs != record.ByLatest {
		t.Errorf("%+v", p)
	}
	var out bytes.Buffer
	if err := policyCommand(t.Context(), cfg, nil, &out); err != nil {
		t.Fatal(err)
	}
	write(out.String())
	again, err := readPolicy(path, cfg.all())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, again); diff != "" {
		t.Errorf("what is printed reads differently: %s", diff)
	}
	if got := policyIn[record.Policy](again).Publish(models.Negative, models.General, "2020-01-01"); got.Regime != "R2" {
		t.Errorf("%+v", got)
	}
}

// Every number of every policy has its bounds, and the standards lie within them. A file never changes a standard.
func TestStandardPoliciesAreWithinBounds(t *testing.T) {
	t.Parallel()
	before, err := readPolicy("", capabilities())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(path, []byte(`{"Record":{"Regimes":[{"ID":"R9"}]},"Desks":{"430181":"office-other"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readPolicy(path, capabilities()); err != nil {
		t.Fatal(err)
	}
	if record.Standard.Regimes[0].ID == "R9" || casework.StandardDesks["430181"] == "office-other" {
		t.Error("a file changed the standard")
	}
	twice := Capability{Name: "twice", Policy: map[string]any{"Other": record.Standard}}
	if _, err := readPolicy("", append(capabilities(), twice)); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("two policies of one type: %v", err)
	}
	for name, p := range before {
		if _, err := differing(p, []byte("{}")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
