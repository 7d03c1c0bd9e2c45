package export

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"xinyi/handlers/api"
	"xinyi/handlers/paper"
	"xinyi/models"
)

// exportRows are the lines of one row of a portion, in its order; what is empty is left out.
func exportRows(raw jsontext.Value, lang string) ([]paper.ExportRow, error) {
	d := jsontext.NewDecoder(bytes.NewReader(raw), api.Written)
	return object(d, lang)
}

// object reads the value that comes next: an object's lines, an array's with its lines one after another.
func object(d *jsontext.Decoder, lang string) ([]paper.ExportRow, error) {
	open, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	array := open.Kind() == '['
	var rows []paper.ExportRow
	for d.PeekKind() != '}' && d.PeekKind() != ']' {
		label := ""
		if !array {
			key, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			label = key.String()
		}
		row, err := value(d, label, lang)
		if err != nil {
			return nil, err
		}
		if !paper.Skips[label] && (row.Value != "" || len(row.Rows) > 0) {
			rows = append(rows, row)
		}
	}
	_, err = d.ReadToken()
	return rows, err
}

func value(d *jsontext.Decoder, key, lang string) (paper.ExportRow, error) {
	row := paper.ExportRow{Label: api.Say("label."+key, lang, nil), Key: key}
	if row.Label == "" {
		row.Label = key
	}
	if k := d.PeekKind(); k == '{' || k == '[' {
		rows, err := object(d, lang)
		row.Rows = rows
		return row.Joined(lang), err
	}
	token, err := d.ReadToken()
	if err != nil {
		return row, err
	}
	switch token.Kind() {
	case 't', 'f':
		row.Value = api.Say("label.is."+token.String(), lang, nil)
	case 'n':
	case '0':
		row.Value = token.String()
		if fen, err := token.Int(); err == nil && strings.HasSuffix(key, "Fen") {
			row.Value = models.Fen(fen).Yuan() + api.Say("label.yuan", lang, nil)
		}
	default:
		row.Value = paper.ExportText(token.String(), lang)
	}
	return row, nil
}
