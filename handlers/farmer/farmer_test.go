package farmer

import (
	"testing"

	"xinyi/models/farmer"
)

// JSON has one kind of number, a file whole ones: what is not whole stays as it is, for the form to refuse.
func TestWholeNumbersFromJSON(t *testing.T) {
	for in, want := range map[any]any{
		12.0: int64(12), -3.0: int64(-3), 0.0: int64(0), 1e15: int64(1e15), 1.5: 1.5, 1e16: 1e16, 1e300: 1e300, "12": "12", true: true, nil: nil,
	} {
		if got := edits([]editRequest{{At: "land/area", Value: in}})[0].Value; got != want {
			t.Errorf("%v is written as %v (%T)", in, got, got)
		}
		asked := changeFields{Kind: farmer.Correct, Wants: []wantRequest{{At: "land/area", To: in}}}.change()
		if got := asked.Wants[0].To(); got != want && in != 1e16 { // which is whole, and beyond any form
			t.Errorf("%v is asked for as %v (%T)", in, got, got)
		}
	}
}
