package export

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"xinyi/handlers/access"
	"xinyi/handlers/api"
	"xinyi/handlers/award"
	"xinyi/handlers/benefit"
	"xinyi/handlers/casework"
	"xinyi/handlers/consent"
	"xinyi/handlers/credential"
	"xinyi/handlers/decision"
	"xinyi/handlers/delivery"
	"xinyi/handlers/farmer"
	"xinyi/handlers/identity"
	"xinyi/handlers/inbox"
	"xinyi/handlers/loan"
	"xinyi/handlers/medical"
	"xinyi/handlers/paper"
	"xinyi/handlers/recall"
	"xinyi/handlers/record"
	"xinyi/handlers/report"
	"xinyi/handlers/village"
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
		identity.Handler{}, record.Handler{}, consent.Handler{}, access.Handler{}, casework.Handler{}, decision.Handler{}, recall.Handler{}, report.Handler{}, award.Handler{}, credential.Handler{}, benefit.Handler{}, farmer.Handler{}, village.Bundle{}, loan.Handler{},
		medical.Handler{}, inbox.Handler{}, delivery.Handler{},
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
