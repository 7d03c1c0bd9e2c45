package api

import (
	"xinyi/models"
)

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
