package seed

import (
	"context"
	_ "embed" // the catalogue's tables
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"xinyi/models"
	"xinyi/models/catalogue"
	"xinyi/models/form"
	"xinyi/usecase"
)

// The catalogue's tables: source units, items, and the columns of each item. A name with @ stands for a block of columns.
var (
	//go:embed units.csv
	unitsCSV string
	//go:embed items.csv
	itemsCSV string
	//go:embed columns.csv
	columnsCSV string
)

// The catalogue of the demo city is in force since this day; the newer versions since the second.
const (
	catalogueSince models.Day = "2024-01-01"
	catalogueNext  models.Day = "2025-07-01"
)

// departments are the units that deliver what every office decides.
const departments = "fgw scjg sfj mzj nyncj wlgdj spj jtysj zjj cgj sthjj yjj wjw jyj rsj kjj zgj swj"

// rowsOf reads a table with a header: one map a row.
func rowsOf(text string) ([]map[string]string, error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("a table of the catalogue: %w", err)
	}
	out := make([]map[string]string, len(rows)-1)
	for i, row := range rows[1:] {
		out[i] = map[string]string{}
		for j, name := range rows[0] {
			out[i][name] = row[j]
		}
	}
	return out, nil
}

// units are the source units of the demo city.
func units() ([]*catalogue.Unit, error) {
	rows, err := rowsOf(unitsCSV)
	if err != nil {
		return nil, err
	}
	var all []*catalogue.Unit
	for _, r := range rows {
		all = append(all, &catalogue.Unit{
			Meta: models.Meta{ID: r["code"]}, Name: models.Words{ZH: r["zh"], EN: r["en"]},
			Region: models.Region(r["region"]), Office: r["code"], Authority: r["authority"],
		})
	}
	return all, nil
}

// Catalogue is every version of every item of the demo city, as two of the credit office made them.
func Catalogue(maker, approver models.Actor) ([]*catalogue.Item, error) {
	rows, err := rowsOf(itemsCSV)
	if err != nil {
		return nil, err
	}
	columns, err := rowsOf(columnsCSV)
	if err != nil {
		return nil, err
	}
	var all []*catalogue.Item
	for _, r := range rows {
		items, err := versions(r, columns, maker, approver)
		if err != nil {
			return nil, fmt.Errorf("seed item %s: %w", r["code"], err)
		}
		all = append(all, items...)
	}
	for _, it := range all {
		it.Outbox = nil // that happened before the city opened: nobody is told
	}
	return all, nil
}

// versions makes the versions of one item and leads each to its state.
func versions(r map[string]string, columns []map[string]string, maker, approver models.Actor) ([]*catalogue.Item, error) {
	c, err := contentOf(r, columns, r["state"] == "SUCCEEDED")
	if err != nil {
		return nil, err
	}
	then := catalogueSince.Clock(9, 0)
	it, err := catalogue.New(r["code"], maker, c, then)
	if err != nil || r["state"] == "DRAFT" {
		return []*catalogue.Item{it}, err
	}
	if err := it.Submit(maker, then); err != nil || r["state"] == "CHECKED" {
		return []*catalogue.Item{it}, err
	}
	if err := it.Publish(approver, then); err != nil || r["state"] == "IN_FORCE" {
		return []*catalogue.Item{it}, err
	}
	next, err := succeeded(it, r, columns, maker, approver)
	return []*catalogue.Item{it, next}, err
}

// succeeded puts a newer version, with all columns, in the place of it.
func succeeded(it *catalogue.Item, r map[string]string, columns []map[string]string, maker, approver models.Actor) (*catalogue.Item,
	error) {
	now := catalogueNext.Clock(9, 0)
	next, err := it.Next(maker, catalogueNext, now)
	if err != nil {
		return nil, err
	}
	c := next.Content
	if c.Schema, err = schemaOf(r["code"], columns, false); err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		func() error { return next.Edit(maker, c, now) },
		func() error { return next.Submit(maker, now) },
		func() error { return next.Publish(approver, now) },
		func() error { _, err := it.Yield(next.From, now); return err },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return next, nil
}

func contentOf(r map[string]string, columns []map[string]string, first bool) (catalogue.Content, error) {
	keep, err := strconv.Atoi(r["keep"])
	if err != nil {
		return catalogue.Content{}, err
	}
	c := catalogue.Content{
		Name: models.Words{ZH: r["zh"], EN: r["en"]}, Category: r["category"], Nature: models.Nature(r["nature"]),
		Openness: models.Openness(r["openness"]), KeepMonths: keep, Cycle: catalogue.Cycle(r["cycle"]),
		Basis: strings.Split(r["basis"], "；"), From: catalogueSince,
	}
	for _, k := range strings.Fields(r["kinds"]) {
		c.Kinds = append(c.Kinds, models.SubjectKind(k))
	}
	for _, u := range strings.Fields(strings.ReplaceAll(r["units"], "@departments", departments)) {
		c.Units = append(c.Units, "unit-changsha-"+u)
	}
	c.Schema, err = schemaOf(r["code"], columns, first)
	return c, err
}

// schemaOf writes the JSON Schema of an item from its columns; first leaves out what only the second version has (flag +).
func schemaOf(item string, columns []map[string]string, first bool) (string, error) {
	properties := map[string]map[string]any{}
	var required []string
	var person []string // values of the kind column that are persons
	kind, code, number := "", "", ""
	for _, c := range columnsOf(item, columns) {
		if first && strings.Contains(c["flags"], "+") {
			continue
		}
		p := map[string]any{"type": form.TypeOf(c["kind"]), "title": c["heading"], "x-title-en": c["en"], "x-order": len(properties) + 1}
		for name, value := range map[string]string{"x-kind": c["kind"], "x-role": c["role"], "description": c["note"]} {
			if value != "" {
				p[name] = value
			}
		}
		if err := bounds(p, c); err != nil {
			return "", err
		}
		if strings.Contains(c["flags"], "*") {
			required = append(required, c["key"])
		}
		switch c["role"] {
		case "subjectKind":
			kind = c["key"]
		case "code":
			code = c["key"]
		case "idNumber":
			number = c["key"]
		}
		if kinds, ok := p["x-kinds"].(map[string]string); ok {
			for value, of := range kinds {
				if of == string(models.PersonSubject) {
					person = append(person, value)
				}
			}
		}
		properties[c["key"]] = p
	}
	s := map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": false,
		"properties": properties, "required": required,
	}
	if kind != "" && code != "" && number != "" {
		slices.Sort(person)
		s["if"] = map[string]any{"properties": map[string]any{kind: map[string]any{"enum": person}}, "required": []string{kind}}
		s["then"] = map[string]any{"required": []string{number}}
		s["else"] = map[string]any{"required": []string{code}}
	}
	text, err := json.MarshalIndent(s, "", " ")
	return string(text), err
}

// columnsOf are the columns of an item, blocks written out.
func columnsOf(item string, columns []map[string]string) []map[string]string {
	var out []map[string]string
	for _, c := range columns {
		switch {
		case c["item"] == item && strings.HasPrefix(c["key"], "@"):
			out = append(out, columnsOf(c["key"], columns)...)
		case c["item"] == item:
			out = append(out, c)
		}
	}
	return out
}

// bounds writes what a column's values may be.
func bounds(p map[string]any, c map[string]string) error {
	switch c["kind"] {
	case form.Day:
		p["pattern"] = `^\d{4}-\d{2}-\d{2}$`
	case form.Wan, form.Yuan:
		p["minimum"] = 0
	}
	if c["max"] != "" {
		n, err := strconv.Atoi(c["max"])
		if err != nil {
			return err
		}
		p["maxLength"] = n
	}
	if strings.Contains(c["flags"], "!") {
		p["x-private"] = true
	}
	if c["values"] != "" {
		dictionary(p, c)
	}
	return nil
}

// dictionary writes the values of a column, "01=自然人/Natural person>PERSON;…", and what its role makes of them.
func dictionary(p map[string]any, c map[string]string) {
	var values []string
	labels, targets := map[string]models.Words{}, map[string]string{}
	for one := range strings.SplitSeq(c["values"], ";") {
		value, label, _ := strings.Cut(one, "=")
		label, target, _ := strings.Cut(label, ">")
		values = append(values, value)
		zh, en, _ := strings.Cut(label, "/")
		labels[value] = models.Words{ZH: zh, EN: en}
		if target == "" {
			continue
		}
		targets[value] = target
		switch c["role"] {
		case "procedure":
			p["x-simple"] = value
		case "idKind":
			p["x-resident"] = value
		}
	}
	p["enum"], p["x-labels"] = values, labels
	switch c["role"] {
	case "subjectKind":
		p["x-kinds"] = targets
	case "severity":
		p["x-severities"] = targets
	}
}

// keepCatalogue keeps units and items, if the store has room for them.
func keepCatalogue(ctx context.Context, c usecase.Catalogue, items []*catalogue.Item) error {
	if c.Items == nil {
		return nil
	}
	us, err := units()
	if err != nil {
		return err
	}
	if err := fresh(ctx, c.Units, us); err != nil {
		return err
	}
	return fresh(ctx, c.Items, items)
}
