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
		`{"Casework":{"ObjectOwn":5}} x`:         "POLICY_PATH",
		`{"Casework":{"ObjectOwned":5}}`:         "ObjectOwned",
		`{"Identity":{"CodeLife":300}}`:          "1h30m",
		`{"Identity":{"CodeLife":"-5m"}}`:        "not negative",
		`{"Casework":{"ObjectOwn":"three"}}`:     "POLICY_PATH",
		`{"Delivery":{"Quiet":[{"Dayz":[1]}]}} `: "Dayz",
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
