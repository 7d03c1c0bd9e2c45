package xinyi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "xinyi"

// layers says what of this module a folder may import; the longest prefix of a folder's path counts. "*" is everything,
// a name alone that package, a name with /* the packages right below it.
var layers = map[string][]string{
	"server":               {"*"},
	"bench":                {"*"},
	"handlers/api":         {"store", "models", "models/rule", "models/score", "models/notice", "models/release", "models/job", "models/flow", "models/jury", "models/access", "models/identity", "models/delivery"},
	"handlers/file":        {"handlers/api", "usecase", "store", "models", "models/*"},
	"handlers/paper":       {"handlers/api", "models"},
	"handlers/*":           {"handlers/api", "handlers/file", "handlers/paper", "usecase", "store", "payments", "models", "models/*"},
	"handlers/apitest":     {"handlers/api", "handlers/openapitest", "notifications", "usecase", "store", "store/sqlite/sqlitetest", "models", "models/*"},
	"handlers/openapitest": {},
	"payments":             {"models", "models/*"},
	"flows":                {"usecase", "store", "notifications", "payments", "models", "models/*"},
	"seed":                 {"usecase", "store", "models", "models/*"},
	"notifications":        {"store", "models", "models/*"},
	"usecase":              {"store", "models", "models/*"},
	"store":                {"models", "models/*"},
	"store/sqlite":         {"store", "models"},
	"store/mongodb":        {"store", "models"},
	"store/sqlite/*":       {"store/sqlite"},
	"store/storetest":      {"usecase", "store", "models", "models/benefit"}, // the use case that many want at once, on every engine
	"models":               {},
	"models/*":             {"models", "models/rule", "models/score", "models/notice", "models/flow", "models/form", "models/jury", "models/release", "models/job"},
	"models/report":        {"models", "models/record"}, // a report is about records
	"handlers/api/docs":    {},
	"notifications/text":   {},
	"notifications/local":  {"notifications", "models", "models/*"},
}

// homes names the only folders in which a library may be used: the shape of the program hangs on it.
var homes = map[string][]string{
	"github.com/gofiber/":          {"handlers/*", "server"},
	"github.com/valyala/":          {"handlers/*", "server", "bench"},
	"github.com/go-playground/":    {"handlers/api"},
	"github.com/swaggest/":         {"handlers/api"},
	"github.com/golang-jwt/":       {"handlers/*", "server"},
	"github.com/coreos/":           {"handlers/*", "server"},
	"github.com/caarlos0/":         {"server"},
	"github.com/tink-crypto/":      {"store", "handlers/*", "server"},
	"go.mongodb.org/mongo-driver/": {"store", "store/*", "bench"},
	"modernc.org/":                 {"store/sqlite"},
	"zombiezen.com/":               {"store/sqlite"},
	"database/sql":                 {"store/sqlite"},
	"firebase.google.com/":         {"notifications"},
	"google.golang.org/api/":       {"notifications"},
	"net/http":                     {"handlers/*", "notifications", "notifications/local", "flows", "server", "bench"},
}

// impure is what the models may not touch: they decide, and neither read nor write the world.
var impure = []string{"os", "os/*", "io/*", "net", "net/*", "database/*", "log", "syscall", "math/rand", "runtime", "runtime/*", "context"}

// edges may read the wall clock, start a context and print.
var edges = []string{"server", "bench", "store/storetest"}

// ambient is what everything else is handed instead.
var ambient = map[string][]string{
	"time":    {"Now", "Since", "Until"},
	"context": {"Background", "TODO"},
	"fmt":     {"Print", "Printf", "Println"},
}

// A source is one parsed Go file that ships, tests left out.
type source struct {
	path, dir string
	file      *ast.File
	set       *token.FileSet
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	set := token.NewFileSet()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, other := os.Stat(filepath.Join(p, "go.mod"))
			if p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "data" || other == nil) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(set, p, nil, parser.SkipObjectResolution)
		p = filepath.ToSlash(p)
		out = append(out, source{p, path.Dir(p), f, set})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 20 {
		t.Fatalf("only %d files found", len(out))
	}
	return out
}

// matches says whether dir is named by one of patterns.
func matches(dir string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		base, below := strings.CutSuffix(p, "/*")
		return p == "*" || dir == p || below && path.Dir(dir) == base
	})
}

// layerOf is the row of layers that governs dir.
func layerOf(dir string) (allowed []string, ok bool) {
	if allowed, ok = layers[dir]; ok {
		return allowed, true
	}
	if allowed, ok = layers[path.Dir(dir)+"/*"]; ok {
		return allowed, true
	}
	for d := path.Dir(dir); d != "."; d = path.Dir(d) {
		if allowed, ok = layers[d]; ok {
			return allowed, true
		}
	}
	return nil, false
}

func TestImports(t *testing.T) {
	for _, s := range sources(t) {
		allowed, ok := layerOf(s.dir)
		if !ok {
			t.Errorf("%s: the folder %s has no place in the layers", s.path, s.dir)
			continue
		}
		for _, spec := range s.file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if inner, ours := strings.CutPrefix(name, module+"/"); ours {
				if inner != s.dir && !matches(inner, allowed) {
					t.Errorf("%s imports %s; %s may import %v", s.path, inner, s.dir, allowed)
				}
				continue
			}
			for prefix, folders := range homes {
				if strings.HasPrefix(name, prefix) && !matches(s.dir, folders) {
					t.Errorf("%s imports %s, whose place is %v", s.path, name, folders)
				}
			}
			if strings.HasPrefix(s.dir, "models") && matches(name, impure) {
				t.Errorf("%s imports %s: models touch nothing outside themselves", s.path, name)
			}
		}
	}
}

func TestNothingAmbient(t *testing.T) {
	for _, s := range sources(t) {
		if matches(s.dir, edges) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && slices.Contains(ambient[pkg.Name], sel.Sel.Name) {
				t.Errorf("%s: %s.%s belongs to server alone", s.set.Position(sel.Pos()), pkg.Name, sel.Sel.Name)
			}
			return true
		})
	}
}

// engines are the packages of models that are no capability: what several capabilities use, and the documents of the
// machinery itself (the event log, the inbox and what is carried out of it, small files, the sandbox clock).
var engines = []string{"rule", "score", "notice", "flow", "form", "jury", "release", "job", "journal", "inbox", "delivery", "sandbox", "blob"}

// pieces is what every capability has, by its name.
var pieces = map[string]func(name string) bool{
	"models":   func(x string) bool { return exists("models/" + x + "/" + x + ".go") },
	"store":    func(x string) bool { return exists("store/" + x + ".go") },
	"handlers": func(x string) bool { return exists("handlers/" + x + "/" + x + ".go") },
	"flows":    func(x string) bool { return exists("flows/" + x + ".go") },
	"seed":     func(x string) bool { return exists("seed/" + x + ".go") },
	"templates": func(x string) bool {
		return exists("notifications/text/"+x+".*.zh.tmpl") && exists("notifications/text/"+x+".*.en.tmpl")
	},
	"server": func(x string) bool {
		return says("server/capabilities.go", "\t"+x+"Capability,\n")
	},
	"README": func(x string) bool {
		return says("README.md", "| [`"+x+"`](docs/capabilities/"+x+".md) |") && says("README.zh-CN.md", "| [`"+x+"`](docs/capabilities/"+x+".zh-CN.md) |")
	},
	"page": func(x string) bool {
		return exists("docs/capabilities/"+x+".md") && exists("docs/capabilities/"+x+".zh-CN.md")
	},
}

// lacks says which piece a capability does without, and why it is right to.
var lacks = map[string]map[string]string{
	"access": {
		"flows": "nothing follows from a look; its challenge is casework",
		"seed":  "looks are made by those who look",
	},
	"report": {"seed": "a report is made by who it is about"},
	"webhook": {
		"templates": "systems hear of webhooks, and read no words",
	},
	"division": {
		"flows":     "a place never changes by itself and nothing follows from a new edition of the table",
		"templates": "nobody is told of places",
		"seed":      "the city's land is seed/divisions.go, named for its table",
	},
}

func exists(pattern string) bool {
	found, err := filepath.Glob(pattern)
	return err == nil && len(found) > 0
}

func says(file, text string) bool {
	b, err := os.ReadFile(file)
	return err == nil && strings.Contains(string(b), text)
}

// TestParity makes sure that a capability is whole: the same noun in every layer.
func TestParity(t *testing.T) {
	dirs, err := os.ReadDir("models")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		x := d.Name()
		if !d.IsDir() || slices.Contains(engines, x) {
			continue
		}
		for piece, has := range pieces {
			why, excused := lacks[x][piece]
			switch {
			case !has(x) && !excused:
				t.Errorf("%s has no %s", x, piece)
			case has(x) && excused:
				t.Errorf("%s has %s after all; its excuse (%s) is out of date", x, piece, why)
			}
		}
	}
	for x, excuses := range lacks {
		if !exists("models/" + x) {
			t.Errorf("%s is excused but is not there", x)
		}
		for piece := range excuses {
			if pieces[piece] == nil {
				t.Errorf("%s is excused from %s, which nobody asks for", x, piece)
			}
		}
	}
}

// TestStoreKnowsNoRules makes sure that no function of the store writes two collections or joins what they say: a type that holds
// repos only opens them together, and nothing but its Open names a repo. What needs several is a use case.
func TestStoreKnowsNoRules(t *testing.T) {
	rooms := map[string]bool{} // types that hold repos
	var decls []ast.Decl
	for _, s := range sources(t) {
		if s.dir != "store" || s.path == "store/repo.go" {
			continue
		}
		decls = append(decls, s.file.Decls...)
		ast.Inspect(s.file, func(n ast.Node) bool {
			if of, ok := n.(*ast.TypeSpec); ok && names(of.Type, map[string]bool{"Repo": true}) {
				rooms[of.Name.Name] = true
			}
			return true
		})
	}
	if len(rooms) < 15 {
		t.Errorf("only %d types that hold repos found", len(rooms))
	}
	holds := map[string]bool{"Repo": true, "NewRepo": true}
	maps.Copy(holds, rooms)
	for _, d := range decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if room, opens := strings.CutPrefix(d.Name.Name, "Open"); names(d, holds) && (!opens || !rooms[room] || d.Recv != nil) {
				t.Errorf("store: %s works on repos: its place is a use case", d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if of, ok := spec.(*ast.TypeSpec); ok && names(of.Type, rooms) {
					t.Errorf("store: %s holds the repos of several capabilities", of.Name.Name)
				}
			}
		}
	}
}

// names says whether a node uses one of the names of its own package.
func names(n ast.Node, any map[string]bool) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			found = found || names(n.X, any)
			return false
		case *ast.KeyValueExpr: // the key may be a field's name
			found = found || names(n.Value, any)
			return false
		case *ast.Field: // so is that of a field or an argument
			found = found || names(n.Type, any)
			return false
		case *ast.Ident:
			found = found || any[n.Name]
		}
		return true
	})
	return found
}

// TestUseCasesHaveANoun makes sure that a use case is found by the noun of its capability.
func TestUseCasesHaveANoun(t *testing.T) {
	for _, s := range sources(t) {
		noun, _, _ := strings.Cut(strings.TrimSuffix(path.Base(s.path), ".go"), "_")
		if s.dir == "usecase" && noun != "usecase" && noun != "subject" && !exists("handlers/"+noun) {
			t.Errorf("%s: there is no capability %s", s.path, noun)
		}
	}
}

// TestNoPageIsSifted makes sure that no list leaves documents out after a page was read: whoever asks for twenty gets twenty while
// there are. What no index can hold goes through api.Sifted, which reads on.
func TestNoPageIsSifted(t *testing.T) {
	pages := 0
	for _, s := range sources(t) {
		if path.Dir(s.dir) != "handlers" {
			continue
		}
		lists := false // the function looked at answers a list
		ast.Inspect(s.file, func(n ast.Node) bool {
			if f, ok := n.(*ast.FuncDecl); ok {
				lists = f.Type.Results != nil && base(f.Type.Results.List[0].Type) == "List"
			}
			loop, ok := n.(*ast.RangeStmt)
			if !ok || base(loop.X) != "Items" || loop.Value == nil { // by index, a view is filled in its place
				return true
			}
			pages++
			for _, line := range loop.Body.List {
				if check, ok := line.(*ast.IfStmt); ok && lists && leavesOut(check) {
					t.Errorf("%s leaves documents of a page out", s.set.Position(check.Pos()))
				}
			}
			return true
		})
	}
	if pages < 10 {
		t.Errorf("only %d pages found", pages)
	}
}

// leavesOut says whether a condition keeps a document for the list, or passes one over.
func leavesOut(check *ast.IfStmt) (out bool) {
	for _, line := range check.Body.List {
		assigned, ok := line.(*ast.AssignStmt)
		if branch, skips := line.(*ast.BranchStmt); skips {
			out = out || branch.Tok == token.CONTINUE
		}
		out = out || ok && len(assigned.Lhs) == 1 && base(assigned.Lhs[0]) == "Items" && check.Init == nil
	}
	return out
}

// TestLivesAreDrawn makes sure that the life of every document has its picture.
func TestLivesAreDrawn(t *testing.T) {
	machine := regexp.MustCompile(`(?m)^var (\w+) = models\.Acts\[`)
	found := 0
	for _, s := range sources(t) {
		if path.Dir(s.dir) != "models" {
			continue
		}
		text, err := os.ReadFile(s.path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range machine.FindAllStringSubmatch(string(text), -1) {
			if found++; !says(s.dir+"/lives.go", ", "+m[1]+")") {
				t.Errorf("%s: %s is drawn nowhere", s.path, m[1])
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d lives found", found)
	}
}

// TestEnumsAreWhole makes sure that a type that says what its values are says all of them, and that no view or request lists by hand
// what a type of the models lists.
func TestEnumsAreWhole(t *testing.T) {
	values, lists := map[string]map[string]bool{}, map[string]map[string]bool{}
	typed := regexp.MustCompile("(?m)^\\t+\\w+\\s+[\\[\\]*]*([a-z]+\\.[A-Z]\\w*)\\s+`[^`]*enum:\"")
	for _, s := range sources(t) {
		if path.Dir(s.dir) == "handlers" {
			text, err := os.ReadFile(s.path)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range typed.FindAllStringSubmatch(string(text), -1) {
				t.Errorf("%s lists the values of %s by hand", s.path, m[1])
			}
		}
		if !strings.HasPrefix(s.dir, "models") {
			continue
		}
		for _, d := range s.file.Decls {
			enumsIn(s, d, values, lists)
		}
	}
	if len(lists) < 50 {
		t.Errorf("only %d types list their values", len(lists))
	}
	for name, listed := range lists {
		for v := range values[name] {
			if !listed[v] {
				t.Errorf("%s lists its values without %s", name, v)
			}
		}
	}
}

// enumsIn adds a declaration's constants by their type, and what a method Enum lists.
func enumsIn(s source, d ast.Decl, values, lists map[string]map[string]bool) {
	switch d := d.(type) {
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			v, ok := spec.(*ast.ValueSpec)
			if of, typed := constOf(d, v, ok); typed {
				add(values, s.dir+"."+of, v.Names...)
			}
		}
	case *ast.FuncDecl:
		if d.Name.Name != "Enum" || d.Recv == nil {
			return
		}
		of, _ := d.Recv.List[0].Type.(*ast.Ident)
		ast.Inspect(d.Body, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if ok && base(call.Fun) == "Enum" {
				for _, a := range call.Args {
					if id, ok := a.(*ast.Ident); ok {
						add(lists, s.dir+"."+of.Name, id)
					}
				}
			}
			return true
		})
	}
}

func constOf(d *ast.GenDecl, v *ast.ValueSpec, ok bool) (string, bool) {
	if !ok || d.Tok != token.CONST || v.Type == nil {
		return "", false
	}
	of, ok := v.Type.(*ast.Ident)
	return base(v.Type), ok && of.Name != "string"
}

func add(to map[string]map[string]bool, name string, ids ...*ast.Ident) {
	if to[name] == nil {
		to[name] = map[string]bool{}
	}
	for _, id := range ids {
		to[name][id.Name] = true
	}
}

// anchor is how a rule names its line in docs/sources.md.
var anchor = regexp.MustCompile(`docs/sources\.md#([a-z0-9-]+)`)

// TestSourcesExist makes sure that every source a comment names has its line, once.
func TestSourcesExist(t *testing.T) {
	lines, err := os.ReadFile("docs/sources.md")
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, s := range sources(t) {
		text, err := os.ReadFile(s.path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range anchor.FindAllStringSubmatch(string(text), -1) {
			named++
			if n := strings.Count(string(lines), `<a id="`+m[1]+`"></a>`); n != 1 {
				t.Errorf("%s names %s, which docs/sources.md has %d times", s.path, m[0], n)
			}
		}
	}
	if named == 0 {
		t.Error("no source is named anywhere")
	}
}

// TestEventsArePublished makes sure that each kind that is declared is published by its package: who follows it does not wait for ever.
func TestEventsArePublished(t *testing.T) {
	kinds, used := map[string]string{}, map[string]bool{}
	for _, s := range sources(t) {
		if path.Dir(s.dir) != "models" {
			continue
		}
		declares := path.Base(s.path) == "events.go"
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for _, name := range n.Names {
					if declares && name.IsExported() {
						kinds[s.dir+"."+name.Name] = s.path
					}
				}
			case *ast.Ident:
				used[s.dir+"."+n.Name] = used[s.dir+"."+n.Name] || !declares
			}
			return true
		})
	}
	if len(kinds) < 200 {
		t.Errorf("only %d kinds found", len(kinds))
	}
	for kind, file := range kinds {
		if !used[kind] {
			t.Errorf("%s: nothing publishes %s", file, kind)
		}
	}
}

// TestRoutesAreMounted makes sure that the program serves every room there is.
func TestRoutesAreMounted(t *testing.T) {
	var joined strings.Builder
	routes := map[string]bool{}
	for _, s := range sources(t) {
		if s.dir == "server" {
			text, err := os.ReadFile(s.path)
			if err != nil {
				t.Fatal(err)
			}
			joined.Write(text)
		}
		if path.Dir(s.dir) != "handlers" || strings.HasSuffix(s.dir, "test") {
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == "Mount" {
				if of, ok := f.Recv.List[0].Type.(*ast.Ident); ok {
					routes[path.Base(s.dir)+"."+of.Name] = true
				}
			}
		}
	}
	if len(routes) < 20 {
		t.Errorf("only %d rooms found", len(routes))
	}
	for handler := range routes {
		if room, name, _ := strings.Cut(handler, "."); !regexp.MustCompile(`\b` + room + `(http)?\.` + name + `\{`).MatchString(joined.String()) {
			t.Errorf("%s is mounted nowhere", handler)
		}
	}
}

// TestBenefitsAreNobodysCondition makes sure that no other capability can ask what band somebody has or what she claimed: a
// benefit is no condition of a public service, of credit medical care, or of anything else.
func TestBenefitsAreNobodysCondition(t *testing.T) {
	may := regexp.MustCompile(`^(models/benefit/|handlers/benefit/|(usecase|store|flows|seed|server)/benefit[a-z_]*\.go$|store/storetest/places\.go$|server/policy\.go$|bench/)`)
	named := 0
	for _, s := range sources(t) {
		text, err := os.ReadFile(s.path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), `"xinyi/models/benefit"`) {
			continue
		}
		if named++; !may.MatchString(s.path) {
			t.Errorf("%s knows of benefits", s.path)
		}
	}
	if named < 5 {
		t.Errorf("only %d files found", named)
	}
}

// TestPackagesHaveOneName makes sure that a package of this module is called the same wherever it is imported.
func TestPackagesHaveOneName(t *testing.T) {
	names := map[string]map[string]string{}
	set := token.NewFileSet()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") {
			return err
		}
		f, err := parser.ParseFile(set, p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			of, _ := strconv.Unquote(i.Path.Value)
			if !strings.HasPrefix(of, module+"/") {
				continue
			}
			name := path.Base(of)
			if i.Name != nil {
				name = i.Name.Name
			}
			if names[of] == nil {
				names[of] = map[string]string{}
			}
			names[of][name] = p
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 80 {
		t.Errorf("only %d packages found", len(names))
	}
	for of, by := range names {
		if delete(by, "_"); len(by) > 1 {
			t.Errorf("%s is called %v", of, by)
		}
	}
}
