package notifications_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"xinyi/models"
	"xinyi/models/inbox"
	_ "xinyi/models/report" // declares kinds that have texts
	"xinyi/notifications"
)

// samples are values the models give, by key. The first stands for the key where another one varies.
var samples = map[string][]string{
	"amount": {"123.05", "0.01", "12000.00"}, "outstanding": {"88.00"}, "principal": {"300.00"}, "deferred": {"300.00", "0.00"},
	"payNow": {"0.00", "45.10"}, "old": {"3000.00"}, "new": {"2000.00", "5000.00"}, "limit": {"3000.00"},
	"due": {"2026-03-31"}, "until": {"2026-04-15"}, "ends": {"2027-03-01"}, "repaired": {"2026-09-01"}, "suspends": {"2026-04-07"},
	"offer": {"o1"}, "scene": {"XYY"}, "day": {"2026-03-31"}, "region": {"430181"}, "claim": {"c1"},
	"band": {"AA", "C"}, "name": {"景区门票八折"}, "nameEN": {"Tickets"}, "saved": {"12.00", "0.00"},
	"field": {"agriculture"}, "grade": {"AAA", "C"}, "was": {"AA", ""}, "reason": {"材料不齐"}, "bank": {"浏阳农商银行"}, "place": {"430181108203"}, "ref": {"e1"}, "upheld": {"yes", "no"},
	"answer": {"已核实"}, "answerBy": {"2026-03-15"}, "objection": {"o1"}, "taken": {"12"}, "refused": {"1"}, "failed": {"", "farmer.value"}, "row": {"m1"},
	"times": {"3"}, "daysMore": {"365"}, "years": {"5"}, "year": {"2026"},
	"billNo": {"CSXY20260301000017"}, "payNo": {"P2026030100001"}, "refundNo": {"R2026030100001"}, "visit": {"v1"},
	"hospital": {"长沙县第一人民医院"}, "days": {"3", "0", "1", "30"}, "onTime": {"true", "false"}, "verdict": {"UPHELD", "REJECTED"},
	"cause": {"OVERDUE", "DEFAULT", "OFFICE", "CONSENT", "FREEZE", "收入变化", "punctual", "cured_default", "default_dropped"}, "type": {"OUTPATIENT", "INPATIENT"},
	"basis": {"APPOINTED"}, "kind": {"GUARDIAN", "AGENT"}, "role": {"town_staff"}, "org": {"o1"}, "orgName": {"望仙镇人民政府"},
	"titleZh": {"本周六停水"}, "bodyZh": {"本周六八点到十二点检修管道，请提前存水。"}, "titleEn": {"No water on Saturday"}, "bodyEn": {"From eight to noon. Please store water."},
	"round": {"430181-2026-VILLAGE"}, "village": {"430181108203"}, "level": {"VILLAGE", "TOWN"}, "stars": {"★★", "—"}, "step": {"town", ""}, "county": {"430181"},
	"about":     {"agreement-1"},
	"next":      {"d2"},
	"outcome":   {"pass", "fail", "unknown"},
	"decisions": {"1", "0"},
	"shares":    {"2", "0"},
	"reports":   {"1", "0"},
	"record":    {"r1"},
	"note":      {"材料齐全"},
	"part":      {"1"},
	"rejected":  {"1"},
	"accepted":  {"1"},
	"rows":      {"1"},
	"no":        {"1"},
	"batch":     {"1"},
	"code":      {"XZCF"}, "from": {"2026-06-01"}, "class": {"DUP_CODE"}, "desk": {"unit-changsha-scjg"},
	"eligible":  {"2026-08-10"},
	"unit":      {"1"},
	"item":      {"1"},
	"programme": {"p1"}, "category": {"star"}, "title": {"诚信之星", "信用积分进村规"}, "titleEN": {"Star of honesty"}, "named": {"yes", "no"}, "recorded": {"yes", "no"},
	"award": {"a1"}, "nomination": {"n1"}, "late": {"yes"},
	"version": {"1"},
	"method":  {"code", "oidc"}, "why": {"left", "other"}, "what": {"secret"},
	"purpose": {"贷款审批"}, "purposeEn": {"a decision on a loan"}, "recipient": {"浏阳农商银行", ""}, "office": {"浏阳市信用办"},
}

var noon = time.Date(2026, 4, 24, 4, 0, 0, 0, time.UTC)

// datas are the data that a kind may have: each field's samples while the others keep their first, then each field that
// may be missing left out, then all of them.
func datas(t *testing.T, d *models.Declared) []map[string]string {
	t.Helper()
	base := map[string]string{}
	for _, f := range d.Fields() {
		if len(samples[f.Key]) == 0 {
			t.Fatalf("%s: no sample for %q", d.Name(), f.Key)
		}
		base[f.Key] = samples[f.Key][0]
	}
	all := []map[string]string{base}
	for _, f := range d.Fields() {
		for _, value := range samples[f.Key][1:] {
			d := maps.Clone(base)
			d[f.Key] = value
			all = append(all, d)
		}
	}
	bare := maps.Clone(base)
	for _, f := range d.Fields() {
		if f.Optional {
			d := maps.Clone(base)
			delete(d, f.Key)
			delete(bare, f.Key)
			all = append(all, d)
		}
	}
	return append(all, bare)
}

// told are the declared kinds with texts, and their data.
func told(t *testing.T) map[string][]map[string]string {
	t.Helper()
	all := map[string][]map[string]string{}
	for _, d := range models.AllEvents() {
		if d.Silence() == "" {
			all[d.Name()] = datas(t, d)
		}
	}
	if len(all) < 100 {
		t.Fatalf("only %d kinds with texts are declared", len(all))
	}
	return all
}

func load(t *testing.T) *notifications.Texts {
	t.Helper()
	texts, err := notifications.Load()
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// Every kind has its words in both languages, or a reason to be silent; and nothing has words that no model publishes.
func TestEveryKindHasItsWords(t *testing.T) {
	texts := load(t)
	known := map[string]bool{}
	for _, d := range models.AllEvents() {
		if known[d.Name()] {
			t.Errorf("%s is declared twice", d.Name())
		}
		known[d.Name()] = true
		written := slices.Contains(texts.Kinds(), d.Name())
		switch silent := d.Silence() != ""; {
		case written && silent:
			t.Errorf("%s is silent and has texts", d.Name())
		case !written && !silent:
			t.Errorf("%s has neither texts nor a reason to be silent", d.Name())
		}
	}
	for _, kind := range texts.Kinds() {
		if !known[kind] {
			t.Errorf("text/%s: no model has this kind", kind)
		}
	}
}

// Every text renders in both languages from whatever the models give.
func TestEveryTextRenders(t *testing.T) {
	texts := load(t)
	for kind, all := range told(t) {
		for _, d := range all {
			for _, lang := range notifications.Languages {
				words, err := texts.Render(&inbox.Message{Kind: kind, Params: d, At: noon}, lang)
				if err != nil {
					t.Errorf("%s (%s) from %v: %v", kind, lang, d, err)
					continue
				}
				for name, text := range map[string]string{"title": words.Title, "body": words.Body, "why": words.Why} {
					if text == "" || strings.Contains(text, "<no value>") || strings.Contains(text, "{{") {
						t.Errorf("%s (%s) from %v: %s is %q", kind, lang, d, name, text)
					}
				}
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	good := `{{define "title"}}t{{end}}{{define "body"}}b{{end}}`
	tests := map[string]map[string]string{
		"a language is missing":  {"a.x_done.zh.tmpl": good},
		"unknown language":       {"a.x_done.zh.tmpl": good, "a.x_done.en.tmpl": good, "a.x_done.fr.tmpl": good},
		"title or body":          {"a.x_done.zh.tmpl": `{{define "title"}}t{{end}}`, "a.x_done.en.tmpl": good},
		"unknown severity":       {"a.x_done.zh.tmpl": good + `{{define "severity"}}loud{{end}}`, "a.x_done.en.tmpl": good},
		"differs between":        {"a.x_done.zh.tmpl": good + `{{define "severity"}}action{{end}}`, "a.x_done.en.tmpl": good},
		"a push text shows":      {"a.x_done.zh.tmpl": good + `{{define "push"}}{{.amount}}{{end}}`, "a.x_done.en.tmpl": good},
		"push stands in only":    {"a.x_done.zh.tmpl": good + `{{define "push"}}p{{end}}`, "a.x_done.en.tmpl": good},
		"function \"sum\" not d": {"a.x_done.zh.tmpl": good + `{{sum 1 2}}`, "a.x_done.en.tmpl": good},
	}
	for want, texts := range tests {
		t.Run(want, func(t *testing.T) {
			dir := fstest.MapFS{}
			for name, text := range texts {
				dir[name] = &fstest.MapFile{Data: []byte(text)}
			}
			if _, err := notifications.Parse(dir); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Parse = %v, want %q", err, want)
			}
		})
	}
}
