package seed

import (
	"testing"

	"xinyi/models/campaign"
)

// Every state a campaign can rest in without having told anybody is in the demo city; what runs and is done, the sandbox lives through.
func TestCampaignStates(t *testing.T) {
	p, err := NewPopulation(noon)
	if err != nil {
		t.Fatal(err)
	}
	all, err := newNotices(p, noon)
	if err != nil {
		t.Fatal(err)
	}
	states := map[campaign.State]int{}
	for _, c := range all {
		states[c.State]++
		if c.State == campaign.Approved && (c.WakeAt == nil || !c.WakeAt.After(noon) || c.Makers.Second(c.Approver) != nil) {
			t.Errorf("%s wakes at %v; %s wrote it and %s let it go", c.ID, c.WakeAt, c.Makers, c.Approver.Person)
		}
		if c.Counts != (campaign.Counts{}) {
			t.Errorf("%s says that it told people: %+v", c.ID, c.Counts)
		}
	}
	for _, s := range []campaign.State{campaign.Draft, campaign.Approved, campaign.Stopped, campaign.Cancelled} {
		if states[s] == 0 {
			t.Errorf("none is %s", s)
		}
	}
}
