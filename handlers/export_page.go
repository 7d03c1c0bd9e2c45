package handlers

import (
	"bytes"
	"html/template"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"xinyi/models"
)

// exportPageView is what the page shows.
type exportPageView struct {
	Lang, Title, At, Note string
	Sections              []exportSection
}

type exportSection struct {
	Title, Why string
	Items      [][]exportRow
}

// exportRow is one line: a label, and a value or lines of its own.
type exportRow struct {
	Label, Value string
	Rows         []exportRow

	key string
}

// exportTemplate holds no script and fetches nothing.
var exportTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>{{.Title}}</title>
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

// exportSkips are keys that mean something to programs alone.
var exportSkips = map[string]bool{"revision": true}

// exportRows are the lines of one row of a portion, in its order; what is empty is left out.
func exportRows(raw jsontext.Value, lang string) ([]exportRow, error) {
	d := jsontext.NewDecoder(bytes.NewReader(raw), written)
	return exportObject(d, lang)
}

// exportObject reads the value that comes next: an object's lines, an array's with its lines one after another.
func exportObject(d *jsontext.Decoder, lang string) ([]exportRow, error) {
	open, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	array := open.Kind() == '['
	var rows []exportRow
	for d.PeekKind() != '}' && d.PeekKind() != ']' {
		label := ""
		if !array {
			key, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			label = key.String()
		}
		row, err := exportValue(d, label, lang)
		if err != nil {
			return nil, err
		}
		if !exportSkips[label] && (row.Value != "" || len(row.Rows) > 0) {
			rows = append(rows, row)
		}
	}
	_, err = d.ReadToken()
	return rows, err
}

func exportValue(d *jsontext.Decoder, key, lang string) (exportRow, error) {
	row := exportRow{Label: say("label."+key, lang, nil), key: key}
	if row.Label == "" {
		row.Label = key
	}
	if k := d.PeekKind(); k == '{' || k == '[' {
		rows, err := exportObject(d, lang)
		row.Rows = rows
		return row.joined(lang), err
	}
	token, err := d.ReadToken()
	if err != nil {
		return row, err
	}
	switch token.Kind() {
	case 't', 'f':
		row.Value = say("label.is."+token.String(), lang, nil)
	case 'n':
	case '0':
		row.Value = token.String()
		if fen, err := token.Int(); err == nil && strings.HasSuffix(key, "Fen") {
			row.Value = models.Fen(fen).Yuan() + say("label.yuan", lang, nil)
		}
	default:
		row.Value = exportText(token.String(), lang)
	}
	return row, nil
}

// joined shows a field with its heading as one line, and a list of plain values too.
func (r exportRow) joined(lang string) exportRow {
	if n := len(r.Rows); n >= 2 && r.Rows[n-2].key == "heading" && r.Rows[n-1].key == "text" {
		return exportRow{Label: r.Rows[n-2].Value, Value: r.Rows[n-1].Value}
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

// exportText shows a moment by the clock of Shanghai and a code by its words, where there are any.
func exportText(s, lang string) string {
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return at.In(models.Shanghai).Format("2006-01-02 15:04:05")
	}
	if words := say("code."+s, lang, nil); words != "" {
		return words
	}
	return s
}
