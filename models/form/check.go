package form

import (
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"xinyi/models"
)

// Pointer is the JSON pointer of a column.
func Pointer(key string) string {
	return "/" + strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

// Check asks the schema of all values by key: string (days and dictionary values too), int64 (money in fen) and bool.
func (f *Form) Check(values map[string]any) []models.Field { return faultsOf(f.whole.Validate(values)) }

// Check asks the schema of one value. The fault points below the column.
func (c *Column) Check(value any) *models.Field {
	if faults := faultsOf(c.schema.Validate(value)); len(faults) > 0 {
		return &faults[0]
	}
	if _, ok := models.ParseDay(text(value)); c.Kind == Day && ok != nil {
		return &models.Field{Code: "day"}
	}
	return nil
}

func text(v any) string {
	s, _ := v.(string) //nolint:errcheck // "" for what is no text
	return s
}

// faultsOf are the leaves of what a schema refused.
func faultsOf(err error) (faults []models.Field) {
	e, ok := err.(*jsonschema.ValidationError) //nolint:errorlint // Validate returns it bare
	if !ok {
		return nil
	}
	for _, c := range e.Causes {
		faults = append(faults, faultsOf(c)...)
	}
	if len(e.Causes) > 0 {
		return faults
	}
	at := ""
	if len(e.InstanceLocation) > 0 {
		at = Pointer(e.InstanceLocation[0])
	}
	fault := func(at, code string, want int) {
		f := models.Field{Pointer: at, Code: code}
		if want > 0 {
			f.Args = map[string]string{"param": strconv.Itoa(want)}
		}
		faults = append(faults, f)
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, missing := range k.Missing {
			fault(Pointer(missing), "required", 0)
		}
	case *kind.DependentRequired:
		for _, missing := range k.Missing {
			fault(Pointer(missing), "required_with", 0)
		}
	case *kind.MaxLength:
		fault(at, "max", k.Want)
	case *kind.MinLength:
		fault(at, "min", k.Want)
	case *kind.Type:
		fault(at, "wrong_type", 0)
	case *kind.Pattern:
		fault(at, "pattern", 0)
	case *kind.Enum, *kind.Const:
		fault(at, "not_listed", 0)
	case *kind.Minimum, *kind.Maximum, *kind.ExclusiveMinimum, *kind.ExclusiveMaximum:
		fault(at, "range", 0)
	default:
		fault(at, "schema", 0)
	}
	return faults
}
