package handlers

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"xinyi/models"
)

// A Portion is one part of what is kept about somebody. It reads what the caller's own routes show, so an export holds no less.
type Portion struct {
	Name string
	Orgs bool // an organisation has it too
	View reflect.Type
	Read func(ctx context.Context, rq Request, keep func(row any) error) error
}

// Listing is a portion that one of the caller's own lists shows.
func Listing[V any](name string, orgs bool, list func(ctx context.Context, rq Request, page PageQuery) (List[V], error)) Portion {
	return Portion{name, orgs, reflect.TypeFor[V](), func(ctx context.Context, rq Request, keep func(any) error) error {
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
	return Portion{name, orgs, reflect.TypeFor[V](), func(ctx context.Context, rq Request, keep func(any) error) error {
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
func Optional[V any](list func(context.Context, Request, PageQuery) (List[V], error)) func(context.Context, Request, PageQuery) (List[V], error) {
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
	exportMost = 5000 // rows of one portion
)

// errExportFull ends a portion that has given as many rows as an export holds.
var errExportFull = models.E(models.TooLarge, "export.more")

// Export is the door to everything that is kept about somebody (个人信息查阅复制), read through the doors it is kept behind.
//
// Source: docs/sources.md#duties-copy.
type Export struct{ Portions []Portion }

// Mount names the routes.
func (h Export) Mount(r *Router) {
	Get(r, "/me/export", h.file, Does("Everything that is kept about me, to take along", "One JSON document, a portion a capability, as my own lists show it"), May("export.mine"), Limit(time.Hour, 20), Tag("rights"))
	Get(r, "/me/export/page", h.page, Does("The same as a page to read or print"), May("export.mine"), Limit(time.Hour, 20), Tag("rights"))
}

// portionView is one portion of an export.
type portionView struct {
	Name  string           `json:"name"`
	Title string           `json:"title"`
	Items []jsontext.Value `json:"items"`
	More  bool             `json:"more,omitempty"`
	Why   string           `json:"unavailable,omitempty"`
}

type exportView struct {
	At       time.Time     `json:"at"`
	Portions []portionView `json:"portions"`
}

func (h Export) read(ctx context.Context, rq Request) (exportView, error) {
	v := exportView{At: rq.Now}
	for _, p := range h.Portions {
		if rq.Actor.Is(models.Business) && !p.Orgs {
			continue
		}
		one := portionView{Name: p.Name, Title: say("export."+p.Name, rq.Lang, nil), Items: []jsontext.Value{}}
		err := p.Read(ctx, rq, func(row any) error {
			if len(one.Items) == exportMost {
				return errExportFull
			}
			raw, err := json.Marshal(row, written)
			one.Items = append(one.Items, raw)
			return err
		})
		switch code := models.CodeOf(err); {
		case err == nil:
		case errors.Is(err, errExportFull):
			one.More = true
		case code == models.Conflict || code == models.NotFound || code == models.Forbidden: // a minor has no file; a name was not proved
			one.Why = say("export.unavailable", rq.Lang, nil)
		default:
			return v, err
		}
		v.Portions = append(v.Portions, one)
	}
	return v, nil
}

// download is a file of one's own.
type download struct {
	kind string
	body []byte
}

// File implements File.
func (d download) File() (string, []byte) { return d.kind, d.body }

func (h Export) file(ctx context.Context, rq Request, _ struct{}) (download, error) {
	v, err := h.read(ctx, rq)
	if err != nil {
		return download{}, err
	}
	raw, err := json.Marshal(v, written, jsontext.WithIndent("  "))
	return download{"application/json; charset=utf-8", raw}, err
}

func (h Export) page(ctx context.Context, rq Request, _ struct{}) (download, error) {
	v, err := h.read(ctx, rq)
	if err != nil {
		return download{}, err
	}
	page := exportPageView{Lang: rq.Lang, Title: say("export.title", rq.Lang, nil), At: rq.Now.In(models.Shanghai).Format("2006-01-02 15:04"), Note: say("export.note", rq.Lang, nil)}
	for _, p := range v.Portions {
		section := exportSection{Title: p.Title, Why: p.Why}
		if p.More {
			section.Why = say("export.more", rq.Lang, nil)
		}
		if section.Why == "" && len(p.Items) == 0 {
			section.Why = say("export.nothing", rq.Lang, nil)
		}
		for _, raw := range p.Items {
			rows, err := exportRows(raw, rq.Lang)
			if err != nil {
				return download{}, err
			}
			section.Items = append(section.Items, rows)
		}
		page.Sections = append(page.Sections, section)
	}
	var out bytes.Buffer
	err = exportTemplate.Execute(&out, page)
	return download{"text/html; charset=utf-8", out.Bytes()}, err
}
