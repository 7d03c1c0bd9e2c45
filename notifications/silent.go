package notifications

// Silent are the kinds nobody gets a message of, each with its reason. Any other kind with a person needs its texts.
var Silent = map[string]bool{
	"events.dead_replayed": true, // between the operator and the relay
}
