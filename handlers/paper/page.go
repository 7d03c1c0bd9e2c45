package paper

import (
	"html/template"
	"strings"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
)

// PageView is what the page shows.
type PageView struct {
	Lang, Title, At, Note string
	Sections              []Section
}

// A Section is a part of a page with a heading.
type Section struct {
	Title, Why string
	Items      [][]ExportRow
}

// ExportRow is one line: a label, and a value or lines of its own.
type ExportRow struct {
	Label, Value string
	Rows         []ExportRow

	Key string
}

// ExportTemplate holds no script and fetches nothing.
var ExportTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>{{.Title}}</title>
<style>
body{font:16px/1.6 system-ui,"PingFang SC","Microsoft YaHei",sans-serif;max-width:46rem;margin:0 auto;padding:1rem;color:#1c2430}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:2px solid #1b6b50;padding-bottom:.2rem}
article{border:1px solid #d5dbe1;border-radius:.5rem;padding:.5rem .8rem;margin:.6rem 0;break-inside:avoid}
dl{margin:0;display:grid;grid-template-columns:minmax(7rem,30%) 1fr;gap:.1rem .8rem}dt{color:#5a6675}dd{margin:0;overflow-wrap:anywhere}
dl dl{grid-column:1/-1;margin-left:.8rem;border-left:2px solid #e3e8ec;padding-left:.6rem}p{margin:.3rem 0;color:#5a6675}
</style></head><body>
<h1>{{.Title}}</h1><p>{{.At}}</p><p>{{.Note}}</p>
{{range .Sections}}<section><h2>{{.Title}}</h2>{{if .Why}}<p>{{.Why}}</p>{{end}}
{{range .Items}}<article>{{template "rows" .}}</article>
{{end}}</section>{{end}}
</body></html>
{{define "rows"}}<dl>{{range .}}{{if .Rows}}<dt>{{.Label}}</dt><dd></dd>{{template "rows" .Rows}}{{else}}<dt>{{.Label}}</dt><dd>{{.Value}}</dd>{{end}}{{end}}</dl>{{end}}`))

// Skips are keys that mean something to programs alone.
var Skips = map[string]bool{"revision": true}

// Joined shows a field with its heading as one line, and a list of plain values too.
func (r ExportRow) Joined(lang string) ExportRow {
	if n := len(r.Rows); n >= 2 && r.Rows[n-2].Key == "heading" && r.Rows[n-1].Key == "text" {
		return ExportRow{Label: r.Rows[n-2].Value, Value: r.Rows[n-1].Value}
	}
	var values []string
	for _, row := range r.Rows {
		if row.Label != "" || len(row.Rows) > 0 {
			return r
		}
		values = append(values, row.Value)
	}
	between := ", "
	if lang == "zh" {
		between = "、"
	}
	r.Rows, r.Value = nil, strings.Join(values, between)
	return r
}

// ExportText shows a moment by the clock of Shanghai and a code by its words, where there are any.
func ExportText(s, lang string) string {
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return at.In(models.Shanghai).Format("2006-01-02 15:04:05")
	}
	if words := api.Say("code."+s, lang, nil); words != "" {
		return words
	}
	return s
}
