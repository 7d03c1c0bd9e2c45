package models

import (
	"errors"
	"fmt"
	"time"
)

// A Code says what kind of failure this is. It is itself an error, so callers ask
// errors.Is(err, models.NotFound). Adding a code means adding its HTTP status.
type Code string

// The codes. A client can tell from them alone whether to repair, sign in, wait or give up.
const (
	Invalid           Code = "invalid"            // the request is wrong; Fields say where
	Unauthenticated   Code = "unauthenticated"    // nobody is signed in, or no longer
	Forbidden         Code = "forbidden"          // signed in, but not allowed here
	NotFound          Code = "not_found"          // no such thing, or not yours to know of
	Conflict          Code = "conflict"           // it clashes with what is already there
	InvalidTransition Code = "invalid_transition" // the document's state refuses this; Where says which. Is also a Conflict
	Stale             Code = "stale"              // somebody saved in between
	Denied            Code = "denied"             // a rule says no; Clauses say why and what would change it
	Limited           Code = "limited"            // too many; RetryAfter says how long
	TooLarge          Code = "too_large"          // the body is over its bound
	Unavailable       Code = "unavailable"        // a part we need does not answer; try again
	Internal          Code = "internal"           // ours; the cause is logged, never shown
)

func (c Code) Error() string { return string(c) }

// Error is the only error type that crosses a package boundary with meaning.
type Error struct {
	Code       Code
	Reason     string            // stable key for clients and translations: "medical.visit_not_open"
	Args       map[string]string // values for the reason's text
	Fields     []Field           // only with Invalid
	Where      *Where            // only with InvalidTransition
	Clauses    []Clause          // only with Denied
	RetryAfter time.Duration     // only with Limited and Unavailable; 0 = unknown
	Err        error             // cause: for the log, never for the client
}

// A Field is one fault of an input.
type Field struct {
	Pointer string            // RFC 6901, into the body ("/lines/3/amount"), or "#query/limit"
	Code    string            // stable: "required", "fen", "unknown_field"
	Args    map[string]string // values for the text
}

// Where tells a refused move where the document stands.
type Where struct {
	State   string
	Allowed []string
	Last    Moved
}

// Moved is who last changed a state, when and why.
type Moved struct {
	By     Role      `bson:"by"` // the role, never the person
	At     time.Time `bson:"at"`
	Reason string    `bson:"reason,omitempty"`
}

// A Clause is one named condition of a rule and how it came out.
type Clause struct {
	ID           string `bson:"id"`
	Outcome      string `bson:"outcome"`            // pass, fail, unknown (data missing is not a fail)
	Observed     string `bson:"observed,omitempty"` // never about a third person
	Required     string `bson:"required,omitempty"`
	ChangeableBy string `bson:"changeableBy"`     // subject, department, time, nobody
	From         *Day   `bson:"from,omitempty"`   // the day on which time alone changes it, if known
	Source       string `bson:"source,omitempty"` // the document or record that was looked at
}

// The outcomes of a clause.
const (
	Pass    = "pass"
	Fail    = "fail"
	Unknown = "unknown" // data is missing
)

// Who can change the outcome of a clause.
const (
	BySubject    = "subject"
	ByDepartment = "department"
	ByTime       = "time"
	ByNobody     = "nobody"
)

// E makes an Error. At most one cause is kept.
func E(code Code, reason string, cause ...error) *Error {
	e := &Error{Code: code, Reason: reason}
	if len(cause) > 0 {
		e.Err = cause[0]
	}
	return e
}

// Bad makes an Invalid error about one field.
func Bad(pointer, code, reason string) *Error {
	return &Error{Code: Invalid, Reason: reason, Fields: []Field{{Pointer: pointer, Code: code}}}
}

// With adds a value for the reason's text and returns e.
func (e *Error) With(key, value string) *Error {
	if e.Args == nil {
		e.Args = map[string]string{}
	}
	e.Args[key] = value
	return e
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s (%s): %v", e.Reason, e.Code, e.Err)
	}
	return fmt.Sprintf("%s (%s)", e.Reason, e.Code)
}

func (e *Error) Unwrap() error { return e.Err }

// Is lets errors.Is match on the code alone. An InvalidTransition is a Conflict too.
func (e *Error) Is(target error) bool {
	return target == error(e.Code) || e.Code == InvalidTransition && target == error(Conflict)
}

// FieldsOf are the faults an error names, nil for none.
func FieldsOf(err error) []Field {
	var e *Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}

// CodeOf is the code of err: Internal for an error nobody coded, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	var c Code
	if errors.As(err, &c) {
		return c
	}
	return Internal
}
