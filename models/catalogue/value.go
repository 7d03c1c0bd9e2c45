package catalogue

import (
	"xinyi/models"
	"xinyi/models/form"
)

// Value reads one cell that is to take the place of another: what the attribute is then, and whether it is private. A column that
// says who the subject is, or by which number and day the record is known, has no other value: such a record is withdrawn.
// The fault points at the column.
func (f *Form) Value(key, text string) (value any, private bool, fault *models.Field) {
	c := f.Key(key)
	if c == nil {
		return nil, false, &models.Field{Pointer: form.Pointer(key), Code: "unknown_column"}
	}
	if c.Role != "" && c.Role != roleUntil {
		return nil, false, &models.Field{Pointer: form.Pointer(key), Code: "fixed_column"}
	}
	text = form.Tidy(text)
	if text == "" {
		if c.Required {
			return nil, false, &models.Field{Pointer: form.Pointer(key), Code: "required"}
		}
		return nil, c.Private, nil
	}
	value, code, args := c.Cell(text)
	if code != "" {
		return nil, false, &models.Field{Pointer: form.Pointer(key), Code: code, Args: args}
	}
	return value, c.Private, nil
}
