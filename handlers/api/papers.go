package api

import (
	"context"
	"net/http"

	"xinyi/models"
)

// CleanPaper is a paper handed in, its kind found out from its bytes: a PDF as it is, a picture made anew from its pixels. other is the
// error for anything else. Errors: those of Cleaned; other.
func CleanPaper(ctx context.Context, data []byte, other error) (clean []byte, kind string, err error) {
	switch kind = http.DetectContentType(data); kind {
	case "application/pdf":
		return data, kind, nil
	case "image/jpeg", "image/png":
		clean, _, _, err = Cleaned(ctx, data)
		return clean, "image/jpeg", err
	}
	return nil, "", other
}

// KeepOnce takes it that somebody kept the same before.
func KeepOnce(err error) error {
	if models.CodeOf(err) == models.Conflict {
		return nil
	}
	return err
}

// Paper is a file handed in.
type Paper struct {
	Kind string
	Body []byte
}

// File implements File.
func (p Paper) File() (string, []byte) { return p.Kind, p.Body }
