package identity

import "xinyi/models"

// DemoID is the id of the one Demo document.
const DemoID = "demo"

// Demo lists the made-up people and partner systems of a sandbox, for its accounts page. A city has none.
type Demo struct {
	models.Meta `bson:",inline"`
	People      []DemoPerson `bson:"people"`
	Clients     []DemoClient `bson:"clients"`
}

// A DemoPerson is a made-up person who can sign in.
type DemoPerson struct {
	Name   string        `bson:"name"`
	Phone  models.Secret `bson:"phone"`
	Role   models.Role   `bson:"role"` // resident, or the office held
	Region models.Region `bson:"region"`
}

// A DemoClient is a made-up partner system and its secret.
type DemoClient struct {
	Kind     models.Role   `bson:"kind"`
	Name     string        `bson:"name"`
	Region   models.Region `bson:"region"`
	ClientID string        `bson:"clientId"`
	Secret   models.Secret `bson:"secret"`
}
