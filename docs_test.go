package xinyi

import (
	"encoding/json"
	"go/ast"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// metricName is the name of a metric of ours; a histogram's series have an ending more.
var metricName = regexp.MustCompile(`\bxinyi_[a-z_]+[a-z]\b`)

// exported are the names of the metrics that the program exports, as the sources spell them: whole, or with the namespace apart.
func exported(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	literal := regexp.MustCompile(`"(?:xinyi_)?([a-z]+(?:_[a-z]+)*)"`)
	for _, pattern := range []string{"flows/*.go", "handlers/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(raw), "prometheus.New") && !strings.Contains(string(raw), "prometheus.Opts") {
				continue
			}
			for _, m := range literal.FindAllStringSubmatch(string(raw), -1) {
				names["xinyi_"+m[1]] = true
			}
		}
	}
	return names
}

// strangers are the metrics that a text of an operator names and the program does not export.
func strangers(text string, exported map[string]bool) (names []string) {
	for _, name := range metricName.FindAllString(text, -1) {
		base := name
		for _, end := range []string{"_bucket", "_count", "_sum"} {
			base = strings.TrimSuffix(base, end)
		}
		if !exported[name] && !exported[base] && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// What operators are told to watch is what the program exports.
func TestOperatorsWatchWhatThereIs(t *testing.T) {
	there := exported(t)
	for _, name := range []string{"docs/ops/grafana-notifications.json", "docs/ops/notifications.md"} {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(metricName.FindAllString(string(raw), -1)); n < 20 {
			t.Errorf("%s names only %d metrics", name, n)
		}
		if s := strangers(string(raw), there); len(s) > 0 {
			t.Errorf("%s: nothing exports %v", name, s)
		}
	}
	for text, want := range map[string]int{"rate(xinyi_deliveries_totals[5m])": 1, "xinyi_delivery_lag_seconds_bucket + xinyi_destination_resting": 0, "xinyi_nothing_sum": 1} {
		if got := strangers(text, there); len(got) != want {
			t.Errorf("%s: strangers %v, want %d", text, got, want)
		}
	}
}

// A dashboard is one that Grafana can show: every panel asks the chosen data source, by an id of its own, in a place of its own.
func TestDashboards(t *testing.T) {
	files, err := filepath.Glob("docs/ops/grafana-*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d dashboards, %v", len(files), err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			Title         string
			UID           string
			SchemaVersion int
			Templating    struct{ List []struct{ Name, Type string } }
			Panels        []struct {
				ID         int
				Type       string
				Title      string
				Datasource struct{ UID string }
				GridPos    struct{ X, Y, W, H int }
				Targets    []struct {
					Expr, RefID string
					Datasource  struct{ UID string }
				}
			}
		}
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d.Title == "" || d.UID == "" || d.SchemaVersion < 39 || len(d.Templating.List) == 0 || d.Templating.List[0].Type != "datasource" {
			t.Errorf("%s: title %q, uid %q, schema %d, variables %v", name, d.Title, d.UID, d.SchemaVersion, d.Templating.List)
		}
		ids, taken := map[int]bool{}, map[[2]int]string{}
		for _, p := range d.Panels {
			if ids[p.ID] || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 {
				t.Errorf("%s: panel %d %q at %v", name, p.ID, p.Title, p.GridPos)
			}
			ids[p.ID] = true
			for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
				for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
					if other := taken[[2]int{x, y}]; other != "" {
						t.Fatalf("%s: %q lies over %q", name, p.Title, other)
					}
					taken[[2]int{x, y}] = p.Title
				}
			}
			if p.Type == "row" {
				continue
			}
			if len(p.Targets) == 0 || p.Datasource.UID != "${datasource}" {
				t.Errorf("%s: %q asks nothing, or %q", name, p.Title, p.Datasource.UID)
			}
			for _, q := range p.Targets {
				if q.Expr == "" || q.RefID == "" || q.Datasource.UID != "${datasource}" || strings.Count(q.Expr, "(") != strings.Count(q.Expr, ")") {
					t.Errorf("%s: %q asks %q", name, p.Title, q.Expr)
				}
			}
		}
	}
}

// declared are the names that a package declares at its top: "medical.Bill".
func declared(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, s := range sources(t) {
		add := func(id *ast.Ident) { names[s.file.Name.Name+"."+id.Name] = true }
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					add(d.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						add(spec.Name)
					case *ast.ValueSpec:
						for _, id := range spec.Names {
							add(id)
						}
					}
				}
			}
		}
	}
	return names
}

// TestGlossary makes sure that the words of the glossary are those of the code: what looks like an identifier is declared, what
// looks like a path is there.
func TestGlossary(t *testing.T) {
	raw, err := os.ReadFile("docs/glossary.md")
	if err != nil {
		t.Fatal(err)
	}
	names, word := declared(t), regexp.MustCompile("(?m)^\\| [^|]+ \\| [^|]+ \\| `([^`]+)` \\|$")
	rows := word.FindAllStringSubmatch(string(raw), -1)
	if len(rows) < 80 {
		t.Errorf("only %d words", len(rows))
	}
	identifier, path := regexp.MustCompile(`^[a-z]+\.[A-Z]\w*$`), regexp.MustCompile(`^(models|handlers|store|flows|server|notifications|docs|usecase)/[^#]*`)
	for _, row := range rows {
		if what := row[1]; identifier.MatchString(what) && !names[what] || path.MatchString(what) && !exists(path.FindString(what)) {
			t.Errorf("the glossary names %s, which is not there", what)
		}
	}
}

// namedTest is a test as docs/threats.md names it.
var namedTest = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")

// TestThreatsHaveTests: every threat has a guard and names a test that exists.
func TestThreatsHaveTests(t *testing.T) {
	written := map[string]bool{}
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(p, "_test.go") {
			return err
		}
		text, err := os.ReadFile(p)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			written[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("docs/threats.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 7 || strings.TrimSpace(cells[5]) == "test" || strings.HasPrefix(cells[1], "---") {
			continue
		}
		rows++
		tests := namedTest.FindAllStringSubmatch(cells[5], -1)
		if len(tests) == 0 || strings.TrimSpace(cells[4]) == "" {
			t.Errorf("no test or no guard: %s", line)
		}
		for _, m := range tests {
			if !written[m[1]] {
				t.Errorf("there is no %s: %s", m[1], line)
			}
		}
	}
	if rows < 40 {
		t.Errorf("only %d threats are read", rows)
	}
}
