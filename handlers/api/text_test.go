package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestEveryReasonHasAText walks the program's source: whatever reason or field code it can answer with is said in zh and en.
func TestEveryReasonHasAText(t *testing.T) {
	need := map[string]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "storetest") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			for _, key := range keysIn(n) {
				need[key] = path
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(need) < 20 {
		t.Fatalf("only %d reasons found: the walk is blind", len(need))
	}
	for key, path := range need {
		if !HasText(key) {
			t.Errorf("%s: no text for %q", path, key)
		}
	}
	for _, key := range repeated {
		t.Errorf("text/%s is defined twice", key)
	}
	for key, text := range Texts {
		if !HasText(key) || len(text) != 2 {
			t.Errorf("text %q is not there in exactly zh and en", key)
		}
		if holes(text["zh"]) != holes(text["en"]) {
			t.Errorf("text %q: the languages name other values", key)
		}
	}
}

var hole = regexp.MustCompile(`\{\w+\}`)

func holes(s string) string {
	found := map[string]bool{}
	for _, h := range hole.FindAllString(s, -1) {
		found[h] = true
	}
	return strconv.Itoa(len(found))
}

// keysIn are the texts a node of the source calls for: models.E(code, reason), Bad(pointer, code, reason),
// Refused(life, allowed, reason), Machine.Check and Life.Move, and Reason or Code in a literal.
func keysIn(n ast.Node) []string {
	switch n := n.(type) {
	case *ast.CallExpr:
		args := n.Args
		switch nameOf(n.Fun) {
		case "E":
			if len(args) > 0 && nameOf(args[0]) == "Internal" { // never shown
				return nil
			}
			return literal("", args, 1)
		case "Bad":
			return append(literal("field.", args, 1), literal("", args, 2)...)
		case "Refused", "Check":
			return literal("", args, 2)
		case "Move":
			return literal("", args, 4)
		}
	case *ast.CompositeLit:
		reason := nameOf(n.Type)
		var keys []string
		for _, e := range n.Elts {
			kv, ok := e.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			switch name := nameOf(kv.Key); {
			case reason == "Error" && name == "Reason":
				keys = append(keys, literal("", []ast.Expr{kv.Value}, 0)...)
			case reason == "Field" && name == "Code":
				keys = append(keys, literal("field.", []ast.Expr{kv.Value}, 0)...)
			case reason == "Clause" && name == "ID":
				keys = append(keys, literal("clause.", []ast.Expr{kv.Value}, 0)...)
			}
		}
		return keys
	}
	return nil
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func literal(prefix string, args []ast.Expr, i int) []string {
	if i >= len(args) {
		return nil
	}
	lit, ok := args[i].(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return nil
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil || s == "" {
		return nil
	}
	return []string{prefix + s}
}
