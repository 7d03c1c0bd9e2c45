package batch

import (
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/batch"
	"xinyi/store"
)

// view is a batch and how far it has come.
type view struct {
	ID       string         `json:"id"`
	Unit     string         `json:"unit"`
	Item     string         `json:"item"`
	Edition  int            `json:"itemVersion,omitempty"`
	No       string         `json:"no"`
	Format   batch.Format   `json:"format"`
	Mode     batch.Mode     `json:"mode"`
	DryRun   bool           `json:"dryRun"`
	Month    string         `json:"month"`
	State    batch.State    `json:"state" enum:"RECEIVING,RUNNING,DONE,CHECKED,FAILED,WITHDRAWING,WITHDRAWN,CANCELLED"`
	Reason   string         `json:"reason,omitempty" description:"Why the file could not be read"`
	Text     string         `json:"text,omitempty" description:"The same in words"`
	Bytes    int64          `json:"bytes"`
	Parts    int            `json:"parts"`
	ReadTo   int64          `json:"readTo" description:"Bytes read so far"`
	Rows     int            `json:"rows" description:"Rows read so far"`
	Accepted int            `json:"accepted"`
	Updated  int            `json:"updated"`
	Same     int            `json:"unchanged"`
	Rejected int            `json:"rejected"`
	Fixed    int            `json:"fixed"`
	Warned   int            `json:"warned"`
	Faults   map[string]int `json:"faults" description:"Rejected rows by the code of their first fault"`
	Taken    int            `json:"withdrawn" description:"Records taken back so far"`
	At       time.Time      `json:"createdAt"`
	Ended    *time.Time     `json:"endedAt,omitempty"`
	Job      api.JobView    `json:"job" description:"Rows; while it is taken back, records"`
}

func viewBatch(b *batch.Batch, lang string) view {
	c := b.Counts
	v := view{
		ID: b.ID, Unit: b.Unit, Item: b.Item, Edition: b.Edition, No: b.No, Format: b.Format, Mode: b.Mode, DryRun: b.DryRun, Month: b.Month,
		State: b.State, Reason: b.Why, Bytes: b.File.Size, Parts: b.File.Parts, ReadTo: b.Cursor.Offset, Rows: c.Rows, Accepted: c.Accepted,
		Updated: c.Updated, Same: c.Unchanged, Rejected: c.Rejected, Fixed: c.Fixed, Warned: c.Warned, Faults: c.Faults, Taken: b.Taken,
		At: b.CreatedAt, Ended: b.Ended, Job: api.ViewJob(store.Batches.Job, b, lang),
	}
	if v.Faults == nil {
		v.Faults = map[string]int{}
	}
	if b.Why != "" {
		v.Text = api.Say(b.Why, lang, b.Args)
	}
	return v
}

// rowFault is one fault of a row in words.
type rowFault struct {
	Pointer string `json:"pointer" description:"/rows/<row>/<column>"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func rowFaults(no int, faults []models.Field, lang string) []rowFault {
	out := make([]rowFault, len(faults))
	for i, f := range faults {
		out[i] = rowFault{"/rows/" + api.Itoa(no) + f.Pointer, f.Code, api.Say("field."+f.Code, lang, f.Args)}
	}
	return out
}

// rowView is a refused row.
type rowView struct {
	Row    int               `json:"row"`
	Key    string            `json:"key,omitempty"`
	State  batch.RowState    `json:"state"`
	Faults []rowFault        `json:"errors"`
	Cells  map[string]string `json:"cells" personal:"true" description:"What the row said, by column key"`
}

type metricsView struct {
	Month string        `json:"month"`
	Total metricView    `json:"total"`
	Units []unitMetrics `json:"units"`
}

type unitMetrics struct {
	Unit string `json:"unit"`
	metricView
}

// metricView are shares in basis points; null: no data.
type metricView struct {
	Batches        int        `json:"batches"`
	Received       int        `json:"received"`
	Accepted       int        `json:"accepted"`
	Produced       *int       `json:"produced"`
	ComplianceBp   *models.Bp `json:"complianceBp"`
	TimelinessBp   *models.Bp `json:"timelinessBp"`
	CompletenessBp *models.Bp `json:"completenessBp"`
	CoverageBp     *models.Bp `json:"coverageBp"`
	Note           string     `json:"note,omitempty" description:"无数据 when nothing was received"`
}

func viewMetrics(m batch.Metrics, lang string) metricView {
	v := metricView{m.Batches, m.Received, m.Accepted, m.Produced, m.Compliance, m.Timeliness, m.Completeness, m.Coverage, ""}
	if m.Received == 0 {
		v.Note = api.Say("batch.no_data", lang, nil)
	}
	return v
}
