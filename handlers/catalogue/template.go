package catalogue

import (
	"bytes"
	"context"
	"encoding/csv"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/catalogue"
	"xinyi/models/form"
)

type templateRequest struct {
	itemRequest
	Format string `query:"format" validate:"omitempty,oneof=csv xlsx" description:"csv when absent"`
}

func (h Handler) template(ctx context.Context, rq api.Request, in templateRequest) (api.SheetView, error) {
	it, err := h.open(ctx, in.Code, in.Version, rq.Now)
	if err != nil {
		return api.SheetView{}, err
	}
	form, err := it.Form()
	if err != nil {
		return api.SheetView{}, err
	}
	heads, hints := make([]string, len(form.Columns)), make([]string, len(form.Columns))
	for i, c := range form.Columns {
		if heads[i] = c.Title.ZH; c.Required {
			heads[i] += "*"
		}
		hints[i] = hintOf(c, rq.Lang)
	}
	hints[0] = "#" + hints[0]
	if in.Format == "xlsx" {
		return workbook(form, heads, hints)
	}
	var b bytes.Buffer
	b.WriteString("\ufeff") // else a spreadsheet takes it for another encoding
	w := csv.NewWriter(&b)
	err = w.WriteAll([][]string{heads, hints})
	if err != nil {
		return api.SheetView{}, models.E(models.Internal, "internal", err)
	}
	return api.SheetView{Kind: api.CsvKind, Body: b.Bytes()}, nil
}

// hintOf says in a few words how to fill in a column.
func hintOf(c catalogue.Column, lang string) string {
	words := []string{api.Say("catalogue.hint_"+c.Kind, lang, map[string]string{"max": strconv.Itoa(c.Max)})}
	if len(c.Choices) > 0 {
		var values []string
		for _, l := range c.Choices {
			values = append(values, l.Value+"="+l.Label.ZH)
		}
		words = []string{strings.Join(values, " ")}
	}
	if c.Required {
		words = append(words, api.Say("catalogue.hint_required", lang, nil))
	}
	if c.Note != "" {
		words = append(words, c.Note)
	}
	return strings.Join(words, "；")
}

// workbook writes a sheet whose cells are text, so that no spreadsheet makes a number of a code, with drop-downs for dictionaries.
func workbook(form *catalogue.Form, heads, hints []string) (api.SheetView, error) {
	f := excelize.NewFile()
	err := fillWorkbook(f, form, heads, hints)
	var b bytes.Buffer
	if err == nil {
		err = f.Write(&b)
	}
	if again := f.Close(); err == nil {
		err = again
	}
	if err != nil {
		return api.SheetView{}, models.E(models.Internal, "internal", err)
	}
	return api.SheetView{Kind: api.XlsxKind, Body: b.Bytes()}, nil
}

func fillWorkbook(f *excelize.File, form *catalogue.Form, heads, hints []string) error {
	if err := f.SetSheetName("Sheet1", api.TemplateSheet); err != nil {
		return err
	}
	if _, err := f.NewSheet(api.ValuesSheet); err != nil {
		return err
	}
	text, err := f.NewStyle(&excelize.Style{NumFmt: 49})
	if err != nil {
		return err
	}
	for i, c := range form.Columns {
		name, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		if err := f.SetColStyle(api.TemplateSheet, name, text); err != nil {
			return err
		}
		if err := f.SetColWidth(api.TemplateSheet, name, name, 22); err != nil {
			return err
		}
		for row, value := range []string{heads[i], hints[i]} {
			if err := f.SetCellStr(api.TemplateSheet, name+strconv.Itoa(row+1), value); err != nil {
				return err
			}
		}
		if len(c.Choices) > 0 {
			if err := dropDown(f, name, c.Choices); err != nil {
				return err
			}
		}
	}
	return f.SetSheetVisible(api.ValuesSheet, false)
}

// dropDown lets a column's cells be picked from its labels, which stand in the same column of a hidden sheet.
func dropDown(f *excelize.File, column string, choices []form.Choice) error {
	for i, l := range choices {
		if err := f.SetCellStr(api.ValuesSheet, column+strconv.Itoa(i+1), l.Label.ZH); err != nil {
			return err
		}
	}
	d := excelize.NewDataValidation(true)
	d.Sqref = column + "3:" + column + strconv.Itoa(api.TemplateRows)
	d.SetSqrefDropList("'" + api.ValuesSheet + "'!$" + column + "$1:$" + column + "$" + strconv.Itoa(len(choices)))
	return f.AddDataValidation(api.TemplateSheet, d)
}
