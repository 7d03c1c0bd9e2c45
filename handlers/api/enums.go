package api

import (
	"xinyi/models"
	"xinyi/models/delivery"
)

// An Outcome is how a rule or one of its clauses came out.
type Outcome string

// Enum are all of them.
func (Outcome) Enum() []any { return models.Enum[Outcome](models.Pass, models.Fail, models.Unknown) }

// A ChangeableBy is who can change how a clause comes out.
type ChangeableBy string

// Enum are all of them.
func (ChangeableBy) Enum() []any {
	return models.Enum[ChangeableBy](models.BySubject, models.ByDepartment, models.ByTime, models.ByNobody)
}

// A Channel is a way messages are carried to somebody's phone or system.
type Channel string

// Enum are all of them.
func (Channel) Enum() []any {
	return models.Enum[Channel](delivery.FCM, delivery.Vendor, delivery.WebPush, delivery.SMS, delivery.Webhook)
}
