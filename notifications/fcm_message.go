package notifications

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"strconv"
	"time"

	"firebase.google.com/go/v4/messaging"

	"xinyi/models/delivery"
)

// fcmKeeps is how long Firebase keeps a message for a device that is off; it refuses more.
const fcmKeeps = 28 * 24 * time.Hour

// apnsKeyMost is how many bytes Apple takes as a collapse id.
const apnsKeyMost = 64

// fcmMessage writes a parcel for Android and iOS. A repeat of the same parcel takes the place of the first on the screen: its
// tag is the delivery's id where nothing coarser is asked for. That id is no Android collapse key, of which a device that is
// off keeps four.
func fcmMessage(p Parcel) *messaging.Message {
	data := maps.Clone(p.Data)
	if data == nil {
		data = map[string]string{}
	}
	data["id"] = p.ID
	ttl := min(p.TTL, fcmKeeps).Truncate(time.Second)
	collapse := fcmKey(p.Collapse)
	tag := cmp.Or(collapse, fcmKey(p.ID))
	priority, apns := "normal", "5"
	if p.Urgent || p.Class == delivery.Service {
		priority, apns = "high", "10"
	}
	headers := map[string]string{"apns-priority": apns, "apns-expiration": strconv.FormatInt(p.At.Add(ttl).Unix(), 10)}
	if tag != "" {
		headers["apns-collapse-id"] = tag
	}
	return &messaging.Message{
		Token: p.Device.Token.Reveal(), Data: data,
		Notification: &messaging.Notification{Title: p.Title, Body: p.Body},
		Android: &messaging.AndroidConfig{CollapseKey: collapse, Priority: priority, TTL: &ttl,
			Notification: &messaging.AndroidNotification{Tag: tag}},
		APNS: &messaging.APNSConfig{Headers: headers},
	}
}

// fcmTrial is a message nobody is shown.
func fcmTrial(token string) *messaging.Message {
	return &messaging.Message{Token: token, Notification: &messaging.Notification{Title: "-"}}
}

// fcmKey is key, or its digest where Apple would refuse its length.
func fcmKey(key string) string {
	if len(key) <= apnsKeyMost {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:apnsKeyMost/2])
}
