package handlers

import (
	"reflect"
	"slices"
	"strings"
	"testing"
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
			if name != "" && name != "-" && !exportSkips[name] && !hasText("label."+name) {
				missing = append(missing, name)
			}
			if name != "-" && (f.IsExported() || f.Anonymous) {
				walk(f.Type)
			}
		}
	}
	var portions []Portion
	for _, door := range []interface{ Portions() []Portion }{
		Identity{}, Record{}, Consent{}, Access{}, Casework{}, Decision{}, Recall{}, Report{}, Award{}, Credential{}, Benefit{}, Farmer{}, VillageBundle{}, Loan{},
		Medical{}, Inbox{}, Delivery{},
	} {
		portions = append(portions, door.Portions()...)
	}
	for _, p := range portions {
		if !hasText("export." + p.Name) {
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
