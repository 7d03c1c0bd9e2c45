package flows

import (
	"context"

	"xinyi/models"
	"xinyi/models/notice"
	"xinyi/store"
)

// noticeKinds are the events of a public notice that lead the documents on it on.
var noticeKinds = Kinds(notice.EventOpened, notice.EventClosed, notice.EventPassed, notice.EventStruck, notice.EventWithdrawn)

// A turn is what a document's line on a public notice asks of the document.
type turn int

const (
	shown  turn = iota // the notice was opened with the line
	back               // the notice was withdrawn
	passed             // nobody's objection stands
	struck             // an objection was upheld
)

// turnOf is what a line asks for after an event, false for nothing: it is still shown, or an objection waits for its answer.
func turnOf(n *notice.Notice, l notice.Line, e models.Event) (turn, bool) {
	switch {
	case e.Kind == notice.EventOpened.Name():
		return shown, true
	case n.State == notice.Withdrawn:
		return back, true
	case l.State == notice.Passed:
		return passed, true
	case l.State == notice.Struck:
		return struck, true
	}
	return 0, false
}

// A follower leads the documents on public notices on as their lines stand.
type follower[T any] struct {
	about   string // what its notices are about
	notices *store.Repo[notice.Notice]
	docs    *store.Repo[T]
	lead    func(ctx context.Context, v *T, n *notice.Notice, to turn, e models.Event) (news bool, err error)
}

// follow takes one event of a notice. What it names is led on, all lines when it names none; a document that is gone is passed over.
func (f follower[T]) follow(ctx context.Context, e models.Event) error {
	n, err := noticed(ctx, f.notices, f.about, e)
	if err != nil || n == nil {
		return err
	}
	d, err := models.DataOf[notice.Data](e)
	if err != nil {
		return err
	}
	for _, l := range n.Lines {
		to, asks := turnOf(n, l, e)
		if !asks || d.Ref != "" && d.Ref != l.Ref {
			continue
		}
		_, err := f.docs.Update(ctx, l.Ref, func(v *T) error {
			changed, err := f.lead(ctx, v, n, to, e)
			if err == nil && !changed {
				return store.Unchanged()
			}
			return err
		})
		if gone(err) != nil {
			return err
		}
	}
	return nil
}

// noticed is the notice of an event, nil when it is about something else.
func noticed(ctx context.Context, notices *store.Repo[notice.Notice], about string, e models.Event) (*notice.Notice, error) {
	d, err := models.DataOf[notice.Data](e)
	if err != nil || d.About != about {
		return nil, err
	}
	return notices.Get(ctx, e.Subject)
}

// saysOutcome says on a notice what was decided of a line in the end. A notice that is gone says nothing.
func saysOutcome(ctx context.Context, notices *store.Repo[notice.Notice], id, ref, outcome string) error {
	_, err := notices.Update(ctx, id, func(n *notice.Notice) error {
		if !n.Publish(ref, outcome) {
			return store.Unchanged()
		}
		return nil
	})
	return gone(err)
}
