package mongodb

import (
	"context"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/store"
)

// Explain asks the planner about the first page of q, and about the pages after it.
func (e *Engine) Explain(ctx context.Context, c store.Collection, q store.Query, ix store.Index) (store.Plan, error) {
	s, err := searchOf(q, ix)
	if err != nil {
		return store.Plan{}, err
	}
	branch := s.branches[0] // the branches differ in values alone
	parts := append(s.stretches(branch, nil), s.stretches(branch, &store.Key{Sort: make([]any, len(s.sort)), ID: "x"})...)
	plan := store.Plan{Indexed: true}
	for _, p := range parts {
		find := bson.D{{Key: "find", Value: c.Name}, {Key: "filter", Value: p.filter()}, {Key: "sort", Value: s.order()},
			{Key: "limit", Value: store.DefaultPage}}
		raw, err := e.db.RunCommand(ctx, bson.D{{Key: "explain", Value: find}, {Key: "verbosity", Value: "queryPlanner"}}).Raw()
		if err != nil {
			return store.Plan{}, failed(err)
		}
		won := stages(store.At(raw, "queryPlanner.winningPlan"))
		plan.Detail += strings.Join(won, " < ") + "\n"
		plan.Indexed = plan.Indexed && indexed(won)
	}
	return plan, nil
}

// stages names the stages anywhere in a plan, the outermost first. Sharded plans and the newer engine's nest differently.
func stages(v bson.RawValue) []string {
	inner := v.Value
	if v.Type != bson.TypeEmbeddedDocument && v.Type != bson.TypeArray {
		return nil
	}
	elements, err := bson.Raw(inner).Elements()
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range elements {
		if name, ok := e.Value().StringValueOK(); ok && e.Key() == "stage" {
			names = append(names, name)
		}
		names = append(names, stages(e.Value())...)
	}
	return names
}

// indexed says whether stages read by an index, scan nothing whole and sort nothing in memory.
// A bound that holds nothing ends in EOF, which reads nothing at all.
func indexed(stages []string) bool {
	if slices.Contains(stages, "COLLSCAN") || slices.Contains(stages, "SORT") {
		return false
	}
	return slices.ContainsFunc(stages, func(s string) bool {
		return strings.HasSuffix(s, "IXSCAN") || strings.Contains(s, "IDHACK") || s == "EOF"
	})
}
