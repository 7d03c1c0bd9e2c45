package models

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// An EventField is one value of an event's data.
type EventField struct {
	Key      string // "billNo", as texts and webhooks name it
	Optional bool   // an empty value is left out

	index []int
	read  func(text string, into reflect.Value) error
	text  func(reflect.Value) string
}

// A codec turns the data of an event, a struct, into the texts by key that are kept and shown, and back. A key is the field's name
// with a small first letter, or the one its tag gives; `event:",omitempty"` leaves out an empty value,
// `event:"purposeEn"` names it otherwise.
// Texts are kept as they are, numbers in decimals, truth as true and false, Fen in yuan. An embedded struct lends its fields.
type codec struct{ fields []EventField }

var codecs sync.Map // reflect.Type → *codec

// codecFor is the codec of a D; it panics when D holds what events do not carry.
func codecFor[D any]() *codec {
	t := reflect.TypeFor[D]()
	if c, ok := codecs.Load(t); ok {
		return c.(*codec) //nolint:errcheck // nothing else is kept there
	}
	c := &codec{}
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous {
			unhidden(t, f)
			continue
		}
		c.fields = append(c.fields, fieldOf(t, f))
	}
	codecs.Store(t, c)
	return c
}

// unhidden panics when a field of the embedded struct f is hidden by another one of t.
func unhidden(t reflect.Type, f reflect.StructField) {
	for lent := range f.Type.Fields() {
		if seen, _ := t.FieldByName(lent.Name); len(seen.Index) != len(f.Index)+1 {
			panic(fmt.Sprintf("%v: the field %s is there twice", t, lent.Name))
		}
	}
}

func fieldOf(t reflect.Type, f reflect.StructField) EventField {
	key, option, _ := strings.Cut(f.Tag.Get("event"), ",")
	if key == "" {
		first, size := utf8.DecodeRuneInString(f.Name)
		key = string(unicode.ToLower(first)) + f.Name[size:]
	}
	made := EventField{Key: key, Optional: option == "omitempty", index: f.Index}
	kind := f.Type.Kind()
	switch {
	case !f.IsExported():
		panic(fmt.Sprintf("%v.%s: the data of an event is exported", t, f.Name))
	case f.Type == reflect.TypeFor[Fen]():
		made.text = func(v reflect.Value) string { return Fen(v.Int()).Yuan() }
		made.read = func(text string, into reflect.Value) error { return number(into.SetInt, text, readYuan) }
	case kind == reflect.String:
		made.text = reflect.Value.String
		made.read = func(text string, into reflect.Value) error { into.SetString(text); return nil }
	case kind == reflect.Bool:
		made.text = func(v reflect.Value) string { return strconv.FormatBool(v.Bool()) }
		made.read = func(text string, into reflect.Value) error {
			b, err := strconv.ParseBool(text)
			into.SetBool(b)
			return err
		}
	case kind == reflect.Int || kind == reflect.Int64:
		made.text = func(v reflect.Value) string { return strconv.FormatInt(v.Int(), 10) }
		made.read = func(text string, into reflect.Value) error { return number(into.SetInt, text, decimal) }
	default:
		panic(fmt.Sprintf("%v.%s: an event carries no %v", t, f.Name, f.Type))
	}
	return made
}

func decimal(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }

// number sets what parse reads.
func number[N ~int64](set func(int64), text string, parse func(string) (N, error)) error {
	n, err := parse(text)
	set(int64(n))
	return err
}

func (c *codec) encode(data any) map[string]string {
	v := reflect.ValueOf(data)
	all := make(map[string]string, len(c.fields))
	for _, f := range c.fields {
		if field := v.FieldByIndex(f.index); !f.Optional || !field.IsZero() {
			all[f.Key] = f.text(field)
		}
	}
	return all
}

// DataOf is the data of an event as a D, which several kinds may share; Kind.Read where there is one.
// Errors: Internal when a value is no such value, or one is missing that is neither optional nor a text.
func DataOf[D any](e Event) (D, error) {
	var data D
	v := reflect.ValueOf(&data).Elem()
	for _, f := range codecFor[D]().fields {
		text, ok := e.Data[f.Key]
		if !ok && (f.Optional || v.FieldByIndex(f.index).Kind() == reflect.String) {
			continue
		}
		if err := f.read(text, v.FieldByIndex(f.index)); err != nil {
			return data, E(Internal, "internal", fmt.Errorf("%s: %s: %w", e.ID, f.Key, err))
		}
	}
	return data, nil
}
