package rule

import (
	"fmt"
	"strconv"

	"cel.dev/cel-go/common/ast"

	"xinyi/models"
)

// The bounds of a whole rule. Our assumption, well above every rule of the standard.
const (
	maxRule     = 64 << 10 // bytes of all expressions together
	maxFix      = 8        // facts one remedy changes
	maxRuleCost = 320_000  // units of work of all expressions, asked once
)

// sizes finds what is too large to be compiled at all, nil for nothing.
func (r Rule) sizes() (faults []models.Field) {
	if len(r.Clauses) == 0 || len(r.Clauses) > MaxClauses {
		return []models.Field{{Pointer: "", Code: "rule_form"}}
	}
	if len(r.Facts) > MaxFacts {
		return []models.Field{bound("/facts", "max", MaxFacts)}
	}
	total := 0
	for i, c := range r.Clauses {
		total += len(c.Expr) + len(c.Observed) + len(c.Required) + len(c.Source) + len(c.From)
		for _, to := range c.Fix {
			total += len(to)
		}
		if len(c.Fix) > maxFix {
			faults = append(faults, bound(fmt.Sprintf("/clauses/%d/fix", i), "max", maxFix))
		}
	}
	if total > maxRule {
		faults = append(faults, bound("/clauses", "rule_size", maxRule))
	}
	return faults
}

func bound(at, code string, most int) models.Field {
	return models.Field{Pointer: at, Code: code, Args: map[string]string{"param": strconv.Itoa(most)}}
}

// nodes counts the parts of an expression.
func nodes(tree *ast.AST) (n int) {
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(ast.Expr) { n++ }))
	return n
}

// cost is what a clause's expressions cost together in the worst case.
func (c compiled) cost() (sum uint64) {
	all := []*expression{c.expr, c.observed, c.required, c.source, c.from}
	for _, f := range c.fix {
		all = append(all, f.to)
	}
	for _, x := range all {
		if x != nil {
			sum += x.cost
		}
	}
	return sum
}
