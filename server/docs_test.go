package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"xinyi/models"
)

// update writes what the program says into the pages: go test ./server -run TestPages -update
var update = flag.Bool("update", false, "write the generated parts of docs")

// homes says on which page of docs/capabilities the routes of a tag stand.
var homes = map[string][]string{
	"access":       {"accesses"},
	"award":        {"awards", "award programmes", "award vote", "award office", "award experts", "nominations"},
	"batch":        {"batches"},
	"benefit":      {"benefits", "provider"},
	"campaign":     {"campaigns"},
	"casework":     {"cases", "objections", "repairs", "rights"},
	"catalogue":    {"catalogue", "units"},
	"consent":      {"consents", "privacy-notices"},
	"credential":   {"credentials"},
	"decision":     {"decisions"},
	"division":     {"divisions"},
	"farmer":       {"farm file", "farm desk", "farm evaluation", "farm packages", "farm office", "notices"},
	"identity":     {"auth", "me", "mandates", "organisations"},
	"loan":         {"loans", "loan desk", "white-lists"},
	"medical":      {"medical", "his", "payments"},
	"notification": {"notifications", "deliveries", "devices", "preferences"},
	"operation":    {"audit", "events", "jobs", "seals", "sandbox"},
	"organisation": {"organisation register", "staff", "clients"},
	"practice":     {"practice cases", "practice rounds"},
	"recall":       {"recalls"},
	"record":       {"records", "file"},
	"report":       {"reports"},
	"uscc":         {"uscc"},
	"village":      {"villages", "village entries", "village office"},
	"webhook":      {"webhooks"},
}

// kindsOf are the first words of the events of a page, where they differ from its name.
var kindsOf = map[string][]string{"farmer": {"farmer", "notice"}, "notification": {"inbox", "delivery"}, "operation": {"events", "audit", "job"}}

// livesOn are the capabilities whose documents' lives stand on a page, where they are others than the one of its name.
var livesOn = map[string][]string{"farmer": {"farmer", "notice"}, "notification": {"inbox", "delivery"}, "operation": {"journal"}}

// lives are the state pictures of a page, each with its acts: in English and in Chinese.
func lives(page string) (text [2]string, drawn int) {
	names := livesOn[page]
	if names == nil {
		names = []string{page}
	}
	for _, c := range capabilities() {
		if c.Lives == nil || !slices.Contains(names, c.Name) {
			continue
		}
		for _, p := range c.Lives() {
			rows := acts(p)
			for i, head := range []string{"| act | from | to | who | |\n|---|---|---|---|---|\n", "| 动作 | 从 | 到 | 谁 | |\n|---|---|---|---|---|\n"} {
				text[i] += "**" + p.Name + "**\n\n```mermaid\n" + p.Mermaid() + "```\n\n" + head + rows[i] + "\n"
			}
			drawn++
		}
	}
	return text, drawn
}

// acts are a table row for each act of a life.
func acts(p models.Picture) (rows [2]string) {
	for _, a := range p.Acts {
		var who [2][]string
		for _, r := range a.Who {
			for i, clock := range []string{"the clock or an event", "时钟或事件"} {
				if r != models.System {
					clock = "`" + string(r) + "`"
				}
				who[i] = append(who[i], clock)
			}
		}
		for i, another := range []string{"another than its makers", "非经手人"} {
			if !a.Second {
				another = ""
			}
			rows[i] += fmt.Sprintf("| %s | %s | %s | %s | %s |\n",
				a.Name, strings.Join(a.From, ", "), strings.Join(a.To, ", "), strings.Join(who[i], ", "), another)
		}
	}
	return rows
}

// made are acts in which a document is made and goes on at once: functions, or methods of what it is made from.
var made = map[string]bool{"agreement.Sign": true, "appointment.Install": true, "round.NewRound": true}

// TestActsAreMethods makes sure that each act is a method of its document, by somebody, from somewhere to somewhere.
func TestActsAreMethods(t *testing.T) {
	t.Parallel()
	found := 0
	for _, c := range capabilities() {
		if c.Lives == nil {
			continue
		}
		for _, p := range c.Lives() {
			for _, a := range p.Acts {
				found++
				if _, ok := p.Of.MethodByName(a.Name); !ok && !made[p.Name+"."+a.Name] {
					t.Errorf("%s: %s has no method %s", p.Name, p.Of, a.Name)
				}
				if len(a.Who) == 0 || len(a.From) == 0 || len(a.To) == 0 {
					t.Errorf("%s: %s is incomplete: %+v", p.Name, a.Name, a)
				}
			}
		}
	}
	if found < 250 {
		t.Errorf("only %d acts found", found)
	}
}

// put puts text between the marks of a page, or compares.
func put(t *testing.T, file, mark, text string) {
	t.Helper()
	page := read(t, file)
	begin, end := "<!-- "+mark+":begin -->\n", "<!-- "+mark+":end -->"
	before, rest, ok := strings.Cut(page, begin)
	old, after, closed := strings.Cut(rest, end)
	switch {
	case !ok || !closed:
		t.Errorf("%s has no place for %s", file, mark)
	case old == text:
	case *update:
		if err := os.WriteFile(filepath.Join("..", file), []byte(before+begin+text+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s does not say what the program does; go test ./server -run TestPages -update writes:\n%s", file, text)
	}
}

// An operation is a route as the OpenAPI document tells of it.
type operation struct {
	Tags    []string
	Summary string
	ZH      struct{ Summary string } `json:"x-zh"`
	Roles   []string                 `json:"x-roles"`
}

// operations lists the routes of the program by tag, a table row each: in English and in Chinese.
func operations(t *testing.T) map[string][2][]string {
	t.Helper()
	text, err := begin(t).router.Document()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	rows := map[string][2][]string{}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			raw, ok := doc.Paths[path][method]
			if !ok {
				continue
			}
			var op operation
			if err := json.Unmarshal(raw, &op); err != nil || len(op.Tags) != 1 {
				t.Fatalf("%s %s: tags %v, %v", method, path, op.Tags, err)
			}
			who := strings.Join(op.Roles, ", ")
			if who == "" {
				who = "–"
			}
			tag := op.Tags[0]
			if strings.HasPrefix(path, "/v1/me/inbox") {
				tag = "notifications"
			}
			both := rows[tag]
			for i, says := range []string{op.Summary, op.ZH.Summary} {
				both[i] = append(both[i], fmt.Sprintf("| `%s %s` | %s | %s |\n", strings.ToUpper(method), path, says, who))
			}
			rows[tag] = both
		}
	}
	return rows
}

// published lists the kinds of events by their first word, each with its data, and its text or the reason why nobody is told.
func published() map[string][]string {
	rows := map[string][]string{}
	for _, c := range capabilities() {
		if c.Events == nil {
			continue
		}
		for _, d := range c.Events() {
			told := fmt.Sprintf("[text](../../notifications/text/%s.en.tmpl)", d.Name())
			if d.Silence() != "" {
				told = "silent: " + d.Silence()
			}
			var data []string
			for _, f := range d.Fields() {
				key := "`" + f.Key + "`"
				if f.Optional {
					key = "(" + key + ")"
				}
				data = append(data, key)
			}
			if data == nil {
				data = []string{"–"}
			}
			first, _, _ := strings.Cut(d.Name(), ".")
			rows[first] = append(rows[first], fmt.Sprintf("| `%s` | %s | %s |\n", d.Name(), strings.Join(data, " "), told))
		}
	}
	for _, all := range rows {
		slices.Sort(all)
	}
	return rows
}

// TestPages keeps the mechanical parts of docs/capabilities true: every route and every event stands on one page.
func TestPages(t *testing.T) {
	t.Parallel()
	routes, events, pictures := operations(t), published(), 0
	for page, tags := range homes {
		tables := [2]string{"| route | does | who |\n|---|---|---|\n", "| 接口 | 作用 | 谁可以用 |\n|---|---|---|\n"}
		for _, tag := range tags {
			if len(routes[tag][0]) == 0 {
				t.Errorf("%s: no route has the tag %q", page, tag)
			}
			for i := range tables {
				tables[i] += strings.Join(routes[tag][i], "")
			}
			delete(routes, tag)
		}
		kinds := kindsOf[page]
		if kinds == nil {
			kinds = []string{page}
		}
		var told strings.Builder
		for _, kind := range kinds {
			told.WriteString(strings.Join(events[kind], ""))
			delete(events, kind)
		}
		text := "None.\n"
		if told.Len() > 0 {
			text = "| event | data | told |\n|---|---|---|\n" + told.String()
		}
		drawing, drawn := lives(page)
		pictures += drawn
		for i, file := range inBothLanguages("docs/capabilities/" + page) {
			put(t, file, "routes", tables[i])
			put(t, file, "events", text)
			put(t, file, "lives", drawing[i])
		}
	}
	all := 0
	for _, c := range capabilities() {
		if c.Lives != nil {
			all += len(c.Lives())
		}
	}
	if pictures != all {
		t.Errorf("%d lives stand on pages, %d are declared", pictures, all)
	}
	for tag := range routes {
		t.Errorf("the routes of %q stand on no page", tag)
	}
	for kind := range events {
		t.Errorf("the events of %q stand on no page", kind)
	}
}

// TestPagesConfiguration keeps docs/configuration.md true. Its Chinese twin has the same names and defaults.
func TestPagesConfiguration(t *testing.T) {
	t.Parallel()
	var want strings.Builder
	want.WriteString("| name | default | |\n|---|---|---|\n")
	zh := read(t, "docs/configuration.zh-CN.md")
	for _, s := range new(Config).table() {
		fallback := " "
		if s.fallback != "" {
			fallback = " `" + s.fallback + "` "
		}
		row := fmt.Sprintf("| `%s` |%s|", s.name, fallback)
		fmt.Fprintf(&want, "%s %s |\n", row, strings.ReplaceAll(s.help, "|", `\|`))
		if !strings.Contains(zh, "\n"+row) {
			t.Errorf("docs/configuration.zh-CN.md has no row %s", row)
		}
	}
	put(t, "docs/configuration.md", "settings", want.String())
	if en, rows := strings.Count(want.String(), "\n")-2, strings.Count(zh, "\n| `"); en != rows {
		t.Errorf("docs/configuration.zh-CN.md has %d settings, the program %d", rows, en)
	}
}
