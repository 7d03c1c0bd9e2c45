package local

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// jpushRefusals are the answers to the words of registration ids.
var jpushRefusals = map[string]struct {
	status, code int
	message      string
}{
	"gone":    {400, 1011, "cannot find user by this audience or has been inactive for more than 255 days"},
	"reject":  {400, 1003, "The registration_id is invalid!"},
	"toolong": {400, 1005, "Notification is too long"},
	"limit":   {429, 2002, "Rate limit exceeded"},
	"blocked": {403, 2003, "This app is restricted"},
	"flood":   {403, 2005, "Too many messages for this target"},
	"broken":  {500, 1000, "Internal Server Error"},
	"down":    {503, 1030, "Server internal timeout"},
}

// jpushTaken are the words of registration ids that are no refusal.
var jpushTaken = map[string]bool{"ok": true, "hang": true, "drop": true, "half": true, "long": true}

// The push object, as far as it is looked at.
type jpushObject struct {
	Platform []string `json:"platform"`
	Audience struct {
		Registrations []string `json:"registration_id"`
	} `json:"audience"`
	Notification map[string]struct {
		Alert    json.RawMessage   `json:"alert"`
		Title    string            `json:"title"`
		Sound    string            `json:"sound"`
		Thread   string            `json:"thread-id"`
		Category string            `json:"category"`
		Extras   map[string]string `json:"extras"`
	} `json:"notification"`
	Options struct {
		SendNo         int    `json:"sendno"`
		TTL            int64  `json:"time_to_live"`
		Collapse       string `json:"apns_collapse_id"`
		Classification *int   `json:"classification"`
	} `json:"options"`
}

// jpushRead reads a push object. code and what say why the vendor refuses it; 0 when it does not.
func jpushRead(body []byte) (p JPushed, code int, what string) {
	var o jpushObject
	read := json.NewDecoder(bytes.NewReader(body))
	read.DisallowUnknownFields()
	if err := read.Decode(&o); err != nil {
		return p, 1009, "Unsupported key or malformed push object"
	}
	ids := o.Audience.Registrations
	switch {
	case len(o.Platform) == 0 || len(ids) == 0 || len(o.Notification) == 0:
		return p, 1002, "Missing parameter"
	case len(ids) != 1 || ids[0] == "":
		return p, 1003, "Audience value is invalid"
	case len(body) > 4000:
		return p, 1005, "Notification is too long"
	case o.Options.TTL < 0 || o.Options.TTL > 10*24*60*60 || len(o.Options.Collapse) > 64 || o.Options.SendNo <= 0:
		return p, 1003, "Options value is invalid"
	}
	p = JPushed{Registration: ids[0], Platforms: o.Platform, Collapse: o.Options.Collapse, SendNo: o.Options.SendNo,
		TTL: time.Duration(o.Options.TTL) * time.Second}
	if o.Options.Classification != nil {
		p.Classification = *o.Options.Classification
	}
	for platform, note := range o.Notification {
		if !slices.Contains([]string{"android", "ios", "hmos"}, platform) {
			return p, 1009, "Unsupported key in push object"
		}
		words := struct{ Title, Body string }{Title: note.Title}
		if json.Unmarshal(note.Alert, &words.Body) != nil && json.Unmarshal(note.Alert, &words) != nil {
			return p, 1003, "Alert value is invalid"
		}
		p.Title, p.Alert, p.Extras = words.Title, words.Body, note.Extras
		if platform == "hmos" {
			p.Category = note.Category
		}
	}
	return p, 0, ""
}
