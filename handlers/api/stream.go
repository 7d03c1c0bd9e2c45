package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"reflect"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"xinyi/models"
)

// An Event is one line of a stream of server-sent events. ID is what a client that comes back names in Last-Event-ID; ""
// leaves the one before in force. Name says what Data is. Neither has a line break.
type Event[T any] struct {
	ID, Name string
	Data     T
}

// A Source tells events until it has no more or ctx ends. out waits for a slow client; its error ends the source.
type Source[T any] func(ctx context.Context, out func(Event[T]) error) error

// Stream mounts a GET that answers text/event-stream. h is asked as any other route; its refusal is a problem, and the
// source it answers tells events for as long as both sides stay: until the client leaves, which is noticed at the next
// write, until its token or permission is no longer good, until the bound of StreamBounds, or until the router closes.
// A field `header:"Last-Event-ID"` of In has what a client that comes back had last.
func Stream[In, Ev any](r *Router, path string, h func(context.Context, Request, In) (Source[Ev], error), opts ...Option) {
	rt := routeOf(http.MethodGet, path, reflect.TypeFor[In](), reflect.TypeFor[Ev](), opts)
	rt.streams = true
	r.mount(rt, func(ctx context.Context, rq Request, in any) (answered, error) {
		tell, err := h(ctx, rq, *in.(*In)) //nolint:errcheck // mount made it
		if err != nil {
			return answered{}, err
		}
		return answered{status: rt.status, source: func(ctx context.Context, send func([]byte) error) error {
			return tell(ctx, func(e Event[Ev]) error {
				frame, err := e.frame()
				if err != nil {
					return err
				}
				return send(frame)
			})
		}}, nil
	})
}

// frame is the event as it is sent.
func (e Event[T]) frame() ([]byte, error) {
	data, err := json.Marshal(e.Data, Written)
	if err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	if strings.ContainsAny(e.ID+e.Name, "\r\n\x00") || bytes.ContainsAny(data, "\r\n") {
		return nil, models.E(models.Internal, "internal", fmt.Errorf("event %q breaks its line", e.Name))
	}
	var b bytes.Buffer
	for _, line := range [][2]string{{"id", e.ID}, {"event", e.Name}, {"data", string(data)}} {
		if line[1] != "" {
			b.WriteString(line[0] + ": " + line[1] + "\n")
		}
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// StreamBounds are the bounds of streams in this process. What is zero is as in DefaultStreams.
type StreamBounds struct {
	Ping     time.Duration // between two signs of life, at each of which the caller's token is looked at again
	Life     time.Duration // a stream ends after that, and its client comes back
	Stuck    time.Duration // a client that takes nothing for so long is gone
	Each     int           // streams a person or system
	All      int           // streams a process
	farewell time.Duration // for the last bytes when the server stops
}

// DefaultStreams are bounds that suit phones. Proxies drop lines that are silent for 30 to 60 seconds.
var DefaultStreams = StreamBounds{Ping: 20 * time.Second, Life: time.Hour, Stuck: 30 * time.Second, Each: 5, All: 10_000,
	farewell: time.Second}

func (b StreamBounds) orDefault() StreamBounds {
	or := func(d *time.Duration, other time.Duration) {
		if *d <= 0 {
			*d = other
		}
	}
	or(&b.Ping, DefaultStreams.Ping)
	or(&b.Life, DefaultStreams.Life)
	or(&b.Stuck, DefaultStreams.Stuck)
	or(&b.farewell, DefaultStreams.farewell)
	if b.Each <= 0 {
		b.Each = DefaultStreams.Each
	}
	if b.All <= 0 {
		b.All = DefaultStreams.All
	}
	return b
}

// EventStream is the media type of server-sent events.
const EventStream = "text/event-stream"

// A source writes frames, each of which ends with an empty line.
type source func(ctx context.Context, send func(frame []byte) error) error

// A stream carries a source to its client. The server reads it from the goroutine of the connection, and asks for more only
// when what it had is written, so that a write that takes too long is one that is not followed by a Read.
type stream struct {
	bounds  StreamBounds
	tell    source
	log     func(error)
	welcome func(context.Context) bool // is the caller still let in
	leave   func()                     // gives the place back
	conn    net.Conn

	ctx    context.Context // ends with the stream
	cancel context.CancelFunc
	frames chan []byte
	over   chan struct{} // closed when the source has ended; nil before the first Read
	rest   []byte        // of a frame, not read yet
	ping   *time.Ticker
	stuck  *time.Timer // nil before the first Read
}

// begin takes a place for a stream of a caller who was let in. Errors: Limited, Unavailable.
func (r *Router) begin(ctx context.Context, c *fiber.Ctx, rt *route, rq *Request, tell source) (*stream, error) {
	_, token, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	token = strings.Clone(strings.TrimSpace(token))
	as, ward, actor, id := strings.Clone(c.Get(headerAs)), strings.Clone(c.Get(headerFor)), rq.Actor, rq.ID
	s := &stream{bounds: r.streams.bounds, tell: tell, conn: c.Context().Conn(), frames: make(chan []byte)}
	s.log = func(err error) { r.Cfg.Log.Error("stream failed", "request", id, "route", rt.Name(), "err", err) }
	s.welcome = func(ctx context.Context) bool {
		ctx, cancel := context.WithTimeout(ctx, deadline)
		defer cancel()
		caller, err := r.Cfg.Auth.Authenticate(ctx, token)
		if err == nil {
			now, refused := rt.admits(caller, as, ward)
			return refused == nil && now == actor
		}
		return !errors.Is(err, models.Unauthenticated) // a store that does not answer sends nobody away
	}
	life := s.bounds.Life - rand.N(s.bounds.Life/10+1) //nolint:gosec // streams that began together do not all come back together
	s.ctx, s.cancel = context.WithTimeout(context.WithoutCancel(ctx), life)
	leave, err := r.streams.enter(s, actor.Principal())
	if err != nil {
		s.cancel()
		return nil, err
	}
	s.leave = leave
	return s, nil
}

// answer makes the stream the body of res. It is never cached, compressed or held back by a proxy, and its line is closed
// after it.
func (s *stream) answer(res *fasthttp.Response) {
	res.Header.SetContentType(EventStream)
	res.Header.Set("X-Accel-Buffering", "no")
	res.SetConnectionClose()
	res.SetBodyStream(s, -1)
}

// Read answers the next bytes, or waits for them.
func (s *stream) Read(p []byte) (int, error) {
	if s.over == nil {
		s.start()
	}
	s.stuck.Stop() // what was read before is written
	if len(s.rest) == 0 {
		s.rest = s.next()
	}
	s.stuck.Reset(s.bounds.Stuck)
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// start begins to tell. The server's own bound on the time of an answer gives way to the bound on a single write.
func (s *stream) start() {
	_ = s.conn.SetWriteDeadline(time.Time{}) //nolint:errcheck // a line that is closed says so at the next write
	s.ping = time.NewTicker(s.bounds.Ping)
	s.stuck = time.AfterFunc(s.bounds.Stuck, s.cut)
	s.over = make(chan struct{})
	wait := int64(2000 + rand.N(3000)) //nolint:gosec // ms; so that those who lost their line together do not all come back together
	s.rest = []byte("retry: " + strconv.FormatInt(wait, 10) + "\n\n")
	go func() {
		defer close(s.over)
		defer func() {
			if p := recover(); p != nil {
				s.log(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			}
		}()
		if err := s.tell(s.ctx, s.send); err != nil && s.ctx.Err() == nil {
			s.log(err)
		}
	}()
}

// send hands a frame over once the client has taken those before.
func (s *stream) send(frame []byte) error {
	select {
	case s.frames <- frame:
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// next is the next frame or sign of life; nil when the stream has ended.
func (s *stream) next() []byte {
	if s.ctx.Err() != nil {
		return nil
	}
	select {
	case frame := <-s.frames:
		return frame
	case <-s.ping.C:
		if s.welcome(s.ctx) {
			return []byte(": ping\n\n")
		}
	case <-s.over:
	case <-s.ctx.Done():
	}
	return nil
}

// cut makes the write that is under way fail, and every later one.
func (s *stream) cut() { _ = s.conn.SetWriteDeadline(time.Unix(1, 0)) } //nolint:errcheck // the line is closed already

// Close ends the stream: its client has left, or all is told. It waits for the source, so that nothing reads from a store
// that the server closes next. The bound on the last write stays in force.
func (s *stream) Close() error {
	s.cancel()
	if s.over != nil {
		<-s.over
		s.ping.Stop()
	}
	s.leave()
	return nil
}
