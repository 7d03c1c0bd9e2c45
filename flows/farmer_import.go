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
	"xinyi/models/farmer"
	"xinyi/store"
)

// Bounds of a part of an import.
const (
	importPart = 500
	importTime = 4 * time.Second
)

// importPart reads the lines of a sheet that are due. One cut off is read again: a line that was taken says so, and changes nothing.
func (f Farmer) importPart(ctx context.Context, e models.Event) error {
	n, err := strconv.Atoi(e.Data["part"])
	if err != nil {
		return models.E(models.Internal, "internal", err)
	}
	im, err := f.Imports.Get(ctx, e.Subject)
	if err != nil || im.Part != n || im.State != farmer.Importing {
		return gone(err)
	}
	step, err := f.lines(ctx, im)
	var fault *batch.Fault
	if err != nil && !errors.As(err, &fault) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	_, err = f.Imports.Update(ctx, im.ID, func(im *farmer.Import) error {
		var took bool
		var err error
		if fault != nil {
			took, err = im.Fail(fault.Why, f.Now())
		} else {
			took, err = im.Step(step, f.Now())
		}
		if err == nil && !took {
			return store.Unchanged()
		}
		return err
	})
	return err
}

// sheet reads the lines of a workbook one by one; the workbook is unpacked as they are read, and never whole.
func (f Farmer) sheet(ctx context.Context, im *farmer.Import, l *farmer.Layout) (batch.Reader, func(), error) {
	b, err := f.Blobs.Get(ctx, im.Blob)
	if err != nil {
		return nil, nil, err
	}
	out, in := io.Pipe()
	go func() { in.CloseWithError(Unpack(b.Bytes(), in)) }()
	stop := func() { _ = out.Close() } // what is not read any more is not unpacked
	r, err := batch.NewReader(batch.CSV, out, batch.Cursor{}, func(heading string) (string, bool) {
		c, ok := l.Column(heading)
		return c.Heading, ok
	})
	if err != nil {
		stop()
		return nil, nil, err
	}
	return r, stop, nil
}

// lines reads the lines that are due.
func (f Farmer) lines(ctx context.Context, im *farmer.Import) (farmer.ImportStep, error) {
	step := farmer.ImportStep{Part: im.Part}
	l, err := f.Layouts.Get(ctx, im.Layout)
	if err != nil {
		return step, err
	}
	r, stop, err := f.sheet(ctx, im, l)
	if err != nil {
		return step, err
	}
	defer stop()
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
	if len(line.Village) != 12 || !place.Contains(line.Village) {
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
func (f Farmer) gathered(im *farmer.Import, line farmer.Line, no int, many string) store.Gathered {
	g := store.Gathered{Op: "import/" + im.ID + "/" + strconv.Itoa(no), Village: line.Village, No: line.No, DryRun: im.DryRun}
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
