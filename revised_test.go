package xinyi

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

// A sourceTree is a room of handlers with what rooms share, as it is written: what each function calls, and which views carry a revision.
type sourceTree struct {
	calls   map[string][]string // "Type.method" or "func" → names it mentions
	results map[string]string   // the same → the type of its first result
	revised map[string]bool     // views with Revised
	embeds  map[string][]string // struct → embedded types
	routes  []sourceRoute
}

// A sourceRoute is one line of a Mount.
type sourceRoute struct {
	method, path, handler string // handler as "Type.method"
	creates               bool
}

// shared are the folders of handlers that every room may use.
var shared = []string{"handlers/api", "handlers/file", "handlers/paper"}

func readRoom(room string, all []source) sourceTree {
	tree := sourceTree{calls: map[string][]string{}, results: map[string]string{}, revised: map[string]bool{}, embeds: map[string][]string{}}
	for _, s := range all {
		if s.dir != room && !slices.Contains(shared, s.dir) {
			continue
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				tree.function(d)
			case *ast.GenDecl:
				tree.types(d)
			}
		}
	}
	return tree
}

func base(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return base(e.X)
	case *ast.IndexExpr:
		return base(e.X)
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// foreign says whether a type is of a package outside handlers.
func foreign(e ast.Expr) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return !ok || !slices.Contains(shared, "handlers/"+pkg.Name)
}

func (s *sourceTree) types(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		ts, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		st, ok := ts.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, f := range st.Fields.List {
			if len(f.Names) == 0 && !foreign(f.Type) {
				s.embeds[ts.Name.Name] = append(s.embeds[ts.Name.Name], base(f.Type))
			}
		}
	}
}

func (s *sourceTree) function(d *ast.FuncDecl) {
	name, owner := d.Name.Name, ""
	if d.Recv != nil {
		owner = base(d.Recv.List[0].Type)
		if name == "Revised" {
			s.revised[owner] = true
		}
		name = owner + "." + name
	}
	if d.Type.Results != nil && len(d.Type.Results.List) > 0 {
		s.results[name] = base(d.Type.Results.List[0].Type)
	}
	if d.Body == nil {
		return
	}
	ast.Inspect(d.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			s.calls[name] = append(s.calls[name], n.Sel.Name)
		case *ast.Ident:
			s.calls[name] = append(s.calls[name], n.Name)
		case *ast.CallExpr:
			s.route(owner, n)
		}
		return true
	})
}

func (s *sourceTree) route(owner string, c *ast.CallExpr) {
	verb := base(c.Fun)
	if len(c.Args) < 3 || !slices.Contains([]string{"Post", "Put", "Patch", "Delete"}, verb) {
		return
	}
	path, isPath := c.Args[1].(*ast.BasicLit)
	h, isMethod := c.Args[2].(*ast.SelectorExpr)
	if !isPath || !isMethod {
		return
	}
	rt := sourceRoute{method: strings.ToUpper(verb), path: strings.Trim(path.Value, `"`), handler: owner + "." + h.Sel.Name}
	for _, a := range c.Args[3:] {
		if base(a) == "Creates" {
			rt.creates = true
		}
	}
	s.routes = append(s.routes, rt)
}

// shows says whether a view carries a revision, by itself or by what it embeds.
func (s *sourceTree) shows(view string) bool {
	return s.revised[view] || slices.ContainsFunc(s.embeds[view], s.shows)
}

// method finds a method of a type, also one that is promoted.
func (s *sourceTree) method(owner, name string) string {
	if _, ok := s.calls[owner+"."+name]; ok {
		return owner + "." + name
	}
	for _, e := range s.embeds[owner] {
		if m := s.method(e, name); m != "" {
			return m
		}
	}
	return ""
}

// compares says whether a function reaches Fresh.
func (s *sourceTree) compares(name string, seen map[string]bool) bool {
	if seen[name] {
		return false
	}
	seen[name] = true
	owner, _, _ := strings.Cut(name, ".")
	for _, called := range s.calls[name] {
		if called == "Fresh" || called == "Freshly" || called == "Change" && s.results["Change"] != "" {
			return true
		}
		if _, ok := s.calls[called]; ok && s.compares(called, seen) {
			return true
		}
		if m := s.method(owner, called); m != "" && s.compares(m, seen) {
			return true
		}
	}
	return false
}

// Every route that changes what shows a revision compares If-Match with it; a creation, which changes nothing yet, offers none.
func TestIfMatchIsCompared(t *testing.T) {
	all, rooms := sources(t), map[string]bool{}
	for _, s := range all {
		if path.Dir(s.dir) == "handlers" && !strings.HasSuffix(s.dir, "test") {
			rooms[s.dir] = true
		}
	}
	found := 0
	for room := range rooms {
		tree := readRoom(room, all)
		for _, rt := range tree.routes {
			owner, name, _ := strings.Cut(rt.handler, ".")
			h := tree.method(owner, name)
			if h == "" {
				t.Errorf("%s %s: its handler %s is not found", rt.method, rt.path, rt.handler)
				continue
			}
			if rt.creates || !tree.shows(tree.results[h]) {
				continue
			}
			found++
			if !tree.compares(h, map[string]bool{}) {
				t.Errorf("%s %s: %s documents If-Match and compares nothing", rt.method, rt.path, h)
			}
		}
	}
	if found < 60 {
		t.Errorf("only %d routes found: the walk is blind", found)
	}
}
