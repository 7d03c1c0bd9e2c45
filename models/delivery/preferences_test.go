package delivery

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"xinyi/models"
)

func TestWants(t *testing.T) {
	const topic = "village.notice"
	on, off := map[string]bool{FCM: true}, map[string]bool{FCM: false}
	for name, c := range map[string]struct {
		prefs              Preferences
		service, marketing bool
	}{
		"nothing chosen":                        {Preferences{}, true, false},
		"asked for marketing":                   {Preferences{Marketing: true}, true, true},
		"channel on":                            {Preferences{Channels: on, Marketing: true}, true, true},
		"channel off":                           {Preferences{Channels: off, Marketing: true}, false, false},
		"another channel off":                   {Preferences{Channels: map[string]bool{SMS: false}, Marketing: true}, true, true},
		"topic muted":                           {Preferences{Topics: map[string]Choice{topic: {Muted: true}}, Marketing: true}, false, false},
		"another topic muted":                   {Preferences{Topics: map[string]Choice{"medical.bill": {Muted: true}}, Marketing: true}, true, true},
		"topic muted, its channel on":           {Preferences{Topics: map[string]Choice{topic: {Muted: true, Channels: on}}, Marketing: true}, false, false},
		"topic muted, channel on":               {Preferences{Topics: map[string]Choice{topic: {Muted: true}}, Channels: on, Marketing: true}, false, false},
		"channel off, on for the topic":         {Preferences{Topics: map[string]Choice{topic: {Channels: on}}, Channels: off, Marketing: true}, true, true},
		"channel on, off for the topic":         {Preferences{Topics: map[string]Choice{topic: {Channels: off}}, Channels: on, Marketing: true}, false, false},
		"off for the topic":                     {Preferences{Topics: map[string]Choice{topic: {Channels: off}}, Marketing: true}, false, false},
		"on for the topic, no marketing":        {Preferences{Topics: map[string]Choice{topic: {Channels: on}}}, true, false},
		"channel off, another on for the topic": {Preferences{Topics: map[string]Choice{topic: {Channels: map[string]bool{SMS: true}}}, Channels: off, Marketing: true}, false, false},
		"channel off, on for another topic":     {Preferences{Topics: map[string]Choice{"medical.bill": {Channels: on}}, Channels: off, Marketing: true}, false, false},
		"channel off and no marketing":          {Preferences{Channels: off}, false, false},
		"everything off":                        {Preferences{Channels: off, Topics: map[string]Choice{topic: {Muted: true, Channels: off}}}, false, false},
	} {
		for class, want := range map[Class]bool{Service: c.service, Marketing: c.marketing} {
			if got := c.prefs.Wants(topic, FCM, class, false); got != want {
				t.Errorf("%s: %s is %v", name, class, got)
			}
			if !c.prefs.Wants(topic, FCM, class, true) {
				t.Errorf("%s: a legal notice was refused", name)
			}
		}
	}
}

func TestCheckSaysEveryFault(t *testing.T) {
	many := map[string]Choice{}
	for i := range maxTopics + 1 {
		many[strings.Repeat("x", i+1)] = Choice{}
	}
	for name, c := range map[string]struct {
		prefs Preferences
		want  []models.Field
	}{
		"nothing": {Preferences{}, nil},
		"all that there is": {Preferences{
			Channels: map[string]bool{FCM: true, SMS: false}, Topics: map[string]Choice{"a": {Muted: true}, "b/c": {Channels: map[string]bool{SMS: true}}},
			Quiet: Standard.Quiet, Chosen: true, Marketing: true,
		}, nil},
		"everything wrong": {Preferences{
			Channels: map[string]bool{"pigeon": true, "a/b~c": true, FCM: true},
			Topics:   map[string]Choice{"b/c": {Channels: map[string]bool{"fax": false}}, "x/~y": {Channels: map[string]bool{"m/n": true, "fax": true}}},
			Quiet:    []Window{{everyDay, "21:00", "08:00"}, {nil, "25:00", "8"}},
		}, []models.Field{
			{Pointer: "/channels/a~1b~0c", Code: "unknown_channel"},
			{Pointer: "/channels/pigeon", Code: "unknown_channel"},
			{Pointer: "/topics/b~1c/channels/fax", Code: "unknown_channel"},
			{Pointer: "/topics/x~1~0y", Code: "unknown_topic"},
			{Pointer: "/topics/x~1~0y/channels/fax", Code: "unknown_channel"},
			{Pointer: "/topics/x~1~0y/channels/m~1n", Code: "unknown_channel"},
			{Pointer: "/quietHours/1/from", Code: "clock"},
			{Pointer: "/quietHours/1/to", Code: "clock"},
			{Pointer: "/quietHours/1/days", Code: "weekdays"},
		}},
		"too many topics": {Preferences{Topics: many, Channels: map[string]bool{"fax": true}}, []models.Field{
			{Pointer: "/channels/fax", Code: "unknown_channel"}, {Pointer: "/topics", Code: "max"},
		}},
	} {
		err := c.prefs.Check([]string{"a", "b/c"}, []string{FCM, SMS})
		if c.want == nil {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var e *models.Error
		if !errors.As(err, &e) || e.Code != models.Invalid || e.Reason != "delivery.preferences_invalid" {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, e.Fields); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
