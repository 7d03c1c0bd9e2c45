// Package identity says who somebody is: persons (自然人) and their real names (实名认证), the offices they hold, the devices
// they are signed in on, one-time codes, partner systems (接入方), and who acts for whom (监护人, 代办人).
//
// A person starts as a phone and becomes a real name once, for good. Nobody else's phone, number or name is ever
// part of an answer or an event.
package identity

import (
	"strings"
	"time"

	"xinyi/models"
)

// Policy holds the numbers of signing in. All are configuration; Standard is what a city starts with.
type Policy struct {
	CodeLife    time.Duration // how long a one-time code is good
	CodeTries   int           // wrong answers a code takes
	CodeEvery   time.Duration // least time between two codes to one phone that one device or one address asks for
	CodesHourly int           // codes to one phone in 60 minutes that one device or one address asks for
	PhoneHourly int           // codes to one phone in 60 minutes that all strange devices together ask for
	FromAddress int           // codes asked for from one address in any 60 minutes
	CityMinute  int           // codes to all phones in a minute
	CityDaily   int           // codes to all phones in 24 hours, which cost the city money
	Idle        time.Duration // a session nobody refreshes ends
	Absolute    time.Duration // a session ends
	Grace       time.Duration // how long the refresh token before is still good: an answer lost on the way
	BindTries   int           // real-name attempts of a person a day
	MandateMax  time.Duration // longest mandate of an agent
	MandateAsk  time.Duration // a mandate or an invitation that nobody answers is over
}

// Standard is the policy a city starts with.
//
// Source: docs/sources.md#identity-policy (our assumption, configuration).
var Standard = Policy{
	CodeLife: 5 * time.Minute, CodeTries: 5, CodeEvery: time.Minute, CodesHourly: 5, PhoneHourly: 15, FromAddress: 60, CityMinute: 600, CityDaily: 50_000,
	Idle: 60 * 24 * time.Hour, Absolute: 180 * 24 * time.Hour, Grace: 30 * time.Second,
	BindTries: 5, MandateMax: 2 * 365 * 24 * time.Hour, MandateAsk: 14 * 24 * time.Hour,
}

// Trial is the policy of a sandbox: no text message is sent there and nobody is woken by one, so the same demo phone may sign in again at
// once.
var Trial = func() Policy {
	p := Standard
	p.CodeEvery, p.CodesHourly, p.PhoneHourly, p.FromAddress = 0, 60, 600, 1200
	return p
}()

// ParsePhone reads a mainland mobile number: 11 digits from 13 to 19, with or without +86 before them, and gives the 11 digits.
// Errors: Invalid "identity.phone_invalid".
func ParsePhone(s string) (models.Secret, error) {
	n := strings.TrimPrefix(s, "+86")
	if len(n) != 11 || n[0] != '1' || n[1] < '3' {
		return models.Secret{}, models.Bad("/phone", "cnphone", "identity.phone_invalid")
	}
	for i := range len(n) {
		if n[i] < '0' || n[i] > '9' {
			return models.Secret{}, models.Bad("/phone", "cnphone", "identity.phone_invalid")
		}
	}
	return models.NewSecret(n), nil
}

// ReadPhone reads a mainland mobile number as people and other systems write it: "+86 (138) 0000-0033", "0086 138-0000-0033".
// Errors: as ParsePhone.
func ReadPhone(s string) (models.Secret, error) {
	n := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -.()/\t\u00a0", r) {
			return -1
		}
		return r
	}, s)
	if rest, ok := strings.CutPrefix(n, "0086"); ok {
		n = rest
	}
	return ParsePhone(n)
}

// A Link ties a subject of an outside sign-in to a person. Its id is made of issuer and subject.
type Link struct {
	models.Meta `bson:",inline"`
	Issuer      string `bson:"issuer"`
	Person      string `bson:"person"`
}
