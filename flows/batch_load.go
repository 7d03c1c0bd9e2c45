package flows

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"xinyi/models"
	"xinyi/models/batch"
	"xinyi/models/catalogue"
	"xinyi/models/identity"
	"xinyi/models/record"
	"xinyi/models/uscc"
	"xinyi/store"
	"xinyi/usecase"
)

// load is one part on its way.
type load struct {
	f      Batches
	b      *batch.Batch
	item   *catalogue.Item
	form   *catalogue.Form
	seen   map[string]bool     // organisations' codes with their names, noted in this part
	onTime map[models.Day]bool // by day of decision
}

// verdict is how a row came out.
type verdict struct {
	line   batch.Line
	row    catalogue.Row
	faults []models.Field
	draft  record.Draft
	rec    *record.Record
}

// keep reads a group of lines and keeps what is good.
func (l *load) keep(ctx context.Context, lines []batch.Line) (batch.Counts, error) {
	counts := batch.Counts{}
	verdicts := make([]*verdict, len(lines))
	for i, line := range lines {
		verdicts[i] = l.read(line)
	}
	if err := l.accounts(ctx, verdicts); err != nil {
		return counts, err
	}
	now := l.f.Now()
	var fresh []*verdict
	for _, v := range verdicts {
		if v.faults == nil {
			if rec, err := record.New(v.draft, l.f.Policy, l.b.By, now); err != nil {
				v.faults = []models.Field{{Pointer: "", Code: codeOf(err)}}
			} else {
				v.rec = rec
				fresh = append(fresh, v)
			}
		}
	}
	if !l.b.DryRun {
		if err := l.write(ctx, fresh, &counts); err != nil {
			return counts, err
		}
		if err := l.organisations(ctx, verdicts); err != nil {
			return counts, err
		}
	}
	return counts, l.count(ctx, verdicts, &counts)
}

// codeOf is the code of a record's refusal, as the rows show it.
func codeOf(err error) string {
	var e *models.Error
	if errors.As(err, &e) && e.Reason == "record.decided_later" {
		return "future"
	}
	return "schema"
}

// read reads a line by the form.
func (l *load) read(line batch.Line) *verdict {
	v := &verdict{line: line, faults: line.Faults}
	if line.Cells == nil {
		return v
	}
	row, faults := l.form.Read(line.Cells)
	v.row = row
	v.faults = append(v.faults, faults...)
	if v.faults != nil {
		return v
	}
	v.draft = l.f.Subjects.Drafted(l.item, row, l.b.Unit, l.b.Region)
	v.draft.Batch, v.draft.Row = l.b.ID, line.No
	return v
}

// accounts names the accounts of the persons among the rows, some at a time.
func (l *load) accounts(ctx context.Context, verdicts []*verdict) error {
	waiting := map[string][]*verdict{}
	var hashes []any
	lookUp := func() error {
		if len(hashes) == 0 {
			return nil
		}
		page, err := l.f.Subjects.People.Find(ctx, store.Where("idNumber.hash", store.In, hashes...).Page(store.MaxPage, "").Only("idNumber",
			"state"))
		if err != nil {
			return err
		}
		for _, p := range page.Items {
			for _, v := range waiting[l.f.Subjects.Keys.Hash(p.IDNumber)] {
				if p.State == identity.Bound {
					v.draft.Subject.Person = p.ID
				}
			}
		}
		hashes = hashes[:0]
		return nil
	}
	for _, v := range verdicts {
		if v.faults != nil || v.row.Kind != models.PersonSubject {
			continue
		}
		ref := v.draft.Subject.Ref
		if waiting[ref] = append(waiting[ref], v); len(waiting[ref]) > 1 {
			continue
		}
		if hashes = append(hashes, ref); len(hashes) == store.MaxIn {
			if err := lookUp(); err != nil {
				return err
			}
		}
	}
	return lookUp()
}

// write keeps new records in one write; when one of them is there already, one by one.
func (l *load) write(ctx context.Context, fresh []*verdict, counts *batch.Counts) error {
	recs := make([]*record.Record, len(fresh))
	for i, v := range fresh {
		recs[i] = v.rec
	}
	err := l.f.Records.InsertMany(ctx, recs)
	if err == nil || !errors.Is(err, models.Conflict) {
		return err
	}
	for _, v := range fresh {
		if err := l.one(ctx, v, counts); err != nil {
			return err
		}
	}
	return nil
}

// one keeps a record that may be there already.
func (l *load) one(ctx context.Context, v *verdict, counts *batch.Counts) error {
	was, err := l.f.Records.Get(ctx, v.rec.ID)
	if errors.Is(err, models.NotFound) {
		if err = l.f.Records.Insert(ctx, v.rec); !errors.Is(err, models.Conflict) {
			return err
		}
		was, err = l.f.Records.Get(ctx, v.rec.ID)
	}
	switch {
	case err != nil:
		return err
	case was.Batch == l.b.ID && was.Row != v.line.No:
		v.faults = []models.Field{{Pointer: "", Code: "duplicate_row", Args: map[string]string{"row": strconv.Itoa(was.Row)}}}
	case was.Batch == l.b.ID: // a part that runs once more after its count was lost
		if was.Current.No > 1 {
			counts.Updated++
		}
	case was.Same(v.draft):
		counts.Unchanged++
	case !was.Subject.Is(v.draft.Subject):
		v.faults = []models.Field{{Pointer: "", Code: "other_subject"}}
	default:
		return l.revise(ctx, v, counts)
	}
	return nil
}

// revise keeps what a known record says now.
func (l *load) revise(ctx context.Context, v *verdict, counts *batch.Counts) error {
	d := v.draft
	change := record.Change{Attributes: d.Attributes, Private: d.Private, Valid: d.Valid, Batch: l.b.ID, Row: v.line.No}
	_, err := l.f.Records.Update(ctx, v.rec.ID, func(r *record.Record) error {
		if l.b.Mode == batch.Correct {
			return r.Correct(change, l.b.By, l.f.Now())
		}
		return r.Revise(change, l.b.By, l.f.Now())
	})
	if errors.Is(err, models.InvalidTransition) || errors.Is(err, models.Conflict) {
		v.faults = []models.Field{{Pointer: "", Code: "not_revisable"}}
		return nil
	}
	if err == nil {
		counts.Updated++
	}
	return err
}

// organisations notes which code goes with which name, and has wrong codes put right.
func (l *load) organisations(ctx context.Context, verdicts []*verdict) error {
	var seen []usecase.Seen
	var findings []uscc.Finding
	src := uscc.Source{Unit: l.b.Unit, Region: l.b.Region, Registered: l.item.Code == registration}
	for _, v := range verdicts {
		if v.faults == nil && v.row.Kind == models.Organisation {
			key := string(v.row.Code) + " " + v.row.Name
			if !l.seen[key] {
				l.seen[key] = true
				seen = append(seen, usecase.Seen{Code: string(v.row.Code), Name: v.row.Name, Source: src})
			}
		}
		for _, fault := range v.faults {
			if !strings.HasPrefix(fault.Code, "uscc_") {
				continue
			}
			raw := v.line.Cells[strings.TrimPrefix(fault.Pointer, "/")]
			if finding, ok := uscc.FromRow(raw, v.row.Name, l.b.Unit, l.b.Region); ok {
				findings = append(findings, finding)
			}
		}
	}
	if err := l.f.Catalogue.SawMany(ctx, seen); err != nil {
		return err
	}
	return l.f.Catalogue.ReportMany(ctx, findings)
}

// registration is the item that says what an organisation is called.
const registration = "DJZC"

// count adds the verdicts up and keeps the refused rows.
func (l *load) count(ctx context.Context, verdicts []*verdict, counts *batch.Counts) error {
	now := l.f.Now()
	delivered := models.DayOf(l.b.CreatedAt)
	var refused []*batch.Row
	for _, v := range verdicts {
		counts.Rows++
		counts.Filled += int64(v.row.Filled)
		counts.Required += int64(v.row.Required)
		if day := v.row.DecidedOn; day != "" {
			onTime, known := l.onTime[day]
			if !known {
				onTime = batch.OnTime(day, delivered)
				l.onTime[day] = onTime
			}
			if onTime {
				counts.OnTime++
			}
		}
		if v.faults == nil {
			counts.Accepted++
			if v.row.Warnings != nil {
				counts.Warned++
			}
			continue
		}
		counts.Rejected++
		counts.Add(batch.Counts{Faults: map[string]int{v.faults[0].Code: 1}})
		cells, err := json.Marshal(v.line.Cells)
		if err != nil {
			return err
		}
		refused = append(refused, batch.Refuse(l.b.ID, v.line.No, batch.Wrong{Key: v.row.Key, Faults: v.faults, Cells: string(cells)}, now))
	}
	err := l.f.Rows.InsertMany(ctx, refused)
	if !errors.Is(err, models.Conflict) {
		return err
	}
	for _, r := range refused { // a part that runs once more
		if err := store.Existing(l.f.Rows.Insert(ctx, r)); err != nil {
			return err
		}
	}
	return nil
}
