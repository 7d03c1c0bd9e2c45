package api

import (
	"encoding"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"xinyi/models"
)

// Every text that is sent passes here before it is validated, on every route: it is normalised (NFC, line ends, no white space around
// it), has no control or invisible character that could hide or turn what people read, and is bounded. A field says with the tag text
// that it is otherwise:
//
//	text:"raw"    a secret, a token, a text of JSON: kept as it came
//	text:"told"   told to others, like every reason and note: from an office or a system it names no illness
//
// The values of a form come as maps and pass as well.
const (
	mostText  = 2000 // runes of a text whose field names no bound
	longText  = 200  // a text that may be so long may have lines and tabs
	tagText   = "text"
	adviceKey = "X-Advice"
)

// A sifting is one request's.
type sifting struct {
	words  *lexicon // of illness
	office bool     // who sends it acts for an office or as a system
	faults []models.Field
	advice []string // pointers of texts that name an illness and are taken all the same
}

// texts is what a field says of the texts in it.
type texts struct {
	raw, lines, told, free bool
	most                   int // 0: its own tag bounds it
}

// told are the fields that others are told, by name.
var told = []string{"reason", "note", "finding", "answer"}

// textsOf reads a field.
func textsOf(f reflect.StructField) texts {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	own, items := tagRules(f.Tag.Get("validate"))
	how := texts{raw: f.Tag.Get(tagText) == "raw", told: f.Tag.Get(tagText) == "told" || slices.Contains(told, name), most: mostText}
	if kind := f.Type.Kind(); kind == reflect.Slice || kind == reflect.Map { // its own rules count the items
		own = items
	}
	for _, r := range own {
		rule, param, _ := strings.Cut(r, "=")
		if !boundsText(rule) {
			continue
		}
		how.most = 0
		if n, err := strconv.Atoi(param); err == nil && rule == "max" && n >= longText {
			how.lines, how.free = true, true
		}
	}
	if how.most > 0 {
		how.lines, how.free = true, true
	}
	return how
}

// boundsText says whether a rule of a validate tag bounds a text.
func boundsText(rule string) bool {
	own, ours := rules[rule]
	return slices.Contains([]string{"max", "len", "lte", "lt", "oneof", "eq", "datetime"}, rule) || ours &&
		(own.pattern != "" || own.format != "" || rule == "known")
}

// sift is what makes the texts of a value fit; nil where there is none.
type sift func(s *sifting, v reflect.Value, at string)

// siftOf is the sift of a type below a field. known are the structs it stands in.
func siftOf(t reflect.Type, how texts, known map[reflect.Type]*sift) sift {
	if how.raw || read(t) {
		return nil
	}
	switch t.Kind() {
	case reflect.String:
		if t.Implements(reflect.TypeFor[enumerated]()) {
			return nil
		}
		return func(s *sifting, v reflect.Value, at string) { v.SetString(s.text(v.String(), at, how)) }
	case reflect.Interface:
		return func(s *sifting, v reflect.Value, at string) { s.any(v, at, how) }
	case reflect.Pointer:
		if inner := siftOf(t.Elem(), how, known); inner != nil {
			return func(s *sifting, v reflect.Value, at string) {
				if !v.IsNil() {
					inner(s, v.Elem(), at)
				}
			}
		}
	case reflect.Slice, reflect.Array:
		if inner := siftOf(t.Elem(), how, known); inner != nil && t.Elem().Kind() != reflect.Uint8 {
			return func(s *sifting, v reflect.Value, at string) {
				for i := range v.Len() {
					inner(s, v.Index(i), at+"/"+strconv.Itoa(i))
				}
			}
		}
	case reflect.Map:
		return siftMap(t, how, known)
	case reflect.Struct:
		return siftWithin(t, known)
	}
	return nil
}

// read says whether a type reads its own text: it bounds it, too.
func read(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) || p.Implements(reflect.TypeFor[json.Unmarshaler]())
}

func siftMap(t reflect.Type, how texts, known map[reflect.Type]*sift) sift {
	inner := siftOf(t.Elem(), how, known)
	return func(s *sifting, v reflect.Value, at string) {
		for _, k := range v.MapKeys() {
			below := at + "/" + escape(k.String())
			if s.text(k.String(), below, texts{most: longText}) != k.String() {
				s.fault(below, "characters", nil)
			}
			if inner == nil {
				continue
			}
			value := reflect.New(t.Elem()).Elem()
			value.Set(v.MapIndex(k))
			inner(s, value, below)
			v.SetMapIndex(k, value)
		}
	}
}

// siftWithin is siftStruct for a type that may have itself within.
func siftWithin(t reflect.Type, known map[reflect.Type]*sift) sift {
	if outer, recurs := known[t]; recurs {
		return func(s *sifting, v reflect.Value, at string) { (*outer)(s, v, at) }
	}
	known = maps.Clone(known)
	if known == nil {
		known = map[reflect.Type]*sift{}
	}
	own := new(sift)
	known[t] = own
	*own = siftStruct(t, known)
	return *own
}

func siftStruct(t reflect.Type, known map[reflect.Type]*sift) sift {
	type part struct {
		index int
		at    string
		param bool
		do    sift
	}
	var parts []part
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() && !f.Anonymous || f.Tag.Get("body") == "raw" {
			continue
		}
		p := part{index: i, do: siftOf(f.Type, textsOf(f), known)}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" {
			p.at = "/" + escape(name)
		}
		for _, in := range []string{"path", "query", "header"} {
			if name := f.Tag.Get(in); name != "" {
				p.at, p.param = "#"+in+"/"+name, true
			}
		}
		if p.do != nil {
			parts = append(parts, p)
		}
	}
	if parts == nil {
		return nil
	}
	return func(s *sifting, v reflect.Value, at string) {
		for _, p := range parts {
			below := at + p.at
			if p.param {
				below = p.at
			}
			p.do(s, v.Field(p.index), below)
		}
	}
}

// any makes a value of any kind fit.
func (s *sifting) any(v reflect.Value, at string, how texts) {
	switch x := v.Interface().(type) {
	case string:
		v.Set(reflect.ValueOf(s.text(x, at, how)))
	case []any:
		for i := range x {
			s.any(reflect.ValueOf(&x[i]).Elem(), at+"/"+strconv.Itoa(i), how)
		}
	case map[string]any:
		siftMap(reflect.TypeOf(x), how, nil)(s, reflect.ValueOf(x), at)
	}
}

func (s *sifting) fault(at, code string, args map[string]string) {
	if len(s.faults) < 50 {
		s.faults = append(s.faults, models.Field{Pointer: at, Code: code, Args: args})
	}
}

// text makes one text fit.
func (s *sifting) text(text, at string, how texts) string {
	plain := true
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			plain = false
			break
		}
	}
	if !plain {
		text = norm.NFC.String(strings.ReplaceAll(text, "\r\n", "\n"))
	}
	text = strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff' })
	if bad, found := hidden(text, how.lines); !plain && found {
		s.fault(at, "characters", map[string]string{"param": "U+" + strings.ToUpper(strconv.FormatInt(int64(bad), 16))})
	}
	if how.most > 0 && utf8.RuneCountInString(text) > how.most {
		s.fault(at, "max", map[string]string{"param": strconv.Itoa(how.most)})
	}
	if !how.free && !how.told || s.words == nil {
		return text
	}
	switch word := s.words.find(text); {
	case word == "":
	case how.told && s.office:
		s.fault(at, "illness", map[string]string{"word": word})
	default:
		s.advice = append(s.advice, at)
	}
	return text
}

// hidden is the first character that nobody sees, or that turns the direction of others. The joiner is fine between two pictures.
func hidden(text string, lines bool) (rune, bool) {
	last := rune(0)
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		next, _ := utf8.DecodeRuneInString(text[i+size:])
		switch {
		case r == utf8.RuneError && size == 1: // no character at all
			return r, true
		case lines && (r == '\n' || r == '\t'):
		case r == '\u200d' && (unicode.Is(unicode.So, last) || unicode.Is(unicode.Sk, last) || last == '\ufe0f') && unicode.Is(unicode.So, next):
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
			return r, true
		}
		last = r
	}
	return 0, false
}
