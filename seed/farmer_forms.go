package seed

import (
	"context"
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/models/catalogue"
	"xinyi/models/farmer"
	"xinyi/models/form"
	"xinyi/models/release"
	"xinyi/models/score"
)

// farmFormsCSV are the forms of a household's file. A row whose key starts with @ begins a section: @0 is one, @20 a list of at most
// 20 rows; scope is the consent's word. Columns: section, key, kind, zh, en, unit, required ("yes"), hide ("personal",
// "restricted"), min, max, choices ("value=中文/English" with semicolons between), scope.
//
// Source: docs/sources.md#farmer-file.
//
//go:embed farmforms.csv
var farmFormsCSV string

// farmModelJSON is the model of households the product comes with.
//
// Source: docs/sources.md#farmer-score.
//
//go:embed farmmodel.json
var farmModelJSON string

// Changsha is the region of the demo city.
const Changsha models.Region = "4301"

// The two people of the city's credit office who put the standard forms and the model in force.
var (
	formAuthor   = models.Actor{Person: "standard-author", Role: models.CreditOffice, Org: "office-credit-changsha", Region: "4301"}
	formApprover = models.Actor{Person: "standard-approver", Role: models.CreditOffice, Org: "office-credit-changsha", Region: "4301"}
)

// FarmLook is how the catalogue tells what is never collected and what is restricted.
var FarmLook = farmer.Screening{Forbidden: catalogue.Forbidden, Restricted: catalogue.Restricted}

// readFarmForms reads the table as drafts.
func readFarmForms(text string) ([]farmer.FormDraftOf, error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, err
	}
	var drafts []farmer.FormDraftOf
	schema := map[string]any{}
	end := func() error {
		if len(drafts) == 0 {
			return nil
		}
		raw, err := json.Marshal(schema)
		drafts[len(drafts)-1].Schema = string(raw)
		return err
	}
	for i, r := range rows[1:] {
		if count, section := strings.CutPrefix(r[1], "@"); section {
			if err := end(); err != nil {
				return nil, err
			}
			n, err := strconv.Atoi(count)
			if err != nil {
				return nil, err
			}
			drafts = append(drafts, farmer.FormDraftOf{Section: r[0], Region: "4301", Name: models.Words{ZH: r[3], EN: r[4]}, Rows: n, Scope: r[11],
				Order: len(drafts) + 1})
			schema = map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{}, "required": []string{}}
			continue
		}
		p, err := farmProperty(r, i)
		if err != nil {
			return nil, fmt.Errorf("form %s, field %s: %w", r[0], r[1], err)
		}
		schema["properties"].(map[string]any)[r[1]] = p //nolint:errcheck,forcetypeassert // made above
		if r[6] == "yes" {
			schema["required"] = append(schema["required"].([]string), r[1]) //nolint:errcheck,forcetypeassert // made above
		}
	}
	return drafts, end()
}

// farmProperty is one field as the schema says it.
func farmProperty(r []string, order int) (map[string]any, error) {
	p := map[string]any{"title": r[3], "x-title-en": r[4], "x-kind": r[2], "x-order": order}
	p["type"] = form.TypeOf(r[2])
	if r[5] != "" {
		p["x-unit"] = r[5]
	}
	if r[7] != "" {
		p["x-"+r[7]] = true
	}
	if r[11] != "" {
		p["x-scope"] = r[11]
	}
	if r[2] == form.Whole {
		for at, name := range map[int]string{8: "minimum", 9: "maximum"} {
			n, err := strconv.ParseInt(r[at], 10, 64)
			if err != nil {
				return nil, err
			}
			p[name] = n
		}
	} else if r[9] != "" {
		n, err := strconv.Atoi(r[9])
		if err != nil {
			return nil, err
		}
		p["maxLength"] = n
	}
	if r[10] == "" {
		return p, nil
	}
	var values []string
	labels := map[string]models.Words{}
	for _, choice := range strings.Split(r[10], ";") {
		value, label, _ := strings.Cut(choice, "=")
		zh, en, _ := strings.Cut(label, "/")
		values, labels[value] = append(values, value), models.Words{ZH: zh, EN: en}
	}
	p["enum"], p["x-labels"] = values, labels
	return p, nil
}

// FarmForms are the standard forms, published.
func FarmForms(now time.Time) ([]*farmer.Form, error) {
	drafts, err := readFarmForms(farmFormsCSV)
	if err != nil {
		return nil, err
	}
	var all []*farmer.Form
	for _, d := range drafts {
		f, err := farmer.NewForm(1, d, FarmLook, formAuthor, now)
		if err == nil {
			err = f.Publish(formApprover, now)
		}
		if err != nil {
			return nil, fmt.Errorf("form %s: %w", d.Section, err)
		}
		all = append(all, f)
	}
	return all, nil
}

// FarmModel is the standard model in force, tried on a city without households.
func FarmModel(forms []*farmer.Form, now time.Time) (*farmer.Model, error) {
	var set score.Set
	if err := json.Unmarshal([]byte(farmModelJSON), &set); err != nil {
		return nil, err
	}
	m, err := farmer.NewModel(1, set, formAuthor, now)
	if err != nil {
		return nil, err
	}
	sheets := farmer.Forms{}
	for _, f := range forms {
		if sheets[f.Section], err = f.Read(); err != nil {
			return nil, err
		}
	}
	if err := m.Validate(sheets, formAuthor, now); err != nil {
		return nil, err
	}
	run, err := m.NewRun("run-standard", farmer.RunPlan{Kind: farmer.Simulate, Against: "", Total: 0}, formAuthor, now)
	if err == nil {
		_, err = run.Step(farmer.Part{Last: true}, now)
	}
	if err == nil {
		err = release.Try(m, run.Trial(), now)
	}
	if err == nil {
		err = m.Approve(farmer.Standard, formApprover, now)
	}
	if err == nil {
		err = m.Publish(models.DayOf(now), "", farmer.Standard, formApprover, now)
	}
	m.Outbox = nil
	return m, err
}

// farmLayouts are the sheets a township may use as they are.
func farmLayouts(forms farmer.Forms, now time.Time) ([]*farmer.Layout, error) {
	var all []*farmer.Layout
	for name, sections := range map[string][]string{"households": {farmer.Head, farmer.Land, farmer.Conduct}, "members": {farmer.Members},
		"production": {farmer.Production}} {
		columns := []farmer.LayoutColumn{{Heading: "户号", To: farmer.ToNo}}
		if name == "households" {
			columns = append(columns, farmer.LayoutColumn{Heading: "村代码", To: farmer.ToVillage})
		}
		for _, section := range sections {
			for _, c := range forms[section].Columns {
				if c.Restricted {
					continue // a sheet carries nothing that needs the two consents
				}
				columns = append(columns, farmer.LayoutColumn{Heading: c.Title.ZH, To: section + "." + c.Key})
			}
		}
		l, err := farmer.NewLayout(farmer.LayoutDraft{Region: "4301", Name: name, Columns: columns}, forms, formAuthor, now)
		if err != nil {
			return nil, fmt.Errorf("layout %s: %w", name, err)
		}
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b *farmer.Layout) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

// farming keeps the forms, the model and the layouts. What is there already stays as it is.
func (s Stores) farming(ctx context.Context) error {
	if s.Farmer.Forms == nil {
		return nil
	}
	return s.once(ctx, "farming", farmFormsCSV+farmModelJSON, func() error {
		now := s.Farmer.Now()
		forms, err := FarmForms(now)
		if err != nil {
			return err
		}
		if err := fresh(ctx, s.Farmer.Forms, forms); err != nil {
			return err
		}
		s.Farmer.Forget()
		model, err := FarmModel(forms, now)
		if err == nil {
			err = fresh(ctx, s.Farmer.Models, []*farmer.Model{model})
		}
		if err != nil {
			return err
		}
		sheets, err := s.Farmer.FormsAt(ctx, "4301")
		if err != nil {
			return err
		}
		layouts, err := farmLayouts(sheets, now)
		if err != nil {
			return err
		}
		return fresh(ctx, s.Farmer.Layouts, layouts)
	})
}
