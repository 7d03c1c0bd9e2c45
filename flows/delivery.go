package flows

import (
	"context"

	"xinyi/models"
	"xinyi/models/inbox"
)

// Delivery tells a person anew of a message that was put off and is back.
type Delivery struct {
	Again func(ctx context.Context, e models.Event) error // e's subject is the message; twice is once
}

// Subscribers are to be given to the relay.
func (f Delivery) Subscribers() []Subscriber {
	return []Subscriber{{Name: "delivery", Do: f.Again, Kinds: Kinds(inbox.EventReturned)}}
}
