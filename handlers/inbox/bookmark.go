package inbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"maps"
	"slices"
	"time"

	"xinyi/models"
)

// overlap is how much later than its createdAt a message may come into sight: the clocks of replicas differ, and a write
// takes its time. What was kept so long before the last message is read again, and what was told of it is left out.
const overlap = 10 * time.Second

// mostNamed bounds how many messages an id of an event names. A client who comes back after more within the overlap is
// told the earliest of them twice.
const mostNamed = 64

// A bookmark is how far a stream has come in an inbox: the time of the newest message that passed, and which ones passed in
// the overlap before it.
type bookmark struct {
	at     time.Time
	passed map[uint64]time.Time // by a hash of the id
}

func newBookmark(at time.Time) *bookmark { return &bookmark{at, map[uint64]time.Time{}} }

// from is where to read on.
func (p *bookmark) from() time.Time { return p.at.Add(-overlap) }

// pass notes a message and says whether it is new here.
func (p *bookmark) pass(id string, at time.Time) bool {
	sum := sha256.Sum256([]byte(id))
	name := binary.BigEndian.Uint64(sum[:])
	if _, known := p.passed[name]; known {
		return false
	}
	p.passed[name] = at
	if at.After(p.at) {
		p.at = at
		from := p.from()
		maps.DeleteFunc(p.passed, func(_ uint64, at time.Time) bool { return at.Before(from) })
	}
	return true
}

// The layout of a bookmark on its way to the client: version, time in ms, then for each name its age in ms before the time
// (2 bytes) and itself (8), then a checksum, so that what we did not write is refused.
const (
	markVersion = 1
	markHead    = 1 + 8
	markName    = 2 + 8
	markTail    = 4
)

// String is the bookmark as the id of an event.
func (p *bookmark) String() string {
	b := binary.BigEndian.AppendUint64([]byte{markVersion}, uint64(p.at.UnixMilli()))
	names := slices.SortedFunc(maps.Keys(p.passed), func(a, b uint64) int {
		return cmp.Or(p.passed[b].Compare(p.passed[a]), cmp.Compare(a, b))
	})
	for _, name := range names[:min(len(names), mostNamed)] {
		//nolint:gosec // at most the window of names, seconds
		b = binary.BigEndian.AppendUint16(b, uint16(max(0, p.at.Sub(p.passed[name]).Milliseconds())))
		b = binary.BigEndian.AppendUint64(b, name)
	}
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b)))
}

// readBookmark reads the id of an event that a client sends back. One that lies ahead of now is now. Errors: Invalid.
func readBookmark(s string, now time.Time) (*bookmark, error) {
	bad := models.Bad("#header/Last-Event-ID", "last_event", "inbox.last_event_invalid")
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) < markHead+markTail || b[0] != markVersion || (len(b)-markHead-markTail)%markName != 0 {
		return nil, bad
	}
	body, sum := b[:len(b)-markTail], b[len(b)-markTail:]
	if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(sum) {
		return nil, bad
	}
	//nolint:gosec // written by String; any other is a moment like any other
	p := newBookmark(time.UnixMilli(int64(binary.BigEndian.Uint64(body[1:]))).UTC())
	for b := body[markHead:]; len(b) > 0; b = b[markName:] {
		age := time.Duration(binary.BigEndian.Uint16(b)) * time.Millisecond
		p.passed[binary.BigEndian.Uint64(b[2:])] = p.at.Add(-age)
	}
	if p.at.After(now) {
		p.at = now
	}
	return p, nil
}
