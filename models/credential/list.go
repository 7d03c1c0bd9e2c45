package credential

import (
	"bytes"
	"compress/zlib"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"xinyi/models"
)

// ListSize is how many credentials share a status list: so many that a place in it says little of whose it is.
//
// Source: docs/sources.md#credential-list.
const ListSize = 1 << 17

// A ListState says whether a list has places left.
type ListState string

// The states of a list.
const (
	Open ListState = "OPEN"
	Full ListState = "FULL"
)

// A StatusList says of every credential in it whether it still stands: a bit each, set when it does not. Places are handed out in an
// order that looks like chance, and never twice: not even one that was held and not used.
type StatusList struct {
	models.Meta `bson:",inline"`
	State       ListState     `bson:"state"`
	No          int           `bson:"no"`
	Secret      models.Secret `bson:"secret"` // what the order derives from
	Next        int           `bson:"next"`   // how many places were handed out
	Gone        int           `bson:"gone"`   // how many bits are set
	Bits        []byte        `bson:"bits"`   // place i is bit i mod 8, from the lowest, of byte i/8
	Held        []Hold        `bson:"held,omitempty"`
}

// A Hold is a place that waits for its credential.
type Hold struct {
	For   string    `bson:"for"` // id of the credential
	Index int       `bson:"index"`
	Until time.Time `bson:"until"`
}

// ListID is the id of the list with a number, from 1.
func ListID(no int) string { return strconv.Itoa(no) }

// NewList makes an empty list. secret is at least 64 characters nobody can guess.
func NewList(no int, secret string) (*StatusList, error) {
	if no < 1 || len(secret) < 64 {
		return nil, models.E(models.Internal, "internal", fmt.Errorf("list %d is incomplete", no))
	}
	l := &StatusList{State: Open, No: no, Secret: models.NewSecret(secret), Bits: make([]byte, ListSize/8)}
	l.ID = ListID(no)
	return l, nil
}

// Reserve holds a place for a credential until its hold runs out; the same credential keeps the place it has.
// Errors: Conflict "credential.list_full".
func (l *StatusList) Reserve(credential string, p Policy, now time.Time) (int, error) {
	if i := l.held(credential); i >= 0 {
		return l.Held[i].Index, nil
	}
	if l.Next >= ListSize {
		return 0, models.E(models.Conflict, "credential.list_full")
	}
	index := l.shuffled(l.Next)
	l.Next++
	if l.Next == ListSize {
		l.State = Full
	}
	l.Held = append(l.Held, Hold{credential, index, *models.At(now.Add(p.HoldIndex))})
	l.plan()
	return index, nil
}

// Holds says whether a place waits for a credential.
func (l *StatusList) Holds(credential string) bool { return l.held(credential) >= 0 }

// Use ends the hold of a credential that is there. It says whether anything changed.
func (l *StatusList) Use(credential string) bool {
	i := l.held(credential)
	if i < 0 {
		return false
	}
	l.Held = slices.Delete(l.Held, i, i+1)
	l.plan()
	return true
}

// Mark says that the credential at a place does not stand any more, for good. It says whether anything changed.
func (l *StatusList) Mark(index int) bool {
	if index < 0 || index >= ListSize || l.Bits[index/8]&(1<<(index%8)) != 0 {
		return false
	}
	l.Bits[index/8] |= 1 << (index % 8)
	l.Gone++
	return true
}

// Wake lets go of holds whose time is over.
func (l *StatusList) Wake(now time.Time) error {
	l.Held = slices.DeleteFunc(l.Held, func(h Hold) bool { return !h.Until.After(now) })
	l.plan()
	return nil
}

func (l *StatusList) held(credential string) int {
	return slices.IndexFunc(l.Held, func(h Hold) bool { return h.For == credential })
}

func (l *StatusList) plan() {
	l.WakeAt = nil
	for _, h := range l.Held {
		l.WakeAt = models.Earliest(l.WakeAt, models.At(h.Until))
	}
}

// shuffled is the n-th place of the list's order: a permutation of all places that only its secret tells. Four rounds of a
// Feistel network over 18 bits, gone through again while the outcome is no place.
func (l *StatusList) shuffled(n int) int {
	const half, mask = 9, 1<<9 - 1
	for {
		left, right := n>>half, n&mask
		for round := range 4 {
			mac := hmac.New(sha256.New, []byte(l.Secret.Reveal()))
			_, _ = fmt.Fprintf(mac, "%d/%d", round, right)
			left, right = right, left^int(binary.BigEndian.Uint16(mac.Sum(nil)))&mask
		}
		if n = left<<half | right; n < ListSize {
			return n
		}
	}
}

// listClaims are what a status list says (draft-ietf-oauth-status-list).
type listClaims struct {
	Sub  string `json:"sub"` // where it is published
	Iat  int64  `json:"iat"`
	Exp  int64  `json:"exp"`
	TTL  int64  `json:"ttl"` // seconds
	List struct {
		Bits int    `json:"bits"`
		Lst  string `json:"lst"`
	} `json:"status_list"`
}

// Token is the list as it is published, as of the whole minute: whoever asks within it gets the same bytes.
func (l *StatusList) Token(by Issuer, p Policy, now time.Time) (string, error) {
	at := now.Truncate(time.Minute)
	says := listClaims{Sub: by.StatusURI(l.ID), Iat: at.Unix(), Exp: at.Add(p.StatusLife).Unix(), TTL: int64(p.StatusTTL / time.Second)}
	var packed bytes.Buffer
	z, err := zlib.NewWriterLevel(&packed, zlib.BestCompression)
	if err == nil {
		_, err = z.Write(l.Bits)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	says.List.Bits, says.List.Lst = 1, b64.EncodeToString(packed.Bytes())
	return sign(by.Seals, ListType, says)
}

// A List is a published status list whose signature was found good.
type List struct {
	URI         string
	At, Expires time.Time
	TTL         time.Duration
	bits        []byte
}

// The faults of a status list.
var (
	ErrList  = errors.New("this is no status list of ours, or it was altered")
	ErrOther = errors.New("the status list is another one than the credential names")
	ErrStale = errors.New("the status list is too old to go by")
	ErrAhead = errors.New("the status list is of a time to come: one of the clocks is wrong")
)

// ReadList reads a published list with nothing but public keys. Errors: ErrList.
func ReadList(text string, keys models.Seals) (*List, error) {
	var says listClaims
	if len(text) > mostList {
		return nil, ErrList
	}
	if _, err := verify(text, ListType, keys, &says); err != nil || says.List.Bits != 1 || says.Exp == 0 {
		return nil, ErrList
	}
	packed, err := decode(says.List.Lst)
	if err != nil {
		return nil, ErrList
	}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, ErrList
	}
	bits, err := io.ReadAll(io.LimitReader(z, ListSize))
	if err != nil {
		return nil, ErrList
	}
	return &List{says.Sub, time.Unix(says.Iat, 0).UTC(), time.Unix(says.Exp, 0).UTC(), time.Duration(says.TTL) * time.Second, bits}, nil
}

// A Status is whether a credential stands, for somebody who checks it.
type Status string

// The statuses. Of a list alone, revoked and replaced look the same: Revoked.
const (
	StatusValid    Status = "VALID"
	StatusRevoked  Status = "REVOKED"
	StatusExpired  Status = "EXPIRED"
	StatusReplaced Status = "REPLACED"
	StatusUnknown  Status = "UNKNOWN"
)

// Enum are all of them.
func (Status) Enum() []any {
	return models.Enum(StatusValid, StatusRevoked, StatusExpired, StatusReplaced, StatusUnknown)
}

// Statuses lists them, for views and checks.
var Statuses = []Status{StatusValid, StatusRevoked, StatusExpired, StatusReplaced, StatusUnknown}

// skew is how far a verifier's clock may be behind.
const skew = 5 * time.Minute

// Stands says whether a credential stands at a moment by a status list, nil for none. One that is older than fresh, or whose own
// time is over, is not gone by. What has expired needs no list. Errors, with StatusUnknown: ErrOther, ErrStale, ErrAhead.
//
// Source: docs/sources.md#credential-fresh.
func (s Seen) Stands(l *List, fresh time.Duration, now time.Time) (Status, error) {
	at := s.Status.List.Index
	switch {
	case !now.Before(s.Ends()):
		return StatusExpired, nil
	case l == nil:
		return StatusUnknown, nil
	case l.URI != s.Status.List.URI || at/8 >= len(l.bits):
		return StatusUnknown, ErrOther
	case !now.Before(l.Expires) || now.Sub(l.At) > fresh:
		return StatusUnknown, ErrStale
	case l.At.Sub(now) > skew:
		return StatusUnknown, ErrAhead
	case l.bits[at/8]&(1<<(at%8)) != 0:
		return StatusRevoked, nil
	}
	return StatusValid, nil
}
