package export

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	accesshttp "xinyi/handlers/access"
	"xinyi/handlers/api"
	awardhttp "xinyi/handlers/award"
	benefithttp "xinyi/handlers/benefit"
	caseworkhttp "xinyi/handlers/casework"
	consenthttp "xinyi/handlers/consent"
	credentialhttp "xinyi/handlers/credential"
	decisionhttp "xinyi/handlers/decision"
	deliveryhttp "xinyi/handlers/delivery"
	farmerhttp "xinyi/handlers/farmer"
	identityhttp "xinyi/handlers/identity"
	inboxhttp "xinyi/handlers/inbox"
	loanhttp "xinyi/handlers/loan"
	medicalhttp "xinyi/handlers/medical"
	"xinyi/handlers/paper"
	recallhttp "xinyi/handlers/recall"
	recordhttp "xinyi/handlers/record"
	reporthttp "xinyi/handlers/report"
	villagehttp "xinyi/handlers/village"
)

// Every portion has a title and every field a label in both languages: nobody is shown a program's names.
func TestExportsSpeakToPeople(t *testing.T) {
	var missing []string
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(v reflect.Type) {
		for v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice || v.Kind() == reflect.Map {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct || seen[v] {
			return
		}
		seen[v] = true
		for i := range v.NumField() {
			f := v.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != "" && name != "-" && !paper.Skips[name] && !api.HasText("label."+name) {
				missing = append(missing, name)
			}
			if name != "-" && (f.IsExported() || f.Anonymous) {
				walk(f.Type)
			}
		}
	}
	var portions []api.Portion
	for _, door := range []interface{ Portions() []api.Portion }{
		identityhttp.Handler{}, recordhttp.Handler{}, consenthttp.Handler{}, accesshttp.Handler{}, caseworkhttp.Handler{}, decisionhttp.Handler{}, recallhttp.Handler{}, reporthttp.Handler{}, awardhttp.Handler{}, credentialhttp.Handler{}, benefithttp.Handler{}, farmerhttp.Handler{}, villagehttp.Bundle{}, loanhttp.Handler{},
		medicalhttp.Handler{}, inboxhttp.Handler{}, deliveryhttp.Handler{},
	} {
		portions = append(portions, door.Portions()...)
	}
	for _, p := range portions {
		if !api.HasText("export." + p.Name) {
			t.Errorf("portion %s has no title", p.Name)
		}
		walk(p.View)
	}
	slices.Sort(missing)
	for _, name := range slices.Compact(missing) {
		t.Errorf("no label for %q", name)
	}
	if len(portions) < 14 || len(seen) < 14 {
		t.Fatalf("%d portions, %d views: the walk is blind", len(portions), len(seen))
	}
}
