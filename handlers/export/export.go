// Package export serves people take along everything that is kept about them (数据导出).
package export

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"xinyi/handlers/api"
	"xinyi/handlers/paper"
	"xinyi/models"
)

// Handler serves everything that is kept about somebody (个人信息查阅复制), read through the doors it is kept behind.
//
// Source: docs/sources.md#duties-copy.
type Handler struct{ Portions []api.Portion }

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	api.Get(r, "/me/export", h.file, mayMine, api.Limit(time.Hour, 20), api.Tag("rights"))
	api.Get(r, "/me/export/page", h.page, mayMine, api.Limit(time.Hour, 20), api.Tag("rights"))
}

// portionView is one portion of an export.
type portionView struct {
	Name  string           `json:"name"`
	Title string           `json:"title"`
	Items []jsontext.Value `json:"items"`
	More  bool             `json:"more,omitempty"`
	Why   string           `json:"unavailable,omitempty"`
}

type view struct {
	At       time.Time     `json:"at"`
	Portions []portionView `json:"portions"`
}

func (h Handler) read(ctx context.Context, rq api.Request) (view, error) {
	v := view{At: rq.Now}
	for _, p := range h.Portions {
		if rq.Actor.Is(models.Business) && !p.Orgs || rq.Actor.Agent != "" && p.Own {
			continue
		}
		one := portionView{Name: p.Name, Title: api.Say("export."+p.Name, rq.Lang, nil), Items: []jsontext.Value{}}
		err := p.Read(ctx, rq, func(row any) error {
			if len(one.Items) == api.ExportMost {
				return api.ErrExportFull
			}
			raw, err := json.Marshal(row, api.Written)
			one.Items = append(one.Items, raw)
			return err
		})
		switch code := models.CodeOf(err); {
		case err == nil:
		case errors.Is(err, api.ErrExportFull):
			one.More = true
		case code == models.Conflict || code == models.NotFound || code == models.Forbidden: // a minor has no file; a name was not proved
			one.Why = api.Say("export.unavailable", rq.Lang, nil)
		default:
			return v, err
		}
		v.Portions = append(v.Portions, one)
	}
	return v, nil
}

func (h Handler) file(ctx context.Context, rq api.Request, _ struct{}) (api.Download, error) {
	v, err := h.read(ctx, rq)
	if err != nil {
		return api.Download{}, err
	}
	raw, err := json.Marshal(v, api.Written, jsontext.WithIndent("  "))
	return api.Download{Kind: "application/json; charset=utf-8", Body: raw}, err
}

func (h Handler) page(ctx context.Context, rq api.Request, _ struct{}) (api.Download, error) {
	v, err := h.read(ctx, rq)
	if err != nil {
		return api.Download{}, err
	}
	page := paper.PageView{Lang: rq.Lang, Title: api.Say("export.title", rq.Lang, nil),
		At: rq.Now.In(models.Shanghai).Format("2006-01-02 15:04"), Note: api.Say("export.note", rq.Lang, nil)}
	for _, p := range v.Portions {
		section := paper.Section{Title: p.Title, Why: p.Why}
		if p.More {
			section.Why = api.Say("export.more", rq.Lang, nil)
		}
		if section.Why == "" && len(p.Items) == 0 {
			section.Why = api.Say("export.nothing", rq.Lang, nil)
		}
		for _, raw := range p.Items {
			rows, err := exportRows(raw, rq.Lang)
			if err != nil {
				return api.Download{}, err
			}
			section.Items = append(section.Items, rows)
		}
		page.Sections = append(page.Sections, section)
	}
	var out bytes.Buffer
	err = paper.ExportTemplate.Execute(&out, page)
	return api.Download{Kind: "text/html; charset=utf-8", Body: out.Bytes()}, err
}
