package village

import "xinyi/models"

// A Snapshot is what one village's automatic indicators were computed from, as it was on the cut-off day of a round. It is written
// once. The rows are committed to by a Merkle tree (RFC 6962), so that every household can be shown that its own row is in it.
type Snapshot struct {
	models.Meta `bson:",inline"` // the id is FrozenID(round, village)

	Round     string           `bson:"round"`
	Village   models.Region    `bson:"village"`
	CutOff    models.Day       `bson:"cutOff"`
	Facts     map[string]int64 `bson:"facts"` // exact; what is published of them hides counts below five
	Size      int64            `bson:"size"`  // rows
	Root      string           `bson:"root"`  // of the rows in the order of their households, base64
	Rows      []byte           `bson:"rows"`  // packed
	Published Published        `bson:"told"`  // of a town: what may be told of the sums, since villages hide some
}

// SnapshotID names what was frozen of a village in a round.
func SnapshotID(round string, village models.Region) string {
	return models.Derived("frozen", round, string(village))
}
