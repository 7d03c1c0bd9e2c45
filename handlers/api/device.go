package api

import (
	"encoding/json"
	"errors"
	"strings"
)

// A Device is what a person knows a phone by in the list of their sessions. Apps send a name, or what they know of the phone.
type Device string

var errDevice = errors.New("a device is a name, or an object with name, model, platform or id")

// UnmarshalJSON reads a name, or joins what an object says: {"name":"My phone","platform":"android"} is "My phone android".
func (d *Device) UnmarshalJSON(raw []byte) error {
	var name string
	if json.Unmarshal(raw, &name) == nil {
		*d = Device(name)
		return nil
	}
	var said struct{ Name, Model, Platform, ID string }
	if json.Unmarshal(raw, &said) != nil {
		return errDevice
	}
	words := strings.Fields(strings.Join([]string{said.Name, said.Model, said.Platform}, " "))
	if len(words) == 0 {
		words = []string{said.ID}
	}
	*d = Device(strings.Join(words, " "))
	return nil
}
