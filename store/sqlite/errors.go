package sqlite

import (
	"errors"
	"strings"

	"zombiezen.com/go/sqlite"

	"xinyi/models"
	"xinyi/store"
)

// failed gives an error its code. A taken unique value is a Conflict; a statement that SQLite cannot understand or
// that does not fit is ours, Internal; everything else (the disk, the memory, a lock, an ended context) is Unavailable.
func failed(err error) error {
	var known *models.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	switch code := sqlite.ErrCode(err); code.ToPrimary() {
	case sqlite.ResultConstraint:
		if code == sqlite.ResultConstraintUnique || code == sqlite.ResultConstraintPrimaryKey {
			return models.E(models.Conflict, "conflict", err).With("index", clashed(err.Error()))
		}
		return models.E(models.Internal, "internal", err)
	case sqlite.ResultMisuse, sqlite.ResultRange, sqlite.ResultMismatch, sqlite.ResultTooBig:
		return models.E(models.Internal, "internal", err)
	case sqlite.ResultError:
		if isSQLite(err) {
			return models.E(models.Internal, "internal", err)
		}
	}
	if reason, ok := unwritable[sqlite.ErrCode(err).ToPrimary()]; ok && isSQLite(err) {
		return store.Unwritable(reason, err)
	}
	return models.E(models.Unavailable, "unavailable", err)
}

// unwritable are the reasons for what the disk does.
var unwritable = map[sqlite.ResultCode]string{
	sqlite.ResultFull: store.Full, sqlite.ResultIOErr: store.Broken, sqlite.ResultCorrupt: store.Corrupt, sqlite.ResultNotADB: store.Corrupt,
	sqlite.ResultReadOnly: store.ReadOnly, sqlite.ResultPerm: store.ReadOnly, sqlite.ResultCantOpen: store.ReadOnly,
}

// isSQLite says whether err carries a result of SQLite; ErrCode answers ResultError for every other error too.
func isSQLite(err error) bool { return strings.Contains(err.Error(), "sqlite: ") }

// clashed reads the paths out of "… UNIQUE constraint failed: bills.hospital, bills.no": "hospital,no".
func clashed(text string) string {
	_, list, ok := strings.Cut(text, "constraint failed: ")
	if !ok {
		return ""
	}
	columns := strings.Split(list, ", ")
	for i, c := range columns {
		_, columns[i], _ = strings.Cut(c, ".")
	}
	return strings.Join(columns, ",")
}
