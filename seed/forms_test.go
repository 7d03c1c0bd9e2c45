package seed

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"xinyi/models"
	"xinyi/models/catalogue"
	"xinyi/models/farmer"
	"xinyi/models/form"
)

// han says whether a text has Chinese characters.
func han(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// wrong is a value of another type than each kind's.
var wrong = map[string]any{form.Text: int64(1), form.Day: int64(1), form.Whole: "x", form.Wan: "x", form.Yuan: "x", form.Yes: "x"}

// walkForm looks at one form: its labels in both languages, and whether each wrong value is pointed at.
func walkForm(t *testing.T, name, schema string) {
	t.Helper()
	f, err := form.Parse(schema)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, old := range []string{`"x-type"`, `"x-personal"`} {
		if strings.Contains(schema, old) {
			t.Errorf("%s says %s", name, old)
		}
	}
	for i := range f.Columns {
		c := &f.Columns[i]
		words := []models.Words{c.Title}
		for _, x := range c.Choices {
			words = append(words, x.Label)
		}
		for _, w := range words {
			if w.ZH == "" || w.EN == "" || han(w.EN) {
				t.Errorf("%s %s: %+v", name, c.Key, w)
			}
		}
		points := func(x models.Field) bool { return x.Pointer == form.Pointer(c.Key) && x.Code == "wrong_type" }
		if !slices.ContainsFunc(f.Check(map[string]any{c.Key: wrong[c.Kind]}), points) {
			t.Errorf("%s: a wrong %s is not pointed at", name, c.Key)
		}
		if x := c.Check(wrong[c.Kind]); x == nil || x.Code != "wrong_type" {
			t.Errorf("%s %s: %+v", name, c.Key, x)
		}
		if c.Required && !slices.ContainsFunc(f.Check(map[string]any{}), func(x models.Field) bool { return x.Pointer == form.Pointer(c.Key) && x.Code == "required" }) {
			t.Errorf("%s: nobody misses %s", name, c.Key)
		}
	}
}

// Every form of the city is read by one engine: the items of the catalogue and the sections of a farming household's file.
func TestForms(t *testing.T) {
	items, err := Catalogue(models.Actor{Person: "m", Role: models.CreditOffice}, models.Actor{Person: "a", Role: models.CreditOffice})
	if err != nil {
		t.Fatal(err)
	}
	farms, err := FarmForms(noon)
	if err != nil {
		t.Fatal(err)
	}
	if len(items) < 20 || len(farms) < 5 {
		t.Fatalf("%d items, %d farm forms", len(items), len(farms))
	}
	for _, it := range items {
		walkForm(t, it.ID, it.Schema)
		read(t, it)
	}
	for _, f := range farms {
		walkForm(t, f.ID, f.Schema)
		sheet, err := f.Read()
		if err != nil {
			t.Fatal(err)
		}
		fills(t, sheet)
	}
}

// read points at a cell that cannot be read.
func read(t *testing.T, it *catalogue.Item) {
	t.Helper()
	f, err := it.Form()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range f.Columns {
		if c.Kind == form.Text && len(c.Choices) == 0 {
			continue
		}
		_, faults := f.Read(map[string]string{c.Key: "不是"})
		if !slices.ContainsFunc(faults, func(x models.Field) bool { return x.Pointer == form.Pointer(c.Key) }) {
			t.Errorf("%s: a wrong cell of %s is not pointed at", it.ID, c.Key)
		}
	}
}

// fills refuses a wrong value of every field.
func fills(t *testing.T, s *farmer.Sheet) {
	t.Helper()
	for i := range s.Columns {
		c := &s.Columns[i]
		if _, err := c.Value(wrong[c.Kind]); err == nil {
			t.Errorf("%s %s takes %v", s.Form.ID, c.Key, wrong[c.Kind])
		}
	}
}
