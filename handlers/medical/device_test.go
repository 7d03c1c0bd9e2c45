package medical

import (
	"testing"
)

func TestCategory(t *testing.T) {
	for raw, want := range map[string]category{"药品": "DRUG", "exam": "EXAM", "BED": "BED", "内科": "内科"} {
		var c category
		if err := c.UnmarshalText([]byte(raw)); err != nil || c != want {
			t.Errorf("%s = %q, %v", raw, c, err)
		}
	}
}
