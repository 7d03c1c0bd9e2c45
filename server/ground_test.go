package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestAGroundOpensWhatItCarries: an agreement or a bill is no way to penalties, a case that is not there is none to anything, and nobody is told a
// purpose that is not the asker's.
func TestAGroundOpensWhatItCarries(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	me, his := c.signIn(resident), c.client(ward)
	agreement := c.sign(me, "scheme-430181")
	bill := c.paid(me, his, "V-1")
	clerk, office := c.signIn("19900000031"), c.signIn(health1)
	for _, ground := range []string{agreement, bill, "nonsense"} {
		for _, who := range []string{clerk, office} {
			for _, purpose := range []string{"credit.evaluation", "credit.supervision", "credit.objection", "credit.repair", "credit.case", "credit.correct", "medical.supervision"} {
				status, answer := c.call(who, "POST", "/v1/records/lookups",
					m{"subject": m{"idNumber": "430181199001010003"}, "purpose": purpose, "case": ground, "scopes": []string{"records.penalty"}})
				if status != 403 && status != 404 {
					t.Errorf("%s for %s: %d %v", ground, purpose, status, answer)
				}
			}
		}
	}
	at := "/v1/medical/bills/" + bill
	c.must(200, office, "GET", at, nil)
	for _, why := range [][]string{
		{"X-Case", "nonsense"}, {"X-Case", agreement}, {"X-Purpose", "credit.repair"}, {"X-Purpose", "share.loan"}, {"X-Purpose", "farmer.file"},
		{"X-Purpose", "audit.access"}, {"X-Purpose", "curiosity"},
	} {
		if status, answer := c.call(office, "GET", at, nil, why...); status != 403 && status != 400 {
			t.Errorf("%v: %d %v", why, status, answer)
		}
	}
	c.must(200, office, "GET", at, nil, "X-Purpose", "medical.supervision")
	c.must(200, office, "GET", at, nil, "X-Case", bill)
	told := fmt.Sprint(c.must(200, me, "GET", "/v1/me/accesses", nil))
	for _, never := range []string{"credit.repair", "share.loan", "farmer.file", "audit.access", "curiosity"} {
		if strings.Contains(told, never) {
			t.Errorf("she is told of %s: %s", never, told)
		}
	}
}
