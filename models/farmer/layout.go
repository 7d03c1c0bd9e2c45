package farmer

import (
	"slices"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/models/form"
)

// A Layout is how a township writes its households into a sheet: which heading is which cell. Rows with the same household number
// are of one household; of a section with rows, each line is a row of it.
type Layout struct {
	models.Meta `bson:",inline"` // the id is the region, a dash and a name

	Region  models.Region  `bson:"region"`
	Name    string         `bson:"name"`
	Columns []LayoutColumn `bson:"columns"`
	By      string         `bson:"by"`
	At      time.Time      `bson:"at"`
}

// A LayoutColumn is one heading. To is "no" for the household number, "village" for the village's code, or "<section>.<field>".
type LayoutColumn struct {
	Heading string `bson:"heading"`
	To      string `bson:"to"`
	Unit    string `bson:"unit,omitempty"` // "wan" and "yuan" of money are turned into fen
	Yes     string `bson:"yes,omitempty"`  // what stands for yes; anything else is no
}

// Headings that are no cells.
const (
	ToNo      = "no"
	ToVillage = "village"
)

// A LayoutDraft is a layout as it is to be.
type LayoutDraft struct {
	Region  models.Region
	Name    string
	Columns []LayoutColumn
}

// NewLayout makes a layout. Errors: Invalid "farmer.layout_invalid"; Forbidden.
func NewLayout(d LayoutDraft, forms Forms, by models.Actor, now time.Time) (*Layout, error) {
	if !by.Is(models.TownStaff, models.CreditOffice) || !by.Region.Contains(d.Region) {
		return nil, models.E(models.Forbidden, "farmer.other_region")
	}
	l := &Layout{Region: d.Region, Name: d.Name, Columns: d.Columns, By: by.Principal(), At: now}
	l.ID = string(d.Region) + "-" + d.Name
	var faults []models.Field
	fault := func(bad bool, pointer, code string) {
		if bad {
			faults = append(faults, models.Field{Pointer: pointer, Code: code})
		}
	}
	fault(!plainRow(d.Name), "/name", "farmer_key")
	fault(len(d.Columns) == 0 || len(d.Columns) > 150, "/columns", "required")
	fault(!slices.ContainsFunc(d.Columns, func(c LayoutColumn) bool { return c.To == ToNo }), "/columns", "farmer_no_number")
	seen := map[string]bool{}
	many := ""
	for _, c := range d.Columns {
		fault(c.Heading == "" || seen[c.Heading] || seen["→"+c.To], "/columns", "farmer_heading")
		seen[c.Heading], seen["→"+c.To] = true, true
		if c.To == ToNo || c.To == ToVillage {
			continue
		}
		section, key, _ := strings.Cut(c.To, ".")
		sheet := forms[section]
		if sheet == nil || sheet.Column(key) == nil {
			fault(true, "/columns", "farmer_no_field")
			continue
		}
		if sheet.Form.Rows > 0 {
			fault(many != "" && many != section, "/columns", "farmer_two_lists")
			many = section
		}
		fault(c.Unit != "" && (c.Unit != "wan" && c.Unit != "yuan" || sheet.Column(key).Unit != "fen"), "/columns", "farmer_unit")
	}
	if len(faults) > 0 {
		return nil, &models.Error{Code: models.Invalid, Reason: "farmer.layout_invalid", Fields: faults}
	}
	return l, nil
}

// Many is the section of which each line is a row, "" none.
func (l *Layout) Many(forms Forms) string {
	for _, c := range l.Columns {
		section, _, _ := strings.Cut(c.To, ".")
		if sheet := forms[section]; sheet != nil && sheet.Form.Rows > 0 {
			return section
		}
	}
	return ""
}

// Column is the column of a heading.
func (l *Layout) Column(heading string) (LayoutColumn, bool) {
	for _, c := range l.Columns {
		if c.Heading == strings.TrimSpace(heading) {
			return c, true
		}
	}
	return LayoutColumn{}, false
}

// A Line is a line of a sheet as cells, or what is wrong with it.
type Line struct {
	No      string
	Village models.Region
	Cells   map[string]any // "<section>.<field>"
	Faults  []models.Field
}

// Read reads a line by its headings. An empty cell says nothing.
func (l *Layout) Read(cells map[string]string, forms Forms) Line {
	line := Line{Cells: map[string]any{}}
	for _, c := range l.Columns {
		text := strings.TrimSpace(cells[c.Heading])
		if text == "" {
			continue
		}
		switch c.To {
		case ToNo:
			line.No = text
			continue
		case ToVillage:
			line.Village = models.Region(text)
			continue
		}
		section, key, _ := strings.Cut(c.To, ".")
		v, code := c.value(text, forms[section].Column(key))
		if code != "" {
			line.Faults = append(line.Faults, models.Field{Pointer: "/" + c.Heading, Code: code})
			continue
		}
		line.Cells[c.To] = v
	}
	if line.No == "" || len(line.No) > 32 || strings.ContainsAny(line.No, "/ ") {
		line.Faults = append(line.Faults, models.Field{Pointer: "/" + l.heading(ToNo), Code: "farmer_no_number"})
	}
	return line
}

func (l *Layout) heading(to string) string {
	for _, c := range l.Columns {
		if c.To == to {
			return c.Heading
		}
	}
	return to
}

// value reads one cell's text.
func (c LayoutColumn) value(text string, col *Column) (any, string) {
	switch {
	case col == nil:
		return nil, "farmer_no_field"
	case col.Kind == form.Yes:
		return text == c.Yes || c.Yes == "" && (text == "是" || text == "有" || text == "1"), ""
	case col.Kind == form.Whole:
		n, ok := form.Decimal(form.Narrow(text), map[string]int{"yuan": 2, "wan": 6}[c.Unit])
		if !ok {
			return nil, "farmer_whole"
		}
		return n, ""
	}
	v, code, _ := col.Cell(text)
	return v, code
}

// Text is the cell's value as a sheet of the layout shows it.
func (c LayoutColumn) Text(v any, col *Column) string {
	switch x := v.(type) {
	case bool:
		if x {
			if c.Yes != "" {
				return c.Yes
			}
			return "是"
		}
		return "否"
	case int64:
		switch c.Unit {
		case "yuan":
			return models.Fen(x).Yuan()
		case "wan":
			return models.Fen(x).Wan()
		}
		return decimal(x)
	case string:
		return col.Label(x).ZH
	}
	return ""
}
