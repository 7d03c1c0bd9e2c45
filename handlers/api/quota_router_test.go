package api_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
)

// A person makes so many a day and no more, whatever is sent at one time; what was refused or answered before does not count.
func TestQuota(t *testing.T) {
	d := opened(t, func(c *api.Config) { c.Quotas = api.Quotas{Ballots: api.Ration{Count: 5, Bytes: 2 << 20}, Office: 2} })
	write := func(who, key string) int {
		return d.Ask("POST /v1/notes", `{"text":"a"}`, "as "+who, "key "+key).Status
	}
	if got := d.Ask("POST /v1/notes", `{"text":""}`, "as ann", "key bad"); got.Status != 400 {
		t.Fatalf("%d", got.Status)
	}
	for range 3 {
		write("ann", "same")
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for i := range 12 {
		wg.Go(func() {
			if write("ann", fmt.Sprint("k", i)) == 201 {
				mu.Lock()
				made++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if made != 4 {
		t.Errorf("%d more were made, want 4", made)
	}
	got := d.Ask("POST /v1/notes", `{"text":"a"}`, "as ann", "key late")
	if got.Status != 429 || !strings.Contains(got.Body, `"quota.bytes_used_up"`) || !strings.Contains(got.Body, "5") || got.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s %s", got.Status, got.Header.Get("Retry-After"), got.Body)
	}
	for i := range 8 { // a partner's system has no ration
		if got := write("client:"+string(models.Hospital), fmt.Sprint("c", i)); got != 201 {
			t.Errorf("call %d of a system: %d", i, got)
		}
	}
	if got := write("bob", "b"); got != 201 {
		t.Errorf("bob pays for ann: %d", got)
	}
	d.Forward(24 * time.Hour)
	if got := write("ann", "next"); got != 201 {
		t.Errorf("the next day: %d", got)
	}
}
