package handlers

import (
	"encoding/json"
	"testing"
)

func TestDevice(t *testing.T) {
	for raw, want := range map[string]device{
		`"my phone"`: "my phone", `{"name":"Mei","platform":"android"}`: "Mei android", `{"id":"d-1"}`: "d-1", `{}`: "", `null`: "",
	} {
		var d device
		if err := json.Unmarshal([]byte(raw), &d); err != nil || d != want {
			t.Errorf("%s = %q, %v, want %q", raw, d, err, want)
		}
	}
	var d device
	if err := json.Unmarshal([]byte(`[1]`), &d); err == nil {
		t.Error("a list is no device")
	}
}

func TestCategory(t *testing.T) {
	for raw, want := range map[string]category{"药品": "DRUG", "exam": "EXAM", "BED": "BED", "内科": "内科"} {
		var c category
		if err := c.UnmarshalText([]byte(raw)); err != nil || c != want {
			t.Errorf("%s = %q, %v", raw, c, err)
		}
	}
}
