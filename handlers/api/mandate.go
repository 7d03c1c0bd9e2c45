package api

import (
	"reflect"
	"slices"
	"strings"

	"github.com/swaggest/jsonschema-go"

	"xinyi/models"
	"xinyi/models/identity"
)

// A Ward is whom a caller may act for, on what ground and in what.
type Ward struct {
	models.Actor // Person: the ward, Agent: the caller, Role: Resident
	Kind         identity.MandateKind
	Scope        []string // actions, or first words of actions
}

// ByGuardian is for an action that a guardian does in the ward's name as well, and no agent: what binds the person, shares their data
// or shows who they are. An action without ByGuardian and ByAgent is the person's own and nobody does it for them, whatever a mandate says.
func ByGuardian(may Option) Option { return handed(may, identity.Guardian) }

// ByAgent is for an action that agents and guardians do for the person as well: what reads, asks or pays and can be put right again.
func ByAgent(may Option) Option { return handed(may, identity.Guardian, identity.Agent) }

func handed(may Option, to ...identity.MandateKind) Option {
	return func(rt *route) {
		may(rt)
		rt.Handed = to
	}
}

// lets says whether who acts for another may call the route. Errors: Forbidden.
func (rt *route) lets(w Ward) error {
	switch {
	case !slices.Contains(rt.Handed, w.Kind):
		return models.E(models.Forbidden, "identity.own_only")
	case !identity.Covers(w.Scope, string(rt.Action)):
		return models.E(models.Forbidden, "auth.beyond_mandate")
	}
	return nil
}

// Scopes are the actions of the mounted routes that a mandate of a kind may cover.
func (r *Router) Scopes(kind identity.MandateKind) []string {
	var all []string
	for _, rt := range r.Routes {
		if slices.Contains(rt.Handed, kind) {
			all = append(all, string(rt.Action))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// A Scope is what a request for a mandate may name: an action that is handed on, or the first words of some. The document lists them.
type Scope string

// scoped lists in the document what a Scope may be.
func (r *Router) scoped(p jsonschema.InterceptSchemaParams) (bool, error) {
	if p.Processed && p.Value.IsValid() && p.Value.Type() == reflect.TypeFor[Scope]() {
		var words []string
		for _, action := range r.Scopes(identity.Guardian) { // whatever an agent may, a guardian may
			for i, c := range action + "." {
				if c == '.' {
					words = append(words, action[:i])
				}
			}
		}
		slices.Sort(words)
		p.Schema.WithEnum(models.Enum(slices.Compact(words)...)...)
		p.Schema.WithDescription("An action of x-permissions that may be handed on, or the first words of some; x-mandates of an operation says to whom: " +
			strings.Join([]string{string(identity.Guardian), string(identity.Agent)}, ", "))
	}
	return false, nil
}
