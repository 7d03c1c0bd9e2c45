package payments

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"xinyi/models"
)

// Sandbox is a channel that behaves like the real ones at their worst: every callback is signed, comes late and twice,
// and those of payments made together come in the wrong order. Amounts ending in 13 fen are refused by the "bank", those ending
// in 14 fen are paid but their callback never comes, so that only a query finds them.
type Sandbox struct {
	Key   []byte                                             // signs callbacks
	Now   func() time.Time                                   // the sandbox clock
	Call  func(headers map[string]string, body []byte) error // delivers a callback: over HTTP, as a channel would
	Log   *slog.Logger
	Delay time.Duration // before the first delivery; the second follows at twice that
	Book  Book          // of orders, as a channel has one: it outlives a restart

	mu     sync.Mutex
	timers map[*time.Timer]struct{}
	closed bool
	wg     sync.WaitGroup
}

// A Book keeps orders by PayNo.
type Book interface {
	// Keep keeps the outcome of an order, and answers false when there is one already, which stays.
	Keep(ctx context.Context, out Outcome) (fresh bool, err error)
	// Order reads one. models.NotFound if there is none.
	Order(ctx context.Context, payNo string) (Outcome, error)
}

// The last two digits that stand for a fault.
const (
	refused = 13
	lost    = 14
)

// Collect takes an order and pays it by itself after a while.
func (s *Sandbox) Collect(ctx context.Context, o Order) (Ticket, error) {
	ticket := Ticket{URL: "xinyi-sandbox://pay/" + o.PayNo}
	out := Outcome{Attach: o.Attach, PayNo: o.PayNo, TradeNo: "SBX" + strings.ToUpper(uuid.NewString()[:12]), State: Succeeded,
		Amount: o.Amount}
	if o.Amount%100 == refused {
		out.State = Failed
	}
	fresh, err := s.Book.Keep(ctx, out)
	if err != nil || !fresh || o.Amount%100 == lost {
		return ticket, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// The longer the queue, the sooner the newest is served: callbacks overtake each other.
	wait := s.Delay / time.Duration(1+len(s.timers)%3)
	s.later(wait, out)
	s.later(2*s.Delay, out)
	return ticket, nil
}

// later delivers a callback once the wait is over. The caller holds mu.
func (s *Sandbox) later(wait time.Duration, out Outcome) {
	if s.closed {
		return
	}
	var t *time.Timer
	s.wg.Add(1)
	if s.timers == nil {
		s.timers = map[*time.Timer]struct{}{}
	}
	t = time.AfterFunc(wait, func() {
		defer s.wg.Done()
		s.deliver(out)
		s.mu.Lock()
		delete(s.timers, t)
		s.mu.Unlock()
	})
	s.timers[t] = struct{}{}
}

// deliver signs and calls, like a channel's notice. A call that fails is not lost: the second delivery and the query find it.
func (s *Sandbox) deliver(out Outcome) {
	body, err := json.Marshal(out)
	if err == nil {
		err = s.Call(Sign(s.Key, body, uuid.NewString(), s.Now()), body)
	}
	if err != nil {
		s.Log.Warn("sandbox channel: callback not taken", "pay_no", out.PayNo, "refund_no", out.RefundNo, "err", err)
	}
}

// Query answers how a payment stands.
func (s *Sandbox) Query(ctx context.Context, payNo string) (Outcome, error) {
	out, err := s.Book.Order(ctx, payNo)
	if errors.Is(err, models.NotFound) {
		return Outcome{PayNo: payNo, State: Closed}, nil
	}
	return out, err
}

// Refund sends money back at once; its callback comes twice all the same.
func (s *Sandbox) Refund(_ context.Context, refundNo string, paid Order, amount models.Fen) (Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Outcome{Attach: paid.Attach, PayNo: paid.PayNo, RefundNo: refundNo, TradeNo: "SBR" + refundNo, State: Succeeded, Amount: amount}
	s.later(s.Delay, out)
	return out, nil
}

// Verify checks a callback.
func (s *Sandbox) Verify(headers map[string]string, body []byte, now time.Time) (Outcome, error) {
	var out Outcome
	if err := Check(s.Key, headers, body, now); err != nil {
		return out, err
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return out, models.E(models.Invalid, "payments.body", err)
	}
	return out, nil
}

// Close stops what has not been delivered and waits for what is under way.
func (s *Sandbox) Close() {
	s.mu.Lock()
	s.closed = true
	for t := range s.timers {
		if t.Stop() {
			s.wg.Done()
		}
	}
	s.mu.Unlock()
	s.wg.Wait()
}
