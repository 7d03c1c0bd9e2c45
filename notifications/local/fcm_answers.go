package local

import (
	"encoding/json"
	"net/http"
	"strings"
)

// An fcmRefusal is an error as Google's interfaces write it.
type fcmRefusal struct {
	status   int
	message  string
	fcm      string // FcmError's code
	badField string // google.rpc.BadRequest's field
	after    string // Retry-After
}

// fcmRefusals are the answers to the words of tokens.
var fcmRefusals = map[string]fcmRefusal{
	"unreg":      {status: 404, fcm: "UNREGISTERED", message: "Requested entity was not found."},
	"notfound":   {status: 404, message: "Requested entity was not found."},
	"mismatch":   {status: 403, fcm: "SENDER_ID_MISMATCH", message: "SenderId mismatch"},
	"forbidden":  {status: 403, message: "Firebase Cloud Messaging API has not been used in this project"},
	"badtoken":   fcmBadToken,
	"badpayload": {status: 400, badField: "message.android.ttl", message: "Invalid value at 'message.android.ttl'"},
	"third":      {status: 401, fcm: "THIRD_PARTY_AUTH_ERROR", message: "Auth error from APNS or Web Push Service"},
	"quota":      {status: 429, fcm: "QUOTA_EXCEEDED", message: "Sending limit exceeded"},
	"unavail":    {status: 503, fcm: "UNAVAILABLE", message: "The service is currently unavailable."},
	"internal":   {status: 500, fcm: "INTERNAL", message: "Internal error encountered."},
}

var fcmBadToken = fcmRefusal{status: 400, fcm: "INVALID_ARGUMENT", message: "The registration token is not a valid FCM registration token"}

// fcmTaken are the words of tokens that are no refusal written as JSON.
var fcmTaken = map[string]bool{"ok": true, "hang": true, "drop": true, "truncated": true, "html502": true}

// fcmWord is what a token asks for: "quota:7" of "quota:7#3".
func fcmWord(token string) string {
	word, _, ok := strings.Cut(token, "#")
	name, _, _ := strings.Cut(word, ":")
	if _, known := fcmRefusals[name]; ok && (known || fcmTaken[name]) {
		return word
	}
	return "badtoken"
}

// googleStatus has Google's words for HTTP's.
var googleStatus = map[int]string{
	400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
	429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}

func fcmWrite(w http.ResponseWriter, r fcmRefusal) {
	var details []any
	if r.fcm != "" {
		details = append(details, map[string]string{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": r.fcm})
	}
	if r.badField != "" {
		details = append(details, map[string]any{"@type": "type.googleapis.com/google.rpc.BadRequest",
			"fieldViolations": []any{map[string]string{"field": r.badField, "description": r.message}}})
	}
	body, err := json.Marshal(map[string]any{"error": map[string]any{
		"code": r.status, "message": r.message, "status": googleStatus[r.status], "details": details}})
	if err != nil {
		panic(err) // strings and numbers always can be written
	}
	if r.after != "" {
		w.Header().Set("Retry-After", r.after)
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(r.status)
	_, _ = w.Write(body)
}
