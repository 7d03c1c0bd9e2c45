package farmer

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/blob"
	"xinyi/models/farmer"
	"xinyi/store"
)

func (h Desk) mountSheets(r *api.Router) {
	tag := api.Tag("farm desk")
	api.Get(r, "/farmers/layouts", h.layouts, mayFarmWrite, tag)
	api.Put(r, "/farmers/layouts/{name}", h.layout, mayFarmLayouts, tag)
	api.Post(r, "/farmers/imports", h.importSheet, mayFarmWrite, api.Takes(blob.Max), api.Creates, tag, api.Quota(api.Uploads))
	api.Get(r, "/farmers/imports", h.imports, mayFarmWrite, tag)
	api.Get(r, "/farmers/imports/{id}", h.imported, mayFarmWrite, tag)
	api.Get(r, "/farmers/export.xlsx", h.export, mayFarmWrite, api.Reveals, api.Within(30*time.Second), tag)
}

type layoutView struct {
	ID      string             `json:"id"`
	Region  models.Region      `json:"region"`
	Called  string             `json:"name" personal:"false"`
	Columns []layoutColumnView `json:"columns"`
}

type layoutColumnView struct {
	Heading string `json:"heading" validate:"required,max=60"`
	To      string `json:"to" validate:"required,max=90" description:"no, village, or <section>.<field>"`
	Unit    string `json:"unit,omitempty" validate:"omitempty,oneof=yuan wan" description:"Money in the sheet; it is kept in fen"`
	Yes     string `json:"yes,omitempty" validate:"max=20" description:"What stands for yes"`
}

func viewLayout(l *farmer.Layout) layoutView {
	v := layoutView{ID: l.ID, Region: l.Region, Called: l.Name, Columns: []layoutColumnView{}}
	for _, c := range l.Columns {
		v.Columns = append(v.Columns, layoutColumnView(c))
	}
	return v
}

// layoutsFor are the layouts of a place and of what it lies in.
func (h Desk) layoutsFor(ctx context.Context, place models.Region) ([]*farmer.Layout, error) {
	var all []*farmer.Layout
	_, err := h.Layouts.Each(ctx, store.FarmLayoutsIn(place.City()), func(l *farmer.Layout) error {
		if api.Touches(models.Actor{Region: place}, l.Region) {
			all = append(all, l)
		}
		return nil
	})
	return all, err
}

func (h Desk) layouts(ctx context.Context, rq api.Request, _ api.NoRequest) (api.List[layoutView], error) {
	all, err := h.layoutsFor(ctx, rq.Actor.Region)
	v := api.List[layoutView]{Items: []layoutView{}}
	for _, l := range all {
		v.Items = append(v.Items, viewLayout(l))
	}
	return v, err
}

type layoutRequest struct {
	Name    string             `path:"name"`
	Columns []layoutColumnView `json:"columns" validate:"required,min=2,max=150,dive"`
}

func (h Desk) layout(ctx context.Context, rq api.Request, in layoutRequest) (layoutView, error) {
	forms, err := h.FormsAt(ctx, rq.Actor.Region)
	if err != nil {
		return layoutView{}, err
	}
	columns := make([]farmer.LayoutColumn, len(in.Columns))
	for i, c := range in.Columns {
		columns[i] = farmer.LayoutColumn(c)
	}
	l, err := farmer.NewLayout(farmer.LayoutDraft{Region: rq.Actor.Region, Name: in.Name, Columns: columns}, forms, rq.Actor, rq.Now)
	if err != nil {
		return layoutView{}, err
	}
	kept, err := h.Layouts.Update(ctx, l.ID, func(old *farmer.Layout) error {
		old.Columns, old.By, old.At = l.Columns, l.By, l.At
		return nil
	})
	if errors.Is(err, models.NotFound) {
		kept, err = l, h.Layouts.Insert(ctx, l)
	}
	if err != nil {
		return layoutView{}, err
	}
	return viewLayout(kept), nil
}

type importRequest struct {
	Layout  string        `query:"layout" validate:"required,max=60"`
	Village models.Region `query:"village" validate:"omitempty,numeric,len=12" description:"Of lines that name none"`
	DryRun  bool          `query:"dryRun"`
	Data    []byte        `body:"raw"`
}

type importView struct {
	ID      string             `json:"id"`
	State   farmer.ImportState `json:"state"`
	Layout  string             `json:"layout"`
	DryRun  bool               `json:"dryRun,omitempty"`
	Lines   int                `json:"lines"`
	Taken   int                `json:"taken"`
	Created int                `json:"created"`
	Refused int                `json:"refused"`
	Rows    []importRow        `json:"rows" description:"Lines with a fault or a conflict, at most 1,000"`
	Why     string             `json:"why,omitempty" description:"The sheet cannot be read"`
	DoneAt  *time.Time         `json:"doneAt,omitempty"`
	Job     api.JobView        `json:"job" description:"Lines"`
}

type importRow struct {
	Line   int                `json:"line"`
	No     string             `json:"no"`
	Taken  bool               `json:"taken"`
	Faults []api.ProblemField `json:"errors"`
}

func viewImport(im *farmer.Import, lang string) importView {
	v := importView{ID: im.ID, State: im.State, Layout: im.Layout, DryRun: im.DryRun, Lines: im.Lines, Taken: im.Taken, Created: im.Created,
		Refused: im.Refused, Rows: []importRow{}, DoneAt: im.DoneAt}
	v.Job = api.ViewJob(store.FarmImports.Job, im, lang)
	for _, x := range im.Verdicts {
		v.Rows = append(v.Rows, importRow{x.Line, x.No, x.Taken, viewFields(x.Faults, lang)})
	}
	if im.Why != "" {
		v.Why = api.Say(im.Why, lang, nil)
	}
	return v
}

func (h Desk) importSheet(ctx context.Context, rq api.Request, in importRequest) (importView, error) {
	if !bytes.HasPrefix(in.Data, []byte("PK\x03\x04")) {
		return importView{}, models.Bad("", "xlsx", "farmer.no_workbook")
	}
	l, err := h.Layouts.Get(ctx, in.Layout)
	if errors.Is(err, models.NotFound) {
		return importView{}, models.Bad("#query/layout", "unknown", "farmer.layout_unknown")
	}
	if err != nil {
		return importView{}, err
	}
	id := rq.NewID()
	b, err := blob.New(models.Derived("farmimport", id), "import/"+id, api.XlsxKind, in.Data, rq.Now.AddDate(0, 0, 30))
	if err != nil {
		return importView{}, err
	}
	im, err := farmer.NewImport(l, farmer.Upload{ID: id, Village: in.Village, Blob: b.ID, Hash: b.Hash, DryRun: in.DryRun}, rq.Actor, rq.Now)
	if err == nil {
		err = api.KeepOnce(h.Blobs.Insert(ctx, b))
	}
	if err == nil {
		err = api.KeepOnce(h.Imports.Insert(ctx, im))
	}
	if err != nil {
		return importView{}, err
	}
	return h.imported(ctx, rq, api.ByID{ID: id})
}

func (h Desk) imports(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[importView], error) {
	return api.Found(ctx, h.Imports, store.FarmImportsIn(rq.Actor.Region), in,
		func(im *farmer.Import) importView { return viewImport(im, rq.Lang) })
}

func (h Desk) imported(ctx context.Context, rq api.Request, in api.ByID) (importView, error) {
	im, err := api.Ours(ctx, rq, h.Imports, in.ID, func(im *farmer.Import) models.Region { return im.Region })
	if err != nil {
		return importView{}, err
	}
	return viewImport(im, rq.Lang), nil
}

type exportSheetRequest struct {
	Layout  string        `query:"layout" validate:"required,max=60"`
	Village models.Region `query:"village" validate:"required,numeric,len=12"`
}

// maxExported bounds the households of one sheet.
const maxExported = 2000

func (h Desk) export(ctx context.Context, rq api.Request, in exportSheetRequest) (api.SheetView, error) {
	if _, err := api.PlaceWithin(rq, in.Village); err != nil {
		return api.SheetView{}, err
	}
	l, err := h.Layouts.Get(ctx, in.Layout)
	if err != nil {
		return api.SheetView{}, err
	}
	forms, err := h.FormsAt(ctx, in.Village)
	if err != nil {
		return api.SheetView{}, err
	}
	var files []*farmer.File
	_, err = h.Files.Each(ctx, store.FarmFilesIn(in.Village), func(f *farmer.File) error {
		if f.State == farmer.Left {
			return nil
		}
		if files = append(files, f); len(files) > maxExported {
			return models.E(models.TooLarge, "farmer.export_large")
		}
		return nil
	})
	if err != nil {
		return api.SheetView{}, err
	}
	var looks []access.Access
	for _, f := range files {
		looks = append(looks, file.AboutHead(rq, f, "farmer.file", "farm.sheet"))
	}
	for part := range slices.Chunk(looks, store.MaxPage) {
		if err := h.Log.Note(ctx, rq, part...); err != nil {
			return api.SheetView{}, err
		}
	}
	if len(looks) == 0 {
		if err := h.Log.Note(ctx, rq); err != nil {
			return api.SheetView{}, err
		}
	}
	return sheetOf(l, files, forms)
}

// sheetOf writes households into a sheet; nothing restricted, and names and numbers masked.
func sheetOf(l *farmer.Layout, files []*farmer.File, forms farmer.Forms) (v api.SheetView, err error) {
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	w, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return v, models.E(models.Internal, "internal", err)
	}
	head := make([]any, len(l.Columns))
	for i, c := range l.Columns {
		head[i] = c.Heading
	}
	line := 1
	put := func(cells []any) error {
		at, err := excelize.CoordinatesToCellName(1, line)
		line++
		if err != nil {
			return err
		}
		return w.SetRow(at, cells)
	}
	if err := put(head); err != nil {
		return v, models.E(models.Internal, "internal", err)
	}
	many := l.Many(forms)
	for _, f := range files {
		rows := []farmer.Row{{}}
		if many != "" {
			rows = f.Rows(many)
		}
		for _, r := range rows {
			if err := put(sheetLine(l, f, r, many, forms)); err != nil {
				return v, models.E(models.Internal, "internal", err)
			}
		}
	}
	if err := w.Flush(); err != nil {
		return v, models.E(models.Internal, "internal", err)
	}
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		return v, models.E(models.Internal, "internal", err)
	}
	return api.SheetView{Kind: api.XlsxKind, Body: b.Bytes()}, nil
}

func sheetLine(l *farmer.Layout, f *farmer.File, r farmer.Row, many string, forms farmer.Forms) []any {
	cells := make([]any, len(l.Columns))
	for i, c := range l.Columns {
		switch c.To {
		case farmer.ToNo:
			cells[i] = f.No
			continue
		case farmer.ToVillage:
			cells[i] = string(f.Village)
			continue
		}
		section, key, _ := strings.Cut(c.To, ".")
		sheet := forms[section]
		if sheet == nil {
			continue
		}
		col := sheet.Column(key)
		if col == nil || col.Restricted {
			continue
		}
		row := ""
		if section == many {
			row = r.ID
		}
		cell, there := f.Cells[farmer.Address{Section: section, Row: row, Key: key}.String()]
		if there {
			text := c.Text(cell.Value(), col)
			if col.Private {
				text = models.NewSecret(text).String()
			}
			cells[i] = api.Harmless(text)
		}
	}
	return cells
}
