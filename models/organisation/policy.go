package organisation

import "time"

// Policy holds the numbers of appointments and of new secrets. All are configuration; Standard is what a city starts with.
type Policy struct {
	ContestDays int           // days from the start of an office in which a contest suspends it
	ClaimLife   time.Duration // how long the code for a new secret is good
	ClaimTries  int           // wrong answers it takes
}

// Standard is the policy a city starts with.
//
// Source: docs/sources.md#organisation-policy (our assumption, configuration).
var Standard = Policy{ContestDays: 30, ClaimLife: 24 * time.Hour, ClaimTries: 5}
