package rule

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"xinyi/models"
)

// A Program is a compiled rule. It may be used by many at once.
type Program struct {
	rule    Rule
	hash    string
	clauses []compiled
	cost    uint64 // in the worst case, of all expressions once
}

// compiled is a clause made ready.
type compiled struct {
	Clause
	expr                             *expression
	observed, required, source, from *expression // nil where the clause says nothing
	fix                              []fixing    // by the name of the fact
}

// A fixing is what one fact becomes.
type fixing struct {
	fact string
	to   *expression
}

// An expression is a compiled piece of a clause, and the facts it names.
type expression struct {
	program cel.Program
	names   []string
	cost    uint64 // in the worst case
}

// Rule is what the program was compiled from.
func (p *Program) Rule() Rule { return p.rule }

// Hash is the rule's hash.
func (p *Program) Hash() string { return p.hash }

var (
	celTypes = map[Type]*cel.Type{Int: cel.IntType, String: cel.StringType, Bool: cel.BoolType, Day: cel.StringType,
		List: cel.ListType(cel.StringType)}
	idForm   = regexp.MustCompile(`^[a-z][a-zA-Z0-9_.-]{0,79}$`)
	nameForm = regexp.MustCompile(`^[a-z][a-zA-Z0-9]{0,39}$`)
	changers = []string{models.BySubject, models.ByDepartment, models.ByTime, models.ByNobody}
)

// base is the language without facts: no macros, which could walk lists within lists, and two functions about days.
var base = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(
		cel.ClearMacros(),
		cel.ParserExpressionSizeLimit(maxExpr),
		cel.ParserRecursionLimit(50),
		dayFunction("addDays", func(d models.Day, n int) models.Day { return d.Add(n) }),
		dayFunction("addMonths", func(d models.Day, n int) models.Day { return d.AddMonths(n) }),
	)
})

// maxShift bounds by how many days or months a day may be moved.
const maxShift = 100_000

// dayFunction makes a function of a day and a number: name("2026-01-31", 1). No day moves to no day.
func dayFunction(name string, move func(models.Day, int) models.Day) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_string_int", []*cel.Type{cel.StringType, cel.IntType}, cel.StringType,
		cel.BinaryBinding(func(day, by ref.Val) ref.Val {
			d, isDay := day.(types.String)
			n, isInt := by.(types.Int)
			if !isDay || !isInt || n > maxShift || n < -maxShift {
				return types.NewErr("%s is out of its bounds", name)
			}
			if d == "" {
				return d
			}
			if _, err := models.ParseDay(string(d)); err != nil {
				return types.NewErr("%s of what is no day", name)
			}
			return types.String(move(models.Day(d), int(n)))
		})))
}

// Compile checks a rule and makes it ready: every fact and clause is named once, every expression is of its type, uses
// declared facts alone, no fractions, no times of day, and is bounded in what it may cost whatever the facts are.
//
// Errors: Invalid "rule.invalid", with a field for every fault.
func Compile(r Rule) (*Program, error) {
	if fields := r.sizes(); fields != nil {
		return nil, &models.Error{Code: models.Invalid, Reason: "rule.invalid", Fields: fields}
	}
	env, faults, err := environment(r)
	if err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	p := &Program{rule: r, hash: r.Hash()}
	if !idForm.MatchString(r.ID) || r.Version < 1 {
		faults = append(faults, models.Field{Pointer: "", Code: "rule_form"})
	}
	seen := map[string]bool{}
	for i, c := range r.Clauses {
		at := fmt.Sprintf("/clauses/%d", i)
		if !idForm.MatchString(c.ID) || seen[c.ID] || !slices.Contains(changers, c.ChangeableBy) {
			faults = append(faults, models.Field{Pointer: at, Code: "rule_clause"})
		}
		seen[c.ID] = true
		ready, err := clause(env, r, c)
		for _, fault := range models.FieldsOf(err) {
			fault.Pointer = at + fault.Pointer
			faults = append(faults, fault)
		}
		p.clauses = append(p.clauses, ready)
		if p.cost += ready.cost(); p.cost > maxRuleCost {
			faults = append(faults, bound("", "rule_cost", maxRuleCost))
			break
		}
	}
	if len(faults) > 0 {
		return nil, &models.Error{Code: models.Invalid, Reason: "rule.invalid", Fields: faults}
	}
	return p, nil
}

// environment declares the facts of a rule.
func environment(r Rule) (*cel.Env, []models.Field, error) {
	var faults []models.Field
	var options []cel.EnvOption
	seen := map[string]bool{}
	for i, f := range r.Facts {
		typ, known := celTypes[f.Type]
		if !known || seen[f.Name] || !nameForm.MatchString(f.Name) {
			faults = append(faults, models.Field{Pointer: fmt.Sprintf("/facts/%d", i), Code: "rule_fact"})
			continue
		}
		seen[f.Name] = true
		options = append(options, cel.Variable(f.Name, typ))
	}
	env, err := base()
	if err != nil {
		return nil, nil, err
	}
	env, err = env.Extend(options...)
	return env, faults, err
}

// clause compiles the expressions of a clause. Errors: Invalid with a field for every fault.
func clause(env *cel.Env, r Rule, c Clause) (compiled, error) {
	ready := compiled{Clause: c}
	var faults []models.Field
	for _, piece := range []struct {
		pointer, source string
		typ             *cel.Type
		into            **expression
	}{
		{"/expr", c.Expr, cel.BoolType, &ready.expr}, {"/observed", c.Observed, cel.StringType, &ready.observed},
		{"/required", c.Required, cel.StringType, &ready.required}, {"/source", c.Source, cel.StringType, &ready.source},
		{"/from", c.From, cel.StringType, &ready.from},
	} {
		if piece.source == "" && piece.pointer != "/expr" {
			continue
		}
		x, err := express(env, r, piece.source, piece.typ)
		if err != nil {
			faults = append(faults, models.Field{Pointer: piece.pointer, Code: "rule_expression", Args: map[string]string{"why": err.Error()}})
		}
		*piece.into = x
	}
	for _, fact := range slices.Sorted(maps.Keys(c.Fix)) {
		at := slices.IndexFunc(r.Facts, func(f Fact) bool { return f.Name == fact })
		if at < 0 || celTypes[r.Facts[at].Type] == nil || fact == Today { // nobody moves time
			faults = append(faults, models.Field{Pointer: "/fix/" + fact, Code: "rule_fact"})
			continue
		}
		x, err := express(env, r, c.Fix[fact], celTypes[r.Facts[at].Type])
		if err != nil {
			faults = append(faults, models.Field{Pointer: "/fix/" + fact, Code: "rule_expression", Args: map[string]string{"why": err.Error()}})
		}
		ready.fix = append(ready.fix, fixing{fact, x})
	}
	if len(faults) > 0 {
		return ready, &models.Error{Code: models.Invalid, Reason: "rule.invalid", Fields: faults}
	}
	return ready, nil
}

// express compiles one expression.
func express(env *cel.Env, r Rule, source string, typ *cel.Type) (*expression, error) {
	if source == "" || len(source) > maxExpr {
		return nil, fmt.Errorf("an expression has 1 to %d bytes", maxExpr)
	}
	tree, issues := env.Compile(source)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	if !tree.OutputType().IsExactType(typ) {
		return nil, fmt.Errorf("it is %s, not %s", tree.OutputType(), typ)
	}
	native := tree.NativeRep()
	if n := nodes(native); n > maxNodes {
		return nil, fmt.Errorf("it has %d parts, more than %d", n, maxNodes)
	}
	for _, t := range native.TypeMap() {
		switch t.Kind() { // what is not named here has no place in a rule
		case types.BoolKind, types.IntKind, types.StringKind, types.ListKind:
		default:
			return nil, fmt.Errorf("a rule knows no %s", t)
		}
	}
	worst, err := env.EstimateCost(tree, bounds{})
	if err != nil {
		return nil, err
	}
	if worst.Max > maxCost {
		return nil, fmt.Errorf("it may cost %d, more than %d", worst.Max, maxCost)
	}
	program, err := env.Program(tree, cel.EvalOptions(cel.OptPartialEval), cel.CostLimit(maxCost))
	if err != nil {
		return nil, err
	}
	return &expression{program: program, names: named(native, r), cost: worst.Max}, nil
}

// named lists the facts an expression asks.
func named(tree *ast.AST, r Rule) []string {
	var names []string
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.IdentKind {
			return
		}
		name := e.AsIdent()
		if slices.ContainsFunc(r.Facts, func(f Fact) bool { return f.Name == name }) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}))
	return names
}

// bounds tells the engine how large facts may be.
type bounds struct{}

func (bounds) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	switch n.Type().Kind() { //nolint:exhaustive // the others have no size
	case types.ListKind:
		return &cost.SizeEstimate{Min: 0, Max: MaxList}
	case types.StringKind:
		return &cost.SizeEstimate{Min: 0, Max: MaxString}
	}
	return nil
}

func (bounds) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}
