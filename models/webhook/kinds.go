package webhook

import (
	"slices"
	"strconv"

	"xinyi/models"
)

// ping is what a test of an endpoint sends. Every role may hear of it, whatever an endpoint wants.
const ping = "webhook.ping"

// Ping is the kind of what a test of an endpoint sends.
func Ping() string { return ping }

// catalogue says which kinds of events the systems of a role may hear of, about their own organisation.
//
// Source: docs/sources.md#webhook-kinds (what partners hear of, and what they do not).
var catalogue = map[models.Role][]string{ //nolint:exhaustive // the others hear of a ping alone
	models.Hospital: {
		"medical.bill_issued", "medical.bill_resettled", "medical.bill_partly_paid", "medical.bill_paid",
		"medical.bill_voided", "medical.bill_waived", "medical.bill_written_off",
		"medical.refund_due", "medical.refund_done",
		"medical.visit_excepted",
		"medical.agreement_suspended", "medical.agreement_reinstated",
		"recall.recalled", "recall.chased",
	},
	models.Bank: {"recall.recalled", "recall.chased"}, models.Provider: {"recall.recalled", "recall.chased"}, models.Department: {"recall.recalled", "recall.chased"},
}

// KindsFor are the kinds of events a role's systems may hear of; none for a role without any.
func KindsFor(r models.Role) []string { return slices.Clone(catalogue[r]) }

// Kinds are the kinds of events some role may hear of, sorted.
func Kinds() []string {
	var all []string
	for _, of := range catalogue {
		all = append(all, of...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// known refuses kinds a role may not hear of. Errors: Invalid with every fault.
func known(kinds []string, r models.Role) error {
	may := KindsFor(r)
	var faults []models.Field
	for i, k := range kinds {
		if !slices.Contains(may, k) {
			faults = append(faults, models.Field{Pointer: "/kinds/" + strconv.Itoa(i), Code: "webhook_kind"})
		}
	}
	if len(faults) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "webhook.kind_unknown", Fields: faults}
	}
	return nil
}
