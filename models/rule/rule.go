// Package rule decides by rules that anybody can read: named clauses (条款) in the Common Expression Language over declared,
// typed facts. Every clause is evaluated, none hides another; a fact that is missing makes a clause unknown and never a
// failure; and the same rule and facts give the same bytes for ever, so that a decision can be made again.
//
// It may be imported by every capability. A rule knows no clock: the day is a fact.
package rule

import (
	"crypto/sha256"
	"encoding/hex"

	"xinyi/models"
)

// Engine names what evaluates rules, and its version; every decision keeps it. A test compares it with go.mod.
const Engine = "cel-go@v0.33.2"

// A Type is what a fact is. There are no fractions: money is fen, shares are basis points.
type Type string

// The types of facts.
const (
	Int    Type = "INT"    // int64
	String Type = "STRING" // at most MaxString bytes
	Bool   Type = "BOOL"
	Day    Type = "DAY"  // "2006-01-02", or "" where there is no such day; compares as text does
	List   Type = "LIST" // of at most MaxList strings
)

// The bounds of what a rule is given, which bound what it may cost.
const (
	MaxString  = 512
	MaxList    = 200
	MaxClauses = 64
	MaxFacts   = 64
	maxExpr    = 2000  // bytes of one expression
	maxNodes   = 400   // parts of one expression
	maxCost    = 5_000 // units of work of one expression, by the engine's own count
)

// A Fact is something a rule may ask.
type Fact struct {
	Name string `bson:"name"`
	Type Type   `bson:"type"`
}

// A Clause is one condition. Its words are the texts clause.<ID> and clause.<ID>.remedy.
type Clause struct {
	ID           string `bson:"id"`
	Expr         string `bson:"expr"`               // a bool: true is a pass
	Observed     string `bson:"observed,omitempty"` // expression of the text shown as what was found; never about a third person
	Required     string `bson:"required,omitempty"` // expression of the text shown as what is needed
	Source       string `bson:"source,omitempty"`   // expression that names the record or document looked at
	From         string `bson:"from,omitempty"`     // expression of the day on which time alone lifts a failure, "" for never
	Basis        string `bson:"basis"`              // the line of docs/sources.md it rests on
	ChangeableBy string `bson:"changeableBy"`

	AnyOf string            `bson:"anyOf,omitempty"` // clauses that name the same are alternatives: one of them is enough
	Fix   map[string]string `bson:"fix,omitempty"`   // the remedy in facts: what each becomes, an expression of its type
}

// A Rule is a set of clauses of which all must pass, of alternatives one. A rule that decided once is never changed: a change is a new
// version.
type Rule struct {
	ID      string   `bson:"id"` // "medical.admission"
	Version int      `bson:"version"`
	Facts   []Fact   `bson:"facts"`
	Clauses []Clause `bson:"clauses"`
}

// A Kept is a rule as decisions were made by it, for good. Its id is Rule.Key.
type Kept struct {
	models.Meta `bson:",inline"`
	Rule        Rule `bson:"rule"`
}

// Keep is the document of a rule.
func Keep(r Rule) *Kept { return &Kept{Meta: models.Meta{ID: r.Key()}, Rule: r} }

// A Cited is one version of one record that was looked at.
type Cited struct {
	Record  string `bson:"record"`
	Version int    `bson:"version"`
}

// A Result is how a rule came out: Fail when a clause and all its alternatives fail, else Unknown when one is unknown and
// none beside it passes, else Pass.
type Result struct {
	Outcome string
	Clauses []models.Clause // of every clause, in the rule's order
}

// Hash is the SHA-256 of the rule's canonical form, in hex. It does not hang on the order in which facts are declared.
func (r Rule) Hash() string {
	facts := make(map[string]string, len(r.Facts))
	for _, f := range r.Facts {
		facts[f.Name] = string(f.Type)
	}
	clauses := make([]map[string]any, len(r.Clauses))
	for i, c := range r.Clauses {
		clauses[i] = map[string]any{
			"id": c.ID, "expr": c.Expr, "observed": c.Observed, "required": c.Required, "source": c.Source, "from": c.From,
			"basis": c.Basis, "changeableBy": c.ChangeableBy,
		}
		if c.AnyOf != "" {
			clauses[i]["anyOf"] = c.AnyOf
		}
		if len(c.Fix) > 0 {
			clauses[i]["fix"] = c.Fix
		}
	}
	return Digest(map[string]any{"id": r.ID, "version": r.Version, "facts": facts, "clauses": clauses})
}

// Key names this rule among all that ever were, "<id>@<hash>".
func (r Rule) Key() string { return r.ID + "@" + r.Hash() }

// Canonical is the result as bytes: what a replay compares.
func (r Result) Canonical() []byte {
	clauses := make([]map[string]any, len(r.Clauses))
	for i, c := range r.Clauses {
		from := models.Day("")
		if c.From != nil {
			from = *c.From
		}
		clauses[i] = map[string]any{
			"id": c.ID, "outcome": c.Outcome, "observed": c.Observed, "required": c.Required, "changeableBy": c.ChangeableBy,
			"from": from, "source": c.Source,
		}
	}
	b, err := Canonical(map[string]any{"outcome": r.Outcome, "clauses": clauses})
	if err != nil { // texts that are not UTF-8 were refused with the facts
		return nil
	}
	return b
}

// Digest is the SHA-256 of a value's canonical form in hex, "" for a value that has none.
func Digest(v any) string {
	b, err := Canonical(v)
	if err != nil {
		return ""
	}
	return Sum(b)
}

// Sum is the SHA-256 of bytes in hex.
func Sum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// over is the outcome of a rule whose clauses came out so.
func over(clauses []compiled, outcome func(int) string) string {
	all, groups := models.Pass, map[string]string(nil)
	for i := range clauses {
		c, o := &clauses[i], outcome(i)
		if c.AnyOf != "" {
			if groups == nil {
				groups = map[string]string{}
			}
			groups[c.AnyOf] = either(groups[c.AnyOf], o)
			continue
		}
		all = both(all, o)
	}
	for _, o := range groups {
		all = both(all, o)
	}
	return all
}

// both is the outcome of two conditions of which each has to pass.
func both(a, b string) string {
	switch {
	case a == models.Fail || b == models.Fail:
		return models.Fail
	case a == models.Unknown || b == models.Unknown:
		return models.Unknown
	}
	return models.Pass
}

// either is the outcome of two alternatives; "" is none yet.
func either(a, b string) string {
	switch {
	case a == models.Pass || b == models.Pass:
		return models.Pass
	case a == models.Unknown || b == models.Unknown:
		return models.Unknown
	}
	return models.Fail
}
