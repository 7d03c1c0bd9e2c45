package main

import (
	"strings"
	"testing"

	"xinyi/models"
)

// unrationed are the routes on which people make something that is not counted, and why.
var unrationed = map[string]string{}

// What people make is counted, for each of them and each day.
func TestWhatPeopleMakeHasAQuota(t *testing.T) {
	t.Parallel()
	a := begin(t)
	found := 0
	for _, rt := range a.router.Routes {
		if !rt.Makes() || !rt.Admits(models.Resident) && !rt.Admits(models.Business) {
			continue
		}
		found++
		if _, excused := unrationed[rt.Name()]; (rt.Quota == "") != excused {
			t.Errorf("%s has the quota %q, excused: %v", rt.Name(), rt.Quota, excused)
		}
	}
	if found < 20 {
		t.Fatalf("only %d routes: the walk is blind", found)
	}
}

// Every text that can be sent has a bound, and the document says which.
func TestEveryTextHasABound(t *testing.T) {
	t.Parallel()
	a := begin(t)
	raw, err := a.router.Document()
	if err != nil {
		t.Fatal(err)
	}
	doc := parsed(t, raw)
	found := 0
	bounded := func(where, at string, s m) {
		if s["type"] != "string" && !strings.Contains(strings.Join(kinds(s["type"]), " "), "string") {
			return
		}
		found++
		for _, bound := range []string{"maxLength", "pattern", "enum", "format", "const"} {
			if s[bound] != nil {
				return
			}
		}
		t.Errorf("%s: %s has no bound", where, at)
	}
	eachOperation(doc, func(name string, op m, body any) {
		fieldsOf(doc, body, "", nil, func(at string, s m) { bounded(name, at, s) })
		params, _ := op["parameters"].([]any)
		for _, p := range params {
			fieldsOf(doc, asMap(p)["schema"], asMap(p)["name"].(string), nil, func(at string, s m) { bounded(name, at, s) })
		}
	})
	if found < 500 {
		t.Fatalf("only %d texts: the walk is blind", found)
	}
}

func kinds(v any) (all []string) {
	list, _ := v.([]any)
	for _, x := range list {
		if s, ok := x.(string); ok {
			all = append(all, s)
		}
	}
	return all
}
