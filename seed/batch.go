package seed

import (
	"bytes"
	"context"
	"time"

	"xinyi/models"
	"xinyi/models/batch"
	"xinyi/models/blob"
	"xinyi/models/catalogue"
	"xinyi/usecase"
)

// delivery is the file the market bureau delivered just before the city opened: the server reads it at its first start, keeps the good
// rows, and leaves a work list of the others.
type delivery struct {
	batch *batch.Batch
	file  *blob.Blob
}

// The file of the demo city: so many rows, and in a thousand so many with each of the faults there are.
const (
	deliveredRows   = 60
	deliveredFaults = 12
)

func newDelivery(it *catalogue.Item, form *catalogue.Form, clerk models.Actor, now time.Time) (*delivery, error) {
	var text bytes.Buffer
	if _, err := Sample(&text, form, deliveredRows, deliveredFaults, 430100, now); err != nil {
		return nil, err
	}
	const id = "batch-demo"
	produced := deliveredRows
	b, err := batch.New(id, batch.Draft{
		Item: it.Code, No: "示例001", Name: "行政处罚公示.csv", Format: batch.CSV, Mode: batch.Update, Produced: &produced,
	}, clerk, now)
	if err != nil {
		return nil, err
	}
	file, err := blob.New("blob-"+id, id, "application/octet-stream", text.Bytes(), batch.Gone(now))
	if err != nil {
		return nil, err
	}
	if _, err := b.Part(1, text.Bytes(), []string{file.ID}, []int{file.Size}); err != nil {
		return nil, err
	}
	return &delivery{b, file}, b.Submit(file.Hash, it.Version, clerk, now)
}

// keep writes the file before the batch that names it. The batch's events are left in: they make the server read the file.
func (d *delivery) keep(ctx context.Context, s usecase.Batch) error {
	if err := fresh(ctx, s.Blobs, []*blob.Blob{d.file}); err != nil {
		return err
	}
	return fresh(ctx, s.Batches, []*batch.Batch{d.batch})
}
