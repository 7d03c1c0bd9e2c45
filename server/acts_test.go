package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"xinyi/models"
	"xinyi/store"
)

// TestStatesCameAboutAsDeclared looks at everything the demo city keeps: each state came about by an act that leads there, and by one
// of those who may.
func TestStatesCameAboutAsDeclared(t *testing.T) {
	t.Parallel()
	pictures := map[reflect.Type][]models.Picture{}
	for _, c := range capabilities() {
		if c.Lives != nil {
			for _, p := range c.Lives() {
				pictures[p.Of] = append(pictures[p.Of], p)
			}
		}
	}
	a := begin(t)
	looked, moved := 0, 0
	faults := map[string]int{}
	for _, repo := range repositories(reflect.ValueOf(&a.repos).Elem()) {
		each := repo.MethodByName("Each")
		take := each.Type().In(2)
		of := take.In(0)
		if pictures[of] == nil {
			continue
		}
		looked++
		fn := reflect.MakeFunc(take, func(args []reflect.Value) []reflect.Value {
			doc := args[0].Elem()
			state, by := doc.FieldByName("State").String(), models.Role(doc.FieldByName("Moved").FieldByName("By").String())
			if fault := unsaid(pictures[of], state, by); fault != "" && !first[of.String()+" "+state] {
				faults[of.String()+": "+fault]++
			}
			moved++
			return []reflect.Value{reflect.Zero(take.Out(0))}
		})
		if err := each.Call([]reflect.Value{reflect.ValueOf(t.Context()), reflect.ValueOf(store.All()), fn})[1]; !err.IsNil() {
			t.Fatal(of, err)
		}
	}
	for fault, n := range faults {
		t.Errorf("%s (%d documents)", fault, n)
	}
	if looked < 40 || moved < 1000 {
		t.Errorf("only %d documents of %d types", moved, looked)
	}
}

// first are states in which documents begin and to which acts lead back. Who makes them is said by the routes.
var first = map[string]bool{"*medical.Conduct NOTICED": true, "*record.Record ACTIVE": true, "*webhook.Endpoint ACTIVE": true}

// unsaid is what is wrong with a state that a role brought about: "" when an act of that role leads there, or no act does.
func unsaid(pictures []models.Picture, state string, by models.Role) string {
	known, leads := false, false
	for _, p := range pictures {
		known = known || slices.Contains(p.States, state)
		for _, a := range p.Acts {
			leads = leads || slices.Contains(a.To, state)
			if slices.Contains(a.To, state) && slices.Contains(a.Who, by) {
				return ""
			}
		}
	}
	switch {
	case !known:
		return fmt.Sprintf("no life has the state %q", state)
	case leads && state != "DRAFT":
		return fmt.Sprintf("no act of %q leads to %s", by, state)
	}
	return ""
}

// repositories are all repos below v, whatever holds them.
func repositories(v reflect.Value) (all []reflect.Value) {
	switch {
	case strings.HasPrefix(v.Type().String(), "*store.Repo["):
		if !v.IsNil() {
			all = append(all, reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem())
		}
	case v.Kind() == reflect.Struct && !strings.HasPrefix(v.Type().String(), "store.Store"):
		for i := range v.NumField() {
			all = append(all, repositories(v.Field(i))...)
		}
	}
	return all
}
