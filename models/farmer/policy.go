package farmer

import (
	"xinyi/models"
	"xinyi/models/notice"
)

// Policy are the numbers a county sets.
//
// Source: docs/sources.md#farmer-process, docs/sources.md#farmer-peers, docs/sources.md#farmer-share.
type Policy struct {
	SkewMinutes int // a phone's clock may be so much ahead
	OpenChanges int // changes of one household that wait at a time

	PeersInvited int // at least
	PeersValid   int // at least so many answers count
	PeersTrim    int // from so many answers on the highest and the lowest are left out
	PeerDays     int // natural days to answer

	Notice      notice.Terms
	ReviewDays  int // working days of the township
	AppealDays  int // natural days after a refusal
	CertMonths  int // a certificate is good so long
	AnnualDays  int // the yearly review begins so many days before its end
	GraceDays   int // natural days to mend after a review below the line
	FalseMonths int // a proven falsehood counts so long

	FreshSimDays int // a model may have been tried so long ago when it is approved
	NoticeDays   int // between publication of a model and its first day

	DeleteDays int                     // natural days in which a bank attests that it deleted
	RuralMean  map[models.Region]int64 // net income a head of the county's farmers, fen a year; "" is the rest
}

// Standard is the policy the product comes with.
var Standard = Policy{
	SkewMinutes: 5, OpenChanges: 20,
	PeersInvited: 5, PeersValid: 3, PeersTrim: 5, PeerDays: 7,
	Notice:     notice.Terms{Days: 7, Answer: 7},
	ReviewDays: 10, AppealDays: 15, CertMonths: 12, AnnualDays: 60, GraceDays: 90, FalseMonths: 12,
	FreshSimDays: 7, NoticeDays: 7, DeleteDays: 15,
	RuralMean: map[models.Region]int64{"": 4_000_000},
}

// Mean is the county's rural mean.
func (p Policy) Mean(r models.Region) int64 {
	if n, ok := p.RuralMean[r.County()]; ok {
		return n
	}
	return p.RuralMean[""]
}
