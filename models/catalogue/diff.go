package catalogue

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"xinyi/models"
	"xinyi/models/form"
)

// How something differs between two versions.
const (
	Added   = "ADDED"
	Removed = "REMOVED"
	Changed = "CHANGED"
)

// A Change is one difference between two versions of an item.
type Change struct {
	Kind    string // ADDED, REMOVED or CHANGED
	What    string // "column", or of an item or a column what is not the same: "name", "required", "values", "rules" …
	Column  string // key of the column, "" for what is about the item
	Heading string // of the column
	Before  string
	After   string
}

// Diff says what is not the same in b, in the order of an item's parts, then of b's columns, those that are gone last.
// Errors: Invalid when a schema makes no form.
func Diff(a, b *Item) ([]Change, error) {
	old, err := a.Form()
	if err != nil {
		return nil, err
	}
	now, err := b.Form()
	if err != nil {
		return nil, err
	}
	changes := parts(a.lines(), b.lines(), Change{})
	oldRaw, oldRules, err := raws(a.Schema)
	if err != nil {
		return nil, err
	}
	newRaw, newRules, err := raws(b.Schema)
	if err != nil {
		return nil, err
	}
	if oldRules != newRules {
		changes = append(changes, Change{Kind: Changed, What: "rules", Before: oldRules, After: newRules})
	}
	for i := range now.Columns {
		c := &now.Columns[i]
		at := Change{Column: c.Key, Heading: c.Title.ZH}
		before := old.Key(c.Key)
		if before == nil {
			at.Kind, at.What, at.After = Added, "column", c.Title.ZH
			changes = append(changes, at)
			continue
		}
		was := append(before.lines(), line{"rules", oldRaw[c.Key]})
		changes = append(changes, parts(was, append(c.lines(), line{"rules", newRaw[c.Key]}), at)...)
	}
	for _, c := range old.Columns {
		if now.Key(c.Key) == nil {
			changes = append(changes, Change{Kind: Removed, What: "column", Column: c.Key, Heading: c.Title.ZH, Before: c.Title.ZH})
		}
	}
	return changes, nil
}

// A line is one part of an item or of a column, as it is compared.
type line struct{ what, value string }

// parts compares lines of the same parts.
func parts(was, is []line, at Change) []Change {
	var changes []Change
	for i, l := range is {
		if was[i].value != l.value {
			c := at
			c.Kind, c.What, c.Before, c.After = Changed, l.what, was[i].value, l.value
			changes = append(changes, c)
		}
	}
	return changes
}

func (c Content) lines() []line {
	kinds := make([]string, len(c.Kinds))
	for i, k := range c.Kinds {
		kinds[i] = string(k)
	}
	return []line{
		{"name", c.Name.ZH + " / " + c.Name.EN}, {"category", c.Category}, {"kinds", strings.Join(kinds, "、")}, {"nature", string(c.Nature)},
		{"openness", string(c.Openness)}, {"keepMonths", strconv.Itoa(c.KeepMonths)}, {"cycle", string(c.Cycle)},
		{"units", strings.Join(c.Units, "、")}, {"basis", strings.Join(c.Basis, "；")},
	}
}

func (c *Column) lines() []line {
	return []line{
		{"heading", c.Title.ZH}, {"type", c.Kind}, {"role", c.Role}, {"required", strconv.FormatBool(c.Required)},
		{"private", strconv.FormatBool(c.Private)}, {"max", strconv.Itoa(c.Max)}, {"values", c.Options()}, {"note", c.Note},
		{"meaning", meaning(c)}, {"english", english(c)},
	}
}

// meaning is what the values of a column stand for.
func meaning(c *Column) string {
	var words []string
	for _, value := range slices.Sorted(maps.Keys(c.Kinds)) {
		words = append(words, value+"="+string(c.Kinds[value]))
	}
	for _, value := range slices.Sorted(maps.Keys(c.Severities)) {
		words = append(words, value+"="+string(c.Severities[value]))
	}
	return strings.Join(append(words, c.Simple, c.Resident), " ")
}

// english is the column's title and labels in English.
func english(c *Column) string {
	words := []string{c.Title.EN}
	for _, x := range c.Choices {
		words = append(words, x.Label.EN)
	}
	return strings.Join(words, "; ")
}

// told are the keywords that lines compares already.
var told = []string{
	"type", "title", "description", "enum", "maxLength", "x-order", "x-role", "x-kind", "x-title-en", "x-private", "x-labels", "x-kinds",
	"x-severities", "x-simple", "x-resident",
}

// raws are the keywords of each column that are not compared otherwise, and of the schema as a whole.
func raws(schema string) (columns map[string]string, rules string, err error) {
	var whole map[string]any
	if err := json.Unmarshal([]byte(schema), &whole); err != nil {
		return nil, "", models.E(models.Invalid, "catalogue.schema_invalid", err)
	}
	columns = map[string]string{}
	properties, ok := whole["properties"].(map[string]any)
	if !ok {
		return nil, "", models.E(models.Invalid, "catalogue.schema_invalid", form.Err)
	}
	for key, p := range properties {
		if of, ok := p.(map[string]any); ok {
			if columns[key], err = rest(of, told); err != nil {
				return nil, "", err
			}
		}
	}
	rules, err = rest(whole, []string{"properties", "required"})
	return columns, rules, err
}

func rest(of map[string]any, but []string) (string, error) {
	left := maps.Clone(of)
	for _, key := range but {
		delete(left, key)
	}
	if len(left) == 0 {
		return "", nil
	}
	b, err := json.Marshal(left)
	if err != nil {
		return "", fmt.Errorf("a schema cannot be written: %w", err)
	}
	return string(b), nil
}
