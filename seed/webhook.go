package seed

import (
	"crypto/sha256"
	"fmt"
	"time"

	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/models/webhook"
)

// hook is an endpoint of a demo system. Nothing is ever sent out of the demo: the one that is on belongs to an organisation that no
// document of the demo names, and the hospital's is off until somebody gives it an address that answers.
type hook struct {
	client, url string
	kinds       []string
	off         string // why it is disabled; "" for active
}

var hooks = []hook{
	{"hospital-liuyang-zhongyi", "https://his.hospital-liuyang-zhongyi.example/xinyi", []string{"medical.bill_issued", "medical.bill_paid", "medical.refund_done"}, "示范地址，改成真实地址后再启用"},
	{"department-changsha-minzheng", "https://oa.department-changsha-minzheng.example/xinyi", nil, ""},
}

// endpoints makes the endpoints of the demo's systems. Their keys are as public as the systems' secrets.
func endpoints(clients []*identity.Client, opened time.Time) ([]*webhook.Endpoint, error) {
	of := map[string]models.Actor{}
	for _, c := range clients {
		of[c.ID] = c.Actor()
	}
	var all []*webhook.Endpoint
	for _, h := range hooks {
		mac, ed := sha256.Sum256([]byte("sandbox-hmac-of-"+h.client)), sha256.Sum256([]byte("sandbox-ed25519-of-"+h.client))
		e, err := webhook.New("webhook-"+h.client, of[h.client], webhook.Wish{URL: h.url, Kinds: h.kinds},
			webhook.Seeds{HMAC: mac[:], Ed: ed[:]}, opened)
		if err == nil && h.off != "" {
			err = e.Disable(of[h.client], h.off, opened)
		}
		if err != nil {
			return nil, fmt.Errorf("seed webhook of %s: %w", h.client, err)
		}
		e.Outbox = nil
		all = append(all, e)
	}
	return all, nil
}
