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
	Registering ClientState = "PROPOSED" // one person asked for it
	Active      ClientState = "ACTIVE"   // another confirmed it
	Stopped     ClientState = "STOPPED"
	Declined    ClientState = "REFUSED" // never let in
)

// Enum are all of them.
func (ClientState) Enum() []any { return models.Enum(Registering, Active, Stopped, Declined) }

// clientMoves is the whole life of a client.
var clientActs = models.Acts[ClientState]{
	models.From(Registering).To(Active).Another("Confirm", models.System, models.CreditOffice),
	models.From(Registering).To(Declined).By("Decline", models.CreditOffice),
	models.From(Active).To(Stopped).By("Stop", models.System, models.CreditOffice),
	models.From(Stopped).To(Active).By("Resume", models.System, models.CreditOffice),
}

var clientMoves = clientActs.Machine()

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
	Scope   []string       `bson:"scope,omitempty"` // that organisation and all it answers to
	Makers  models.Makers  `bson:"makers,omitempty"`
	Secrets []ClientSecret `bson:"secrets,omitempty"` // at most two, the newer last
	Order   *SecretOrder   `bson:"order,omitempty"`   // of a new secret; nil: none
}

// A SecretOrder is how a new secret comes to be: one officer asks, another confirms, and the partner alone claims it with the code that
// its phone was sent.
type SecretOrder struct {
	Makers    models.Makers `bson:"makers"`
	Overlap   time.Duration `bson:"overlap"`        // how long the secret before stays good
	Hash      string        `bson:"hash,omitempty"` // of the code; "" until confirmed
	ExpiresAt time.Time     `bson:"expiresAt"`
	Tries     int           `bson:"tries"` // wrong answers it still takes
}

// ClientSecret is the hash of a secret, good from From until before To.
type ClientSecret struct {
	Hash string     `bson:"hash"`
	From time.Time  `bson:"from"`
	To   *time.Time `bson:"to,omitempty"` // nil: until replaced
}

// A ClientOf is whom a system acts for, as the register of organisations says.
type ClientOf struct {
	Kind   models.Role
	Name   string
	Org    string
	Region models.Region
	Scope  []string
}

// NewClient proposes a system without a secret. Errors: Invalid.
func NewClient(id string, of ClientOf, by models.Actor, now time.Time) (*Client, error) {
	if id == "" || of.Name == "" || of.Org == "" || !slices.Contains(ClientKinds, of.Kind) {
		return nil, models.E(models.Invalid, "identity.client_incomplete")
	}
	c := &Client{Kind: of.Kind, Name: of.Name, Org: of.Org, Region: of.Region, Scope: of.Scope}
	c.ID, c.State, c.Moved = id, Registering, models.Moved{By: by.Role, At: now}
	c.Makers.Touch(by)
	return c, nil
}

// Confirm is the second person's word. Errors: Forbidden "second_person"; InvalidTransition.
func (c *Client) Confirm(by models.Actor, now time.Time) error {
	if c.State != Registering {
		return models.Refused(c.Life, clientMoves[c.State], "identity.client_decided")
	}
	if err := secondOf(c.Makers, by); err != nil {
		return err
	}
	c.Makers.Touch(by)
	if err := c.Move(clientMoves, Active, by.At(now), "identity.client_decided"); err != nil {
		return err
	}
	c.Publish(EventClientChanged.Of(ClientData{What: "registered"}), "", by, now)
	return nil
}

// secondOf is the second of four eyes; whoever runs the program stands for both.
func secondOf(makers models.Makers, by models.Actor) error {
	if by.Is(models.System) {
		return nil
	}
	return makers.Second(by)
}

// Decline ends what was only asked for. Errors: InvalidTransition.
func (c *Client) Decline(by models.Actor, why string, now time.Time) error {
	return c.Move(clientMoves, Declined, by.At(now).Because(why), "identity.client_decided")
}

// OrderSecret asks for a new secret; an order before it is over. Errors: InvalidTransition unless the client is active.
func (c *Client) OrderSecret(by models.Actor, overlap time.Duration, now time.Time) error {
	if c.State != Active {
		return models.Refused(c.Life, clientMoves[c.State], "identity.client_refused")
	}
	c.Order = &SecretOrder{Overlap: overlap}
	c.Order.Makers.Touch(by)
	c.Publish(EventClientChanged.Of(ClientData{What: "secret_asked"}), "", by, now)
	return nil
}

// SendSecret is the second person's word: a code, of which hash is the keyed hash, goes to the partner. Errors: Conflict
// "identity.secret_not_asked" when nothing waits; Forbidden "second_person".
func (c *Client) SendSecret(by models.Actor, hash string, life time.Duration, tries int, now time.Time) error {
	if c.State != Active || c.Order == nil || c.Order.Hash != "" {
		return models.E(models.Conflict, "identity.secret_not_asked")
	}
	if err := secondOf(c.Order.Makers, by); err != nil {
		return err
	}
	c.Order.Makers.Touch(by)
	c.Order.Hash, c.Order.ExpiresAt, c.Order.Tries = hash, now.Add(life), tries
	c.Publish(EventClientChanged.Of(ClientData{What: "secret_confirmed"}), "", by, now)
	return nil
}

// Claim answers the order's code with hash: then secret is the client's. A wrong answer counts, and the last one allowed ends the
// order: that must be saved too, so it is an answer and not an error. Errors: those of Rotate.
func (c *Client) Claim(hash, secret string, now time.Time) (bool, error) {
	o := c.Order
	if c.State != Active || o == nil || o.Hash == "" || !now.Before(o.ExpiresAt) {
		return false, nil
	}
	if !same(hash, o.Hash) {
		if o.Tries--; o.Tries <= 0 {
			c.Order = nil
		}
		return false, nil
	}
	c.Order = nil
	return true, c.Rotate(c.Actor(), secret, o.Overlap, now)
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
	if err := c.Move(clientMoves, Stopped, by.At(now).Because(why), "identity.client_stopped"); err != nil {
		return err
	}
	c.Publish(EventClientChanged.Of(ClientData{What: "stopped"}), "", by, now)
	return nil
}

// Resume lets the partner in again.
func (c *Client) Resume(by models.Actor, now time.Time) error {
	if err := c.Move(clientMoves, Active, by.At(now), "identity.client_active"); err != nil {
		return err
	}
	c.Publish(EventClientChanged.Of(ClientData{What: "resumed"}), "", by, now)
	return nil
}

// Actor is whom the client acts as.
func (c *Client) Actor() models.Actor {
	return models.Actor{Role: c.Kind, Org: c.Org, Region: c.Region, Client: c.ID}
}
