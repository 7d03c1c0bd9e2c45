package record

import (
	"testing"

	"xinyi/handlers/file"
	"xinyi/models/catalogue"
)

// A value reads as its heading promises: an amount under 万元 in 万元, never in yuan.
func TestWorded(t *testing.T) {
	for name, tc := range map[string]struct {
		column catalogue.Column
		value  any
		want   string
	}{
		"wan":               {catalogue.Column{Type: "wan"}, int64(50_000), "0.05"},
		"yuan":              {catalogue.Column{Type: "yuan"}, int64(50_000), "500.00"},
		"integer":           {catalogue.Column{Type: "integer"}, int64(50_000), "50000"},
		"a label":           {catalogue.Column{Labels: []catalogue.Label{{Value: "1", Label: "轻微"}}}, "1", "轻微"},
		"no label":          {catalogue.Column{Labels: []catalogue.Label{{Value: "1", Label: "轻微"}}}, "9", "9"},
		"a day":             {catalogue.Column{Type: "day"}, "2026-05-10", "2026-05-10"},
		"true":              {catalogue.Column{Type: "boolean"}, true, "是"},
		"nothing":           {catalogue.Column{}, nil, ""},
		"what none expects": {catalogue.Column{}, 1.5, ""},
	} {
		if got := file.Worded(tc.column, tc.value, "zh"); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}
