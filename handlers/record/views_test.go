package record

import (
	"testing"

	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/form"
)

// A value reads as its heading promises: an amount under 万元 in 万元, never in yuan.
func TestWorded(t *testing.T) {
	for name, tc := range map[string]struct {
		column form.Column
		value  any
		want   string
	}{
		"wan":               {form.Column{Kind: "wan"}, int64(50_000), "0.05"},
		"yuan":              {form.Column{Kind: "yuan"}, int64(50_000), "500.00"},
		"integer":           {form.Column{Kind: "whole"}, int64(50_000), "50000"},
		"a label":           {form.Column{Choices: []form.Choice{{Value: "1", Label: models.Words{ZH: "轻微", EN: "minor"}}}}, "1", "轻微"},
		"no label":          {form.Column{Choices: []form.Choice{{Value: "1", Label: models.Words{ZH: "轻微", EN: "minor"}}}}, "9", "9"},
		"a day":             {form.Column{Kind: "day"}, "2026-05-10", "2026-05-10"},
		"true":              {form.Column{Kind: "yes"}, true, "是"},
		"nothing":           {form.Column{}, nil, ""},
		"what none expects": {form.Column{}, 1.5, ""},
	} {
		if got := file.Worded(tc.column, tc.value, "zh"); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}
