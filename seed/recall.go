package seed

import (
	"time"

	"xinyi/models"
	"xinyi/models/decision"
	"xinyi/models/recall"
	"xinyi/models/record"
)

// recalls are the uses of the city's list entries, and what was called back.
type recalls struct {
	uses  []*recall.Use
	calls []*recall.Call
}

// Who had asked for an entry with consent: the bank has yet to answer, the provider has.
const (
	readingBank     = "bank-liuyang-nongshang"
	readingProvider = "provider-liuyang-wenlv"
)

// use notes that a decision, a bank and a provider used an entry.
func (v *recalls) use(d *decision.Decision, entry *record.Record) {
	v.uses = append(v.uses, recall.NewUse(recall.Paper{Kind: recall.Decision, Ref: d.ID, Recipient: ""}, entry.ID, 1, d.Subject, d.At))
	for _, org := range []string{readingBank, readingProvider} {
		receipt := models.Derived("seed receipt", org, entry.ID)
		v.uses = append(v.uses, recall.NewUse(recall.Paper{Kind: recall.Share, Ref: receipt, Recipient: org, Region: "430181"}, entry.ID, 1,
			d.Subject, d.At.Add(time.Hour)))
	}
}

// call calls the uses of an entry back; the decision's and the provider's are settled.
func (v *recalls) call(e models.Event, entry *record.Record, at time.Time) error {
	c := recall.NewCall(e, recall.Change{Record: entry.ID, Version: entry.Current.No, Subject: entry.Subject, Newer: true}, at)
	n := recall.Counts{}
	for _, u := range v.uses {
		fresh, err := u.Recall(c, recall.Standard, at)
		if err != nil {
			return err
		}
		if !fresh {
			continue
		}
		switch {
		case u.Kind == recall.Decision:
			n.Decisions++
			u.Settled(at)
		case u.Recipient == readingProvider:
			n.Shares++
			err = u.Ack("已按更正后的信息更新", models.Actor{Role: models.Provider, Org: u.Recipient}, at.Add(time.Hour))
		default:
			n.Shares++
		}
		if err != nil {
			return err
		}
		u.Outbox = nil
	}
	if _, err := c.Finish(n, at.Add(time.Minute)); err != nil {
		return err
	}
	c.Outbox = nil
	v.calls = append(v.calls, c)
	return nil
}
