package delivery

import (
	"maps"
	"slices"
	"strings"
	"time"

	"xinyi/models"
)

// Preferences are how a person wants to be told. Its id is the person's. What is not said is as the policy has it.
// They bind pushes and text messages; the inbox gets everything, so that nothing that concerns a person is out of sight.
type Preferences struct {
	models.Meta `bson:",inline"`

	Channels  map[string]bool   `bson:"channels,omitempty"` // for all topics; a channel that is not named is wanted
	Topics    map[string]Choice `bson:"topics,omitempty"`
	Quiet     []Window          `bson:"quiet,omitempty"`  // instead of the policy's, when Chosen
	Chosen    bool              `bson:"chosen,omitempty"` // Quiet was chosen, perhaps as none at all
	Marketing bool              `bson:"marketing,omitempty"`
}

// A Choice is what a person wants of one topic.
type Choice struct {
	Muted    bool            `bson:"muted,omitempty"`
	Channels map[string]bool `bson:"channels,omitempty"` // stronger than the general choice
}

// bounds of what a person may keep.
const (
	maxTopics  = 100
	maxWindows = 14
)

// Check finds what is wrong with preferences. topics and channels are those there are.
// Errors: Invalid with every fault; of too many topics that alone.
func (p *Preferences) Check(topics, channels []string) error {
	var fields []models.Field
	bad := func(pointer, code string) { fields = append(fields, models.Field{Pointer: pointer, Code: code}) }
	key := strings.NewReplacer("~", "~0", "/", "~1").Replace // RFC 6901
	for _, c := range slices.Sorted(maps.Keys(p.Channels)) {
		if !slices.Contains(channels, c) {
			bad("/channels/"+key(c), "unknown_channel")
		}
	}
	named := slices.Sorted(maps.Keys(p.Topics))
	if len(named) > maxTopics {
		bad("/topics", "max")
		named = nil
	}
	for _, t := range named {
		if !slices.Contains(topics, t) {
			bad("/topics/"+key(t), "unknown_topic")
		}
		for _, c := range slices.Sorted(maps.Keys(p.Topics[t].Channels)) {
			if !slices.Contains(channels, c) {
				bad("/topics/"+key(t)+"/channels/"+key(c), "unknown_channel")
			}
		}
	}
	fields = append(fields, checkWindows(p.Quiet)...)
	if len(fields) == 0 {
		return nil
	}
	return &models.Error{Code: models.Invalid, Reason: "delivery.preferences_invalid", Fields: fields}
}

// Wants says whether the person wants d's kind of message on a channel. Legal notices cannot be refused; marketing is sent
// to who asked for it alone.
func (p *Preferences) Wants(topic, channel string, class Class, legal bool) bool {
	if legal {
		return true
	}
	choice := p.Topics[topic]
	if class == Marketing && !p.Marketing || choice.Muted {
		return false
	}
	if on, said := choice.Channels[channel]; said {
		return on
	}
	on, said := p.Channels[channel]
	return on || !said
}

// Allowed is the first moment from t on that is in nobody's quiet hours.
func (p *Preferences) Allowed(t time.Time, policy Policy) time.Time {
	if p.Chosen {
		return after(p.Quiet, t)
	}
	return after(policy.Quiet, t)
}
