package rule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"

	"xinyi/models"
)

// Canonical writes a value as JSON that is the same for equal values: keys sorted by their bytes, no space, no fractions, the
// shortest escapes. Values are nil, bools, strings, integers, and slices and maps of them. Errors: Internal for anything else.
func Canonical(v any) ([]byte, error) {
	var out bytes.Buffer
	if err := write(&out, reflect.ValueOf(v)); err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	return out.Bytes(), nil
}

func write(out *bytes.Buffer, v reflect.Value) error {
	if !v.IsValid() {
		out.WriteString("null")
		return nil
	}
	switch kind := v.Kind(); {
	case kind == reflect.Bool:
		out.WriteString(strconv.FormatBool(v.Bool()))
	case v.CanInt():
		out.WriteString(strconv.FormatInt(v.Int(), 10))
	case kind == reflect.String:
		return text(out, v.String())
	case kind == reflect.Interface:
		return write(out, v.Elem())
	case kind == reflect.Slice:
		return array(out, v)
	case kind == reflect.Map && v.Type().Key().Kind() == reflect.String:
		return object(out, v)
	default:
		return fmt.Errorf("%s has no canonical form", v.Type())
	}
	return nil
}

func array(out *bytes.Buffer, v reflect.Value) error {
	out.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := write(out, v.Index(i)); err != nil {
			return err
		}
	}
	out.WriteByte(']')
	return nil
}

func object(out *bytes.Buffer, v reflect.Value) error {
	values := map[string]reflect.Value{}
	for it := v.MapRange(); it.Next(); {
		values[it.Key().String()] = it.Value()
	}
	out.WriteByte('{')
	for i, key := range slices.Sorted(maps.Keys(values)) {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := text(out, key); err != nil {
			return err
		}
		out.WriteByte(':')
		if err := write(out, values[key]); err != nil {
			return err
		}
	}
	out.WriteByte('}')
	return nil
}

// escapes are the characters JSON has short names for.
var escapes = map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}

func text(out *bytes.Buffer, s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("a text of %d bytes is not UTF-8", len(s))
	}
	out.WriteByte('"')
	for _, r := range s {
		short, named := escapes[r]
		switch {
		case named:
			out.WriteString(short)
		case r < 0x20:
			fmt.Fprintf(out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
	return nil
}

// Facts reads the canonical form of facts back. Errors: Internal for what Canonical never writes.
func Facts(raw []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	facts := map[string]any{}
	if err := dec.Decode(&facts); err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	for name, v := range facts {
		fact, err := plain(v)
		if err != nil {
			return nil, models.E(models.Internal, "internal", fmt.Errorf("fact %s: %w", name, err))
		}
		facts[name] = fact
	}
	return facts, nil
}

func plain(v any) (any, error) {
	switch x := v.(type) {
	case json.Number:
		return strconv.ParseInt(x.String(), 10, 64)
	case []any:
		list := make([]string, len(x))
		for i, item := range x {
			s, ok := item.(string)
			if !ok {
				return nil, fmt.Errorf("a list of %T", item)
			}
			list[i] = s
		}
		return list, nil
	case string, bool:
		return x, nil
	}
	return nil, fmt.Errorf("%T is no fact", v)
}
