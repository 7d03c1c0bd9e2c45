package identity

import (
	"slices"
	"time"

	"xinyi/models"
)

// A ClientState is where a partner's access stands.
type ClientState string

// The states of a client.
const (
	Active  ClientState = "ACTIVE"
	Stopped ClientState = "STOPPED"
)

// Enum are all of them.
func (ClientState) Enum() []any { return models.Enum(Active, Stopped) }

// clientMoves is the whole life of a client.
var clientMoves = models.Machine[ClientState]{Active: {Stopped}, Stopped: {Active}}

// ClientKinds are what a partner's system can be.
var ClientKinds = []models.Role{models.Hospital, models.Bank, models.Provider, models.Department}

// minSecret is the least length of a client secret, in bytes.
const minSecret = 20

// A Client is a partner's system. Its id is the client id.
type Client struct {
	models.Meta              `bson:",inline"`
	models.Life[ClientState] `bson:",inline"`

	Kind    models.Role    `bson:"kind"`
	Name    string         `bson:"name"`
	Org     string         `bson:"org"` // organisation it acts for
	Region  models.Region  `bson:"region"`
	Secrets []ClientSecret `bson:"secrets,omitempty"` // at most two, the newer last
}

// ClientSecret is the hash of a secret, good from From until before To.
type ClientSecret struct {
	Hash string     `bson:"hash"`
	From time.Time  `bson:"from"`
	To   *time.Time `bson:"to,omitempty"` // nil: until replaced
}

// NewClient starts a client without a secret. Errors: Invalid.
func NewClient(id string, kind models.Role, name, org string, region models.Region, now time.Time) (*Client, error) {
	if id == "" || name == "" || org == "" || !slices.Contains(ClientKinds, kind) {
		return nil, models.E(models.Invalid, "identity.client_incomplete")
	}
	c := &Client{Kind: kind, Name: name, Org: org, Region: region}
	c.ID, c.State, c.Moved = id, Active, models.Moved{By: models.System, At: now}
	return c, nil
}

// Rotate adds a secret, whose bytes are random; the one before stays good for overlap, so that a partner can change over.
// Errors: Invalid "identity.secret_too_short".
func (c *Client) Rotate(by models.Actor, secret string, overlap time.Duration, now time.Time) error {
	if len(secret) < minSecret {
		return models.E(models.Invalid, "identity.secret_too_short")
	}
	if n := len(c.Secrets); n > 0 {
		c.Secrets = c.Secrets[n-1:]
		if last := &c.Secrets[0]; last.To == nil || last.To.After(now.Add(overlap)) {
			last.To = models.At(now.Add(overlap))
		}
	}
	c.Secrets = append(c.Secrets, ClientSecret{Hash: HashToken(secret), From: now})
	c.Publish(EventClientChanged.Of(ClientData{What: "secret"}), "", by, now)
	return nil
}

// Opens says whether secret is one of the client's at now. It takes the same time for each of them.
func (c *Client) Opens(secret string, now time.Time) bool {
	hash, ok := HashToken(secret), false
	for _, s := range c.Secrets {
		good := same(hash, s.Hash)
		ok = ok || good && !now.Before(s.From) && (s.To == nil || now.Before(*s.To))
	}
	return ok && c.State == Active
}

// Stop shuts the partner out at once.
func (c *Client) Stop(by models.Actor, why string, now time.Time) error {
	if err := c.Move(clientMoves, Stopped, by, now, "identity.client_stopped", why); err != nil {
		return err
	}
	c.Publish(EventClientChanged.Of(ClientData{What: "stopped"}), "", by, now)
	return nil
}

// Resume lets the partner in again.
func (c *Client) Resume(by models.Actor, now time.Time) error {
	if err := c.Move(clientMoves, Active, by, now, "identity.client_active", ""); err != nil {
		return err
	}
	c.Publish(EventClientChanged.Of(ClientData{What: "resumed"}), "", by, now)
	return nil
}

// Actor is whom the client acts as.
func (c *Client) Actor() models.Actor {
	return models.Actor{Role: c.Kind, Org: c.Org, Region: c.Region, Client: c.ID}
}
