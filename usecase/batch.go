package usecase

import (
	"context"
	"io"

	"xinyi/models/batch"
	"xinyi/models/blob"
	"xinyi/store"
)

// Batch reads the files of batches.
type Batch struct {
	store.Batch
	Blobs *store.Repo[blob.Blob]
}

// OpenBatch opens the repos on s, once a process.
func OpenBatch(s *store.Store, blobs *store.Repo[blob.Blob]) Batch {
	return Batch{store.OpenBatch(s), blobs}
}

// File reads a batch's file from a byte on, a blob at a time.
func (r Batch) File(ctx context.Context, b *batch.Batch, from int64) io.Reader {
	f := &file{ctx: ctx, repo: r.Blobs, ids: b.File.Blobs}
	for len(f.ids) > 0 && from >= int64(b.File.Sizes[len(b.File.Blobs)-len(f.ids)]) {
		from -= int64(b.File.Sizes[len(b.File.Blobs)-len(f.ids)])
		f.ids = f.ids[1:]
	}
	f.skip = int(from)
	return f
}

type file struct {
	ctx  context.Context // of the one reading it is made for
	repo *store.Repo[blob.Blob]
	ids  []string
	skip int
	rest []byte
}

// Read implements io.Reader.
func (f *file) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		if len(f.ids) == 0 {
			return 0, io.EOF
		}
		b, err := f.repo.Get(f.ctx, f.ids[0])
		if err != nil {
			return 0, err
		}
		f.rest, f.skip, f.ids = b.Bytes()[f.skip:], 0, f.ids[1:]
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}
