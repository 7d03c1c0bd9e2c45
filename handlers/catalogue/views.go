package catalogue

import (
	"context"
	"encoding/json"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/catalogue"
	"xinyi/models/release"
)

// itemView is one version of an item.
type itemView struct {
	api.ReleaseView
	Code         string               `json:"code"`
	Version      int                  `json:"version"`
	Reason       string               `json:"reason,omitempty" description:"Why it was sent back or retired"`
	Name         models.Words         `json:"name" personal:"false"`
	Category     string               `json:"category"`
	CategoryText string               `json:"categoryText"`
	Kinds        []models.SubjectKind `json:"kinds"`
	Nature       models.Nature        `json:"nature"`
	Openness     models.Openness      `json:"openness" description:"For organisations; what is about a person is never PUBLIC"`
	KeepMonths   int                  `json:"keepMonths" description:"How long a record is kept; 0 without end"`
	Cycle        catalogue.Cycle      `json:"cycle"`
	Units        []string             `json:"units"`
	Basis        []string             `json:"basis"`
	From         models.Day           `json:"from"`
	To           models.Day           `json:"to,omitempty" description:"Last day in force; absent while open"`
	UpdatedAt    time.Time            `json:"updatedAt"`
}

// itemDetailView is a version with its columns and its schema.
type itemDetailView struct {
	itemView
	Columns []columnView   `json:"columns"`
	Schema  map[string]any `json:"schema" description:"JSON Schema 2020-12 of the attributes"`
}

type columnView struct {
	Key      string      `json:"key"`
	Heading  string      `json:"heading" description:"As a file has it"`
	Title    string      `json:"title"`
	Kind     string      `json:"kind" enum:"text,day,wan,yuan,whole,yes" description:"wan and yuan are kept as whole fen"`
	Required bool        `json:"required" description:"Of every subject"`
	ForOrg   bool        `json:"requiredOfOrganisations"`
	ForMan   bool        `json:"requiredOfPersons"`
	Private  bool        `json:"private" description:"Kept encrypted and never published"`
	Max      int         `json:"max" description:"Letters of a text"`
	Values   []labelView `json:"values"`
	Note     string      `json:"note,omitempty"`
}

type labelView struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

func viewItem(rq api.Request, it *catalogue.Item) itemView {
	v := itemView{
		ReleaseView: api.ViewRelease(it, rq.Actor), Code: it.Code, Version: it.Version, Name: it.Name, Category: it.Category,
		CategoryText: api.Say("catalogue.category_"+it.Category, rq.Lang, nil), Kinds: it.Kinds, Nature: it.Nature, Openness: it.Openness,
		KeepMonths: it.KeepMonths, Cycle: it.Cycle, Units: it.Units, Basis: it.Basis, From: it.From, To: it.To, UpdatedAt: it.UpdatedAt,
	}
	if it.State == release.Draft || it.State == release.Retired {
		v.Reason = it.Moved.Reason
	}
	return v
}

func viewItemDetail(_ context.Context, rq api.Request, it *catalogue.Item) (itemDetailView, error) {
	v := itemDetailView{itemView: viewItem(rq, it)}
	form, err := it.Form()
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal([]byte(it.Schema), &v.Schema); err != nil {
		return v, models.E(models.Internal, "internal", err)
	}
	for _, c := range form.Columns {
		col := columnView{
			Key: c.Key, Heading: c.Title.ZH, Title: c.Title.In(rq.Lang), Kind: c.Kind, Required: c.Required, ForOrg: c.ForOrg && !c.Required, ForMan: c.ForMan && !c.Required,
			Private: c.Private, Max: c.Max, Values: []labelView{}, Note: c.Note,
		}
		for _, l := range c.Choices {
			col.Values = append(col.Values, labelView{l.Value, l.Label.In(rq.Lang)})
		}
		v.Columns = append(v.Columns, col)
	}
	return v, nil
}

// diffView is what a later version changed.
type diffView struct {
	Code    string       `json:"code"`
	From    int          `json:"from"`
	To      int          `json:"to"`
	Changes []changeView `json:"changes"`
}

type changeView struct {
	Kind    string       `json:"kind" enum:"ADDED,REMOVED,CHANGED"`
	What    string       `json:"what" description:"column, or the part of the item or of the column"`
	Column  string       `json:"column,omitempty"`
	Heading string       `json:"heading,omitempty"`
	Before  string       `json:"before,omitempty"`
	After   string       `json:"after,omitempty"`
	Text    models.Words `json:"text"`
}

func viewDiff(a, b *catalogue.Item) (diffView, error) {
	changes, err := catalogue.Diff(a, b)
	v := diffView{Code: b.Code, From: a.Version, To: b.Version, Changes: []changeView{}}
	for _, c := range changes {
		v.Changes = append(v.Changes, changeView{
			Kind: c.Kind, What: c.What, Column: c.Column, Heading: c.Heading, Before: c.Before, After: c.After,
			Text: models.Words{ZH: changeText(c, "zh"), EN: changeText(c, "en")},
		})
	}
	return v, err
}

// changeText puts a change into a sentence.
func changeText(c catalogue.Change, lang string) string {
	args := map[string]string{
		"heading": c.Heading, "column": c.Column, "what": api.Say("catalogue.part_"+c.What, lang, nil), "before": orNone(c.Before, lang), "after": orNone(c.After, lang),
	}
	switch {
	case c.Kind == catalogue.Added:
		return api.Say("catalogue.diff_added", lang, args)
	case c.Kind == catalogue.Removed:
		return api.Say("catalogue.diff_removed", lang, args)
	case c.Column != "" && c.What == "rules":
		return api.Say("catalogue.diff_column_rules", lang, args)
	case c.Column != "":
		return api.Say("catalogue.diff_column", lang, args)
	case c.What == "rules":
		return api.Say("catalogue.diff_rules", lang, args)
	}
	return api.Say("catalogue.diff_item", lang, args)
}

func orNone(text, lang string) string {
	if text == "" {
		return api.Say("catalogue.none", lang, nil)
	}
	return text
}

// unitView is a source unit.
type unitView struct {
	Code   string        `json:"code"`
	Name   models.Words  `json:"name" personal:"false"`
	Region models.Region `json:"region"`
	Office string        `json:"office"`
}

func viewUnit(u *catalogue.Unit) unitView {
	return unitView{u.ID, u.Name, u.Region, u.Office}
}
