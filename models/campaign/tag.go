package campaign

import "xinyi/models"

// A Tag marks a person, so that people with something in common are found by an index. It only repeats what stands
// elsewhere, and follows it.
type Tag struct {
	models.Meta `bson:",inline"` // the id derives from person and tag

	Tag    string        `bson:"tag"`
	Person string        `bson:"person"`
	Region models.Region `bson:"region"` // where the person lives
}

// TagAgreement marks who has an agreement of credit medical care in force, suspended or not.
const TagAgreement string = "medical.agreement"

// Roles are the offices an audience can be asked for by.
var Roles = []models.Role{models.HospitalFinance, models.VillageStaff, models.TownStaff, models.CountyHealth, models.CreditOffice,
	models.Auditor, models.Operator}

// Tags lists every tag, in the order staff see them.
var Tags = func() []string {
	tags := []string{TagAgreement}
	for _, r := range Roles {
		tags = append(tags, RoleTag(r))
	}
	return tags
}()

// RoleTag marks who holds an office.
func RoleTag(r models.Role) string { return "role:" + string(r) }

// TagID is the id of a person's tag.
func TagID(person, tag string) string { return models.Derived("tag", person, tag) }

// NewTag marks a person who lives in a region.
func NewTag(person, tag string, region models.Region) *Tag {
	return &Tag{Meta: models.Meta{ID: TagID(person, tag)}, Tag: tag, Person: person, Region: region}
}
