package flows

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/models/batch"
	"xinyi/models/blob"
	"xinyi/models/farmer"
	"xinyi/store"
	"xinyi/usecase"
)

// Bounds of a part of an import.
const (
	importPart = 500
	importTime = 4 * time.Second
)

// importPart reads the lines of a sheet that are due. One cut off is read again: a line that was taken says so, and changes nothing.
func (f Farmer) importPart(ctx context.Context, im *farmer.Import) (func(*farmer.Import) (bool, error), error) {
	if im.Part == 0 {
		parts, err := f.unpack(ctx, im)
		return f.read(err, func(im *farmer.Import) (bool, error) { return im.Unpack(parts, f.Now()), nil })
	}
	step, err := f.lines(ctx, im)
	return f.read(err, func(im *farmer.Import) (bool, error) { return im.Step(step, f.Now()) })
}

// read ends an import whose sheet cannot be read, and else takes what was.
func (f Farmer) read(err error, took func(*farmer.Import) (bool, error)) (func(*farmer.Import) (bool, error), error) {
	var fault *batch.Fault
	if errors.As(err, &fault) {
		return func(im *farmer.Import) (bool, error) { return im.Fail(fault.Why, f.Now()) }, nil
	}
	return took, err
}

// maxLines bounds a township's sheet.
const maxLines = 20_000

// unpack turns the workbook into CSV in blobs, and reads it to its end: a sheet that is refused is refused whole, before a line of it
// counts. Errors: *batch.Fault.
func (f Farmer) unpack(ctx context.Context, im *farmer.Import) ([]string, error) {
	b, err := f.Blobs.Get(ctx, im.Blob)
	if err != nil {
		return nil, err
	}
	out := &blobs{keep: f.Blobs, ctx: ctx, owner: "import/" + im.ID, now: f.Now()}
	if err := Unpack(ctx, b.Bytes(), out); err != nil {
		return nil, err
	}
	if err := out.flush(); err != nil {
		return nil, err
	}
	l, err := f.Layouts.Get(ctx, im.Layout)
	if err != nil {
		return nil, err
	}
	r, err := f.reader(ctx, l, out.ids)
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		_, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return append([]string{}, out.ids...), nil
		case err != nil:
			return nil, err
		case n == maxLines:
			return nil, &batch.Fault{Why: "batch.too_many_rows"}
		}
	}
}

// reader reads lines of a sheet that is unpacked.
func (f Farmer) reader(ctx context.Context, l *farmer.Layout, parts []string) (batch.Reader, error) {
	return batch.NewReader(batch.CSV, &pieces{f.Blobs, ctx, parts, nil}, batch.Cursor{}, func(heading string) (string, bool) {
		c, ok := l.Column(heading)
		return c.Heading, ok
	})
}

// pieces reads blobs one after the other.
type pieces struct {
	from *store.Repo[blob.Blob]
	ctx  context.Context // of the one step it is made for
	ids  []string
	have []byte
}

// Read implements io.Reader.
func (p *pieces) Read(to []byte) (int, error) {
	for len(p.have) == 0 {
		if len(p.ids) == 0 {
			return 0, io.EOF
		}
		b, err := p.from.Get(p.ctx, p.ids[0])
		if err != nil {
			return 0, err
		}
		p.have, p.ids = b.Bytes(), p.ids[1:]
	}
	n := copy(to, p.have)
	p.have = p.have[n:]
	return n, nil
}

// lines reads the lines that are due.
func (f Farmer) lines(ctx context.Context, im *farmer.Import) (farmer.ImportStep, error) {
	step := farmer.ImportStep{Part: im.Part}
	l, err := f.Layouts.Get(ctx, im.Layout)
	if err != nil {
		return step, err
	}
	r, err := f.reader(ctx, l, im.Parts)
	if err != nil {
		return step, err
	}
	for range im.Next {
		if _, err := r.Next(); err != nil {
			return step, err
		}
	}
	size := f.size
	if size == 0 {
		size = importPart
	}
	short, cancel := context.WithTimeout(ctx, importTime)
	defer cancel()
	for step.Lines < size && (step.Lines == 0 || short.Err() == nil) {
		line, err := r.Next()
		if errors.Is(err, io.EOF) {
			step.Last = true
			return step, nil
		}
		if err != nil {
			return step, err
		}
		if err := f.line(ctx, im, l, line, &step); err != nil {
			return step, err
		}
	}
	return step, nil
}

// line takes one line.
func (f Farmer) line(ctx context.Context, im *farmer.Import, l *farmer.Layout, raw batch.Line, step *farmer.ImportStep) error {
	step.Lines++
	place := im.Village
	forms, err := f.FormsAt(ctx, place)
	if err != nil {
		return err
	}
	line := l.Read(raw.Cells, forms)
	v := farmer.LineVerdict{Line: raw.No, No: line.No, Faults: append(raw.Faults, line.Faults...)}
	if line.Village == "" {
		line.Village = place
	}
	if line.Village.Level() != models.Village || !place.Contains(line.Village) {
		v.Fault("", "farmer_village")
	}
	if len(v.Faults) > 0 {
		step.Refused++
		step.Verdicts = append(step.Verdicts, v)
		return nil
	}
	c, err := f.Collect(ctx, f.gathered(im, line, raw.No, l.Many(forms)), f.Policy, im.By)
	var e *models.Error
	switch {
	case errors.As(err, &e) && e.Code != models.Internal && e.Code != models.Unavailable && e.Code != models.Stale:
		v.Fault("", "farmer_line")
		for _, fault := range e.Fields {
			v.Fault(fault.Pointer, fault.Code)
		}
		step.Refused++
		step.Verdicts = append(step.Verdicts, v)
		return nil
	case err != nil:
		return err
	}
	if c.Created {
		step.Created++
	}
	v.Taken = true
	for _, x := range c.Verdicts {
		switch x.Outcome {
		case farmer.Refused:
			v.Fault("/"+x.At, x.Code)
		case farmer.Overwrote, farmer.Kept:
			v.Fault("/"+x.At, "farmer_conflict")
		case farmer.Applied, farmer.Unchanged:
		}
	}
	step.Taken++
	if len(v.Faults) > 0 {
		step.Verdicts = append(step.Verdicts, v)
	}
	return nil
}

// gathered is a line as a phone would bring it. A row of a list is named by what it is about, so the same sheet twice is the same rows.
func (f Farmer) gathered(im *farmer.Import, line farmer.Line, no int, many string) usecase.Gathered {
	g := usecase.Gathered{Op: "import/" + im.ID + "/" + strconv.Itoa(no), Village: line.Village, No: line.No, DryRun: im.DryRun}
	row := ""
	if many != "" {
		named := ""
		for _, key := range []string{farmer.FieldID, farmer.FieldName, "kind", "what", "title"} {
			if s, is := line.Cells[many+"."+key].(string); is && s != "" {
				named += "/" + s
				if key == farmer.FieldID {
					break
				}
			}
		}
		if named == "" {
			named = strconv.Itoa(no)
		}
		row = "r" + models.Derived("farmrow", string(line.Village), line.No, many, named)[:12]
	}
	for to, value := range line.Cells {
		section, key, _ := strings.Cut(to, ".")
		a := farmer.Address{Section: section, Key: key}
		if section == many {
			a.Row = row
		}
		g.Edits = append(g.Edits, farmer.Edit{At: a.String(), Value: value, Wrote: im.CreatedAt})
	}
	return g
}
