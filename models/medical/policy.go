package medical

import "xinyi/models"

// Terms govern an agreement and its bills. They are the scheme's data; Standard is what the seeds start from.
// Day counts are natural days unless they say working days; dpd is days past due.
//
// Source: docs/sources.md#medical-terms.
type Terms struct {
	OutpatientDays int        `bson:"outpatientDays"` // payment window, counted from the day of issue
	InpatientDays  int        `bson:"inpatientDays"`
	GraceDays      int        `bson:"graceDays"`
	RemindDays     []int      `bson:"remindDays"` // relative to the due day, at RemindHour
	RemindHour     int        `bson:"remindHour"`
	SuspendDpd     int        `bson:"suspendDpd"`
	NoticeDpd      int        `bson:"noticeDpd"`    // notice that a default may be recorded
	ObjectDays     int        `bson:"objectDays"`   // working days to object, pay or ask for help
	CollectDpd     int        `bson:"collectDpd"`   // bill goes into collection; a default may be confirmed
	DefaultMin     models.Fen `bson:"defaultMin"`   // below this no default is ever recorded
	MinReminders   int        `bson:"minReminders"` // delivered, before a default may be confirmed
	MinChannels    int        `bson:"minChannels"`
	CoolingDays    []int      `bson:"coolingDays"` // after the cure of the 1st, 2nd, 3rd … default within YearDays
	YearDays       int        `bson:"yearDays"`
	CloseAfter     int        `bson:"closeAfter"` // defaults within YearDays that end the agreement
	RepairDays     int        `bson:"repairDays"` // after the cure, first default
	RepairDaysMore int        `bson:"repairDaysMore"`
	ArchiveDays    int        `bson:"archiveDays"` // a repaired record stays visible to the person this long
	KeepYears      int        `bson:"keepYears"`   // from the cure; then the record is deleted
	HoldDays       int        `bson:"holdDays"`    // an outpatient hold nobody touches
	StayDays       int        `bson:"stayDays"`    // an inpatient hold nobody touches
	IntentMinutes  int        `bson:"intentMinutes"`
	MinPayment     models.Fen `bson:"minPayment"`
	ResumeDays     int        `bson:"resumeDays"` // left at least when a stopped clock resumes
	PauseMaxDays   int        `bson:"pauseMaxDays"`
	Months         int        `bson:"months"`       // an agreement's term
	ExpiringDays   int        `bson:"expiringDays"` // told so long before its end
	RaiseEvery     int        `bson:"raiseEvery"`   // bills paid on time before the limit rises
	RaiseBp        models.Bp  `bson:"raiseBp"`
	CutBp          models.Bp  `bson:"cutBp"`        // of the limit, after a cured default
	MulaidInside   bool       `bson:"mulaidInside"` // family mutual-aid account pay is already inside acctPay
}

// Standard are the terms of the demo schemes.
var Standard = Terms{
	OutpatientDays: 7, InpatientDays: 15, GraceDays: 0,
	RemindDays: []int{-3, -1, 0, 1, 3, 7, 15, 30}, RemindHour: 9,
	SuspendDpd: 7, NoticeDpd: 15, ObjectDays: 10, CollectDpd: 30,
	DefaultMin: 10000, MinReminders: 3, MinChannels: 2,
	CoolingDays: []int{0, 90, 365}, YearDays: 365, CloseAfter: 3,
	RepairDays: 90, RepairDaysMore: 365, ArchiveDays: 30, KeepYears: 5,
	HoldDays: 7, StayDays: 60, IntentMinutes: 30, MinPayment: 100, ResumeDays: 3, PauseMaxDays: 30,
	Months: 12, ExpiringDays: 30, RaiseEvery: 6, RaiseBp: 1000, CutBp: 5000,
}

// Due is the due day of a bill issued on a day.
func (t Terms) Due(typ VisitType, issued models.Day) models.Day {
	if typ == Inpatient {
		return issued.Add(t.InpatientDays)
	}
	return issued.Add(t.OutpatientDays)
}

// Cooling is how long credit rests after the cure of the n-th default within a year, n ≥ 1. The last value covers all that follow.
func (t Terms) Cooling(n int) int {
	if len(t.CoolingDays) == 0 || n < 1 {
		return 0
	}
	return t.CoolingDays[min(n, len(t.CoolingDays))-1]
}

// Raised is a limit after enough bills paid on time: RaiseBp more, rounded down to whole yuan, at most top.
func (t Terms) Raised(limit, top models.Fen) models.Fen {
	return max(limit, min(top, (limit+t.RaiseBp.Of(limit))/100*100))
}

// Cut is a limit after a cured default: CutBp of it, rounded up to whole yuan in the resident's favour, never more than it was.
func (t Terms) Cut(limit models.Fen) models.Fen {
	return min(limit, (t.CutBp.Of(limit)+99)/100*100)
}
