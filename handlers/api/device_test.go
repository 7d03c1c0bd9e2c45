package api

import (
	"encoding/json"
	"testing"
)

func TestDevice(t *testing.T) {
	for raw, want := range map[string]Device{
		`"my phone"`: "my phone", `{"name":"Mei","platform":"android"}`: "Mei android", `{"id":"d-1"}`: "d-1", `{}`: "", `null`: "",
	} {
		var d Device
		if err := json.Unmarshal([]byte(raw), &d); err != nil || d != want {
			t.Errorf("%s = %q, %v, want %q", raw, d, err, want)
		}
	}
	var d Device
	if err := json.Unmarshal([]byte(`[1]`), &d); err == nil {
		t.Error("a list is no device")
	}
}
