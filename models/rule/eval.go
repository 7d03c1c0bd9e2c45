package rule

import (
	"fmt"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"xinyi/models"
)

// Eval decides on facts. A fact that is absent or nil is missing: a clause that names it passes when it would pass whatever
// the fact is, and is unknown otherwise. Facts the rule does not declare are not looked at.
//
// Errors: Internal "rule.fact" for a fact that is not of its type or too large, "rule.failed" when an expression cannot be
// worked out, an overflow for instance: nobody is judged by a broken rule.
func (p *Program) Eval(facts map[string]any) (Result, error) {
	known, missing, err := p.bind(facts)
	if err != nil {
		return Result{}, models.E(models.Internal, "rule.fact", err)
	}
	input, err := activation(known, missing)
	if err != nil {
		return Result{}, models.E(models.Internal, "rule.failed", err)
	}
	r := Result{Clauses: make([]models.Clause, len(p.clauses))}
	for i, c := range p.clauses {
		if r.Clauses[i], err = c.eval(input, missing); err != nil {
			return Result{}, models.E(models.Internal, "rule.failed", fmt.Errorf("%s of %s: %w", c.ID, p.rule.ID, err))
		}
	}
	r.Outcome = over(p.clauses, func(i int) string { return r.Clauses[i].Outcome })
	return r, nil
}

// activation is what the engine asks for facts.
func activation(known map[string]any, missing map[string]bool) (cel.PartialActivation, error) {
	patterns := make([]*cel.AttributePatternType, 0, len(missing))
	for name := range missing {
		patterns = append(patterns, cel.AttributePattern(name))
	}
	return cel.PartialVars(known, patterns...)
}

// bind checks the facts against their declaration and says which are missing.
func (p *Program) bind(facts map[string]any) (known map[string]any, missing map[string]bool, err error) {
	known, missing = make(map[string]any, len(p.rule.Facts)), map[string]bool{}
	for _, f := range p.rule.Facts {
		v, err := f.value(facts[f.Name])
		if err != nil {
			return nil, nil, fmt.Errorf("fact %s: %w", f.Name, err)
		}
		if v == nil {
			missing[f.Name] = true
			continue
		}
		known[f.Name] = v
	}
	return known, missing, nil
}

// value is a fact as the engine takes it, nil for a missing one.
func (f Fact) value(v any) (any, error) {
	switch x := v.(type) {
	case nil:
		return nil, nil //nolint:nilnil // missing is an answer
	case int64:
		return x, f.is(Int)
	case int:
		return int64(x), f.is(Int)
	case bool:
		return x, f.is(Bool)
	case models.Day:
		return f.text(string(x))
	case string:
		return f.text(x)
	case []string:
		if len(x) > MaxList {
			return nil, fmt.Errorf("a list of %d", len(x))
		}
		for _, s := range x {
			if err := fits(s); err != nil {
				return nil, err
			}
		}
		return x, f.is(List)
	}
	return nil, fmt.Errorf("a %T", v)
}

// text is a string or a day.
func (f Fact) text(s string) (any, error) {
	if f.Type == Day && s != "" {
		if _, err := models.ParseDay(s); err != nil {
			return nil, err
		}
		return s, nil
	}
	if f.Type == Day {
		return s, nil
	}
	if err := fits(s); err != nil {
		return nil, err
	}
	return s, f.is(String)
}

func (f Fact) is(t Type) error {
	if f.Type != t {
		return fmt.Errorf("a value of type %s where %s is declared", t, f.Type)
	}
	return nil
}

func fits(s string) error {
	if len(s) > MaxString || !utf8.ValidString(s) {
		return fmt.Errorf("a text of %d bytes, or not UTF-8", len(s))
	}
	return nil
}

// eval works out a clause. The day from which time alone lifts it is asked of a failure alone.
func (c compiled) eval(input cel.PartialActivation, missing map[string]bool) (out models.Clause, err error) {
	out = models.Clause{ID: c.ID, ChangeableBy: c.ChangeableBy}
	if out.Outcome, err = c.outcome(input, missing); err != nil {
		return out, err
	}
	if out.Observed, err = c.observed.text(input, missing); err != nil {
		return out, err
	}
	if out.Required, err = c.required.text(input, missing); err != nil {
		return out, err
	}
	if out.Source, err = c.source.text(input, missing); err != nil || out.Outcome != models.Fail {
		return out, err
	}
	from, err := c.from.text(input, missing)
	if day := models.Day(from); day != "" {
		out.From = &day
	}
	return out, err
}

// outcome is how a clause comes out, without its words.
func (c compiled) outcome(input cel.PartialActivation, missing map[string]bool) (string, error) {
	v, err := c.expr.eval(input, missing)
	if pass, ok := v.(types.Bool); ok && err == nil {
		switch {
		case bool(pass):
			return models.Pass, nil
		case !c.expr.misses(missing):
			return models.Fail, nil
		}
	}
	return models.Unknown, err
}

// misses says whether the expression names a missing fact.
func (x *expression) misses(missing map[string]bool) bool {
	for _, name := range x.names {
		if missing[name] {
			return true
		}
	}
	return false
}

// eval works an expression out; nil is unknown. What fails for want of a fact is unknown too.
func (x *expression) eval(input cel.PartialActivation, missing map[string]bool) (ref.Val, error) {
	v, _, err := x.program.Eval(input)
	switch {
	case err != nil && x.misses(missing):
		return nil, nil //nolint:nilnil // unknown is an answer
	case err != nil:
		return nil, err
	case types.IsUnknown(v):
		return nil, nil //nolint:nilnil // unknown is an answer
	}
	return v, nil
}

// text is what an expression says, "" for none and for unknown.
func (x *expression) text(input cel.PartialActivation, missing map[string]bool) (string, error) {
	if x == nil {
		return "", nil
	}
	v, err := x.eval(input, missing)
	if s, ok := v.(types.String); ok {
		return string(s), err
	}
	return "", err
}

// Outcome is how the rule comes out, without its words: Eval for where many are counted. Errors: those of Eval.
func (p *Program) Outcome(facts map[string]any) (string, error) {
	known, missing, err := p.bind(facts)
	if err != nil {
		return "", models.E(models.Internal, "rule.fact", err)
	}
	input, err := activation(known, missing)
	if err != nil {
		return "", models.E(models.Internal, "rule.failed", err)
	}
	var fault error
	out := over(p.clauses, func(i int) string {
		o, err := p.clauses[i].outcome(input, missing)
		if err != nil && fault == nil {
			fault = models.E(models.Internal, "rule.failed", fmt.Errorf("%s of %s: %w", p.clauses[i].ID, p.rule.ID, err))
		}
		return o
	})
	return out, fault
}
