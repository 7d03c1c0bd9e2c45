package main

import (
	"strings"
	"testing"
)

// A notice to a county: drafted by one, let go by another, in everybody's inbox, with numbers that add up; and one that is stopped.
func TestCampaign(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	maker, checker, me := c.signIn("19900000031"), c.signIn("19900000032"), c.signIn(resident)
	const phone = "ok#of-a-reader"
	c.must(200, me, "PUT", "/v1/me/devices/phone-0001", m{"channel": "fcm", "token": phone, "lang": "en"})
	notice := m{
		"title": m{"zh": "停水通知", "en": "No water"}, "body": m{"zh": "明天上午停水两小时。", "en": "No water for two hours tomorrow morning."},
		"class": "service", "severity": "info", "audience": m{"region": "430181"},
	}
	id := c.must(201, maker, "POST", "/v1/campaigns", notice)["id"].(string)
	if status, e := c.call(maker, "POST", "/v1/campaigns/"+id+"/approve", nil); status != 403 {
		t.Fatalf("one's own work is approved: %d %v", status, e)
	}
	c.must(200, checker, "POST", "/v1/campaigns/"+id+"/approve", nil)
	var now m
	c.waits("everybody is told", func() bool {
		now = c.must(200, maker, "GET", "/v1/campaigns/"+id, nil)
		return now["state"] == "DONE"
	})
	people, _ := now["people"].(m)
	if people["kept"] == nil || people["kept"].(float64) < 150 || people["seen"] != people["kept"] || people["audience"] != people["seen"] {
		t.Fatalf("the county was told: %v", now)
	}
	got := 0
	for _, item := range c.must(200, me, "GET", "/v1/me/inbox?limit=100", nil)["items"].([]any) {
		if strings.Contains(item.(m)["title"].(string), "No water") {
			got++
		}
	}
	if got != 1 {
		t.Errorf("the notice is in the inbox %d times", got)
	}
	c.advance("PT30H")
	c.waits("the push", func() bool { return len(c.shown(phone)) > 0 })
	for _, p := range c.shown(phone) {
		if strings.Contains(p.(m)["body"].(string), "water") {
			t.Errorf("the locked screen shows %v", p)
		}
	}
	maker, checker = c.signIn("19900000031"), c.signIn("19900000032")
	second := c.must(201, maker, "POST", "/v1/campaigns", notice)["id"].(string)
	c.must(200, maker, "POST", "/v1/campaigns/"+second+"/cancel", nil)
	if status, _ := c.call(checker, "POST", "/v1/campaigns/"+second+"/approve", nil); status != 409 {
		t.Errorf("what was cancelled is approved: %d", status)
	}
	town := c.signIn("19900000041")
	if status, _ := c.call(town, "POST", "/v1/campaigns", notice); status != 403 {
		t.Errorf("a town tells the whole county: %d", status)
	}
}
