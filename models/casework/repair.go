package casework

import "xinyi/models"

// A RepairFile is what only a repair has.
type RepairFile struct {
	Eligible   models.Day `bson:"eligible"`             // first lawful day
	Ends       models.Day `bson:"ends,omitempty"`       // the day the record ends by itself
	Extended   bool       `bson:"extended,omitempty"`   // the clock was prolonged once
	Commitment string     `bson:"commitment,omitempty"` // hash of the commitment the subject published
	Auto       bool       `bson:"auto,omitempty"`       // prepared by the autopilot
	Shielded   bool       `bson:"shielded,omitempty"`   // bankruptcy reorganisation: shown to nobody while it runs
}
