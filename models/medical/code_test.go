package medical

import (
	"testing"
	"time"

	"xinyi/models"
)

func TestCodeIsForOneVisitAndFiveMinutes(t *testing.T) {
	c := NewCode("c1", "mei", noon)
	before := copied(t, c)
	want(t, c.Use("h1/no1", after(5*time.Minute)), models.Conflict, "medical.code_expired")
	unchanged(t, before, c)
	must(t, c.Use("h1/no1", after(5*time.Minute-time.Millisecond)))
	must(t, c.Use("h1/no1", after(time.Hour))) // the hospital lost the answer
	before = copied(t, c)
	want(t, c.Use("h1/no2", after(time.Minute)), models.Conflict, "medical.code_used")
	unchanged(t, before, c)
	if c.GoneAt == nil || !c.GoneAt.After(c.Expires) {
		t.Errorf("gone at %v", c.GoneAt)
	}
}
