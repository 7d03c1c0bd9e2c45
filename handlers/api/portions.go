package api

import (
	"context"
	"errors"
	"reflect"

	"xinyi/models"
)

// A Portion is one part of what is kept about somebody. It reads what the caller's own routes show, so an export holds no less.
type Portion struct {
	Name string
	Orgs bool // an organisation has it too
	View reflect.Type
	Read func(ctx context.Context, rq Request, keep func(row any) error) error
	Own  bool // of an account: who acts for the person has no part in it
}

// InPerson is a portion that nobody is given for another, as its routes are.
func (p Portion) InPerson() Portion {
	p.Own = true
	return p
}

// Listing is a portion that one of the caller's own lists shows.
func Listing[V any](name string, orgs bool, list func(ctx context.Context, rq Request, page PageQuery) (List[V], error)) Portion {
	return Portion{Name: name, Orgs: orgs, View: reflect.TypeFor[V](),
		Read: func(ctx context.Context, rq Request, keep func(any) error) error {
			for page := (PageQuery{Limit: exportPage}); ; {
				l, err := list(ctx, rq, page)
				if err != nil {
					return err
				}
				for _, row := range l.Items {
					if err := keep(row); err != nil {
						return err
					}
				}
				if page.Cursor = l.NextCursor; page.Cursor == "" {
					return nil
				}
			}
		}}
}

// Single is a portion of one row. Whoever has none of it (NotFound, Conflict, Forbidden) has an empty portion.
func Single[V any](name string, orgs bool, read func(ctx context.Context, rq Request) (V, error)) Portion {
	return Portion{Name: name, Orgs: orgs, View: reflect.TypeFor[V](),
		Read: func(ctx context.Context, rq Request, keep func(any) error) error {
			row, err := read(ctx, rq)
			if hasNone(err) {
				return nil
			}
			if err != nil {
				return err
			}
			return keep(row)
		}}
}

// Optional is a list that whoever has none of it is refused: of those an export holds an empty one.
func Optional[V any](list func(context.Context, Request, PageQuery) (List[V], error)) func(context.Context, Request, PageQuery) (List[V],
	error) {
	return func(ctx context.Context, rq Request, p PageQuery) (List[V], error) {
		l, err := list(ctx, rq, p)
		if hasNone(err) {
			return List[V]{}, nil
		}
		return l, err
	}
}

func hasNone(err error) bool {
	return errors.Is(err, models.NotFound) || errors.Is(err, models.Conflict) || errors.Is(err, models.Forbidden)
}

// What one export reads. A portion that has more says so, and where its list is.
const (
	exportPage = 100
	ExportMost = 5000 // rows of one portion
)

// ErrExportFull ends a portion that has given as many rows as an export holds.
var ErrExportFull = models.E(models.TooLarge, "export.more")
