package notifications

// Silent are the kinds nobody gets a message of, each with its reason. Any other kind needs its texts.
var Silent = map[string]string{
	"inbox.message_returned":  "the message itself is in the inbox again",
	"events.dead_replayed":    "between the operator and the relay",
	"identity.client_changed": "about a partner's system, not about a person",
	"identity.left":           "the account is closed: nobody is left to read it",

	"medical.agreement_frozen":      "the overdue bill that froze it says so",
	"medical.visit_charged":         "charges come and go until the visit is settled",
	"medical.visit_excepted":        "the hospital's desk has to act, not the patient",
	"medical.visit_hold_uneven":     "the agreement's hold follows by itself",
	"medical.bill_cancelled":        "the bill never had an amount",
	"medical.bill_overdue_suspends": "the agreement's suspension says so",
	"medical.bill_default_noticed":  "the record of conduct says so, with the days for an objection",
	"medical.bill_waiver_asked":     "two desks decide; the patient hears of what is granted",
	"medical.bill_waiver_denied":    "the patient did not ask, and owes what was owed",
	"medical.payment_started":       "the payer is looking at it",
	"medical.payment_lapsed":        "the channel is asked how it ended",
	"medical.check_due":             "the ledger's nightly check goes on by itself",
	"medical.check_done":            "the books agree; the office sees it in the list of checks",
	"medical.check_failed":          "about the books, not about a person: the operator's alarm says so",
	"medical.default_archived":      "a healed record leaves the files; nothing changes for the person",

	"webhook.endpoint_registered": "between a partner's system and ours",
	"webhook.endpoint_changed":    "between a partner's system and ours",
	"webhook.endpoint_disabled":   "about a partner's system: its list of endpoints says so, and the operator's",
	"webhook.endpoint_enabled":    "between a partner's system and ours",

	"campaign.drafted":   "staff are looking at it",
	"campaign.changed":   "staff are looking at it",
	"campaign.approved":  "its people are told when it runs",
	"campaign.cancelled": "nobody was told of it",
	"campaign.started":   "its people are told themselves",
	"campaign.part_due":  "the campaign goes on by itself",
	"campaign.done":      "staff see it in the list of campaigns",
	"campaign.stopped":   "who was told keeps the message; the others never hear of it",

	"decision.made":       "what was decided on tells its person itself",
	"decision.recalled":   "it is made again at once, and that is told",
	"decision.office_due": "about nobody in particular: the office sees it in its queue",
	"recall.recalled":     "recipients hear of it through their systems, the person by the call as a whole",
	"recall.chased":       "recipients hear of it through their systems",
	"recall.overdue":      "the credit office sees it in the list of those overdue, the person with the call",
	"recall.acknowledged": "the person sees it with the call",
	"recall.sweep_due":    "the call goes on by itself",

	"batch.part_due":  "the batch goes on by itself",
	"batch.submitted": "whoever submitted it is looking at it",
	"batch.withdrawn": "whoever withdrew it sees how far it has come",

	"report.issued":  "the person has just asked for it",
	"report.revoked": "the person has just done it",

	"casework.answered":  "the desk goes on with it; the person hears the decision",
	"casework.supplied":  "the person has just done it",
	"casework.withdrawn": "the person has just done it",
	"casework.prepared":  "record.eligible told of the day at the same time",
	"casework.closed":    "what it came to was told when it was decided",

	"audit.seal_due": "the log is sealed by itself",
	"audit.sealed":   "everybody can read the heads; nobody has to act",

	"catalogue.drafted":   "staff are looking at it",
	"catalogue.changed":   "staff are looking at it",
	"catalogue.submitted": "a second person finds it in the list of versions under review",
	"catalogue.published": "anybody can read the catalogue",
	"catalogue.in_force":  "about no person: what comes in from today is read by it",
	"catalogue.retired":   "about no person: the version after it says so",

	"uscc.ticket_opened":    "a desk finds it in its list",
	"uscc.ticket_assigned":  "a desk finds it in its list",
	"uscc.ticket_corrected": "the data is looked at by itself",
	"uscc.ticket_verified":  "a desk sees it in its list",
	"uscc.ticket_reopened":  "a desk finds it in its list again",
	"uscc.ticket_closed":    "a desk sees it in its list",
	"uscc.scan_started":     "staff are looking at it",
	"uscc.part_due":         "the scan goes on by itself",
	"uscc.scan_done":        "staff see it in the list of scans",

	"consent.denied": "the person just said so, and whoever asked is not to learn of it",
	"consent.lapsed": "the person let the request pass, and lost nothing by it",
}
