package notifications

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/models/inbox"
)

//go:embed text
var files embed.FS

// Languages are those every text is written in.
var Languages = []string{"zh", "en"}

// why is the general reason, by language.
var why = map[string]string{
	"zh": "这件事与您本人有关，所以通知您。",
	"en": "You get this because it concerns you.",
}

// Texts are the parsed texts of all kinds.
type Texts struct {
	kinds  map[string]spec
	topics map[string]map[string]topicName // by topic and language
}

type spec struct {
	Spec
	words map[string]*template.Template // by language
}

// A Spec is what a text says of its kind besides words. It is the same in all languages.
type Spec struct {
	Severity inbox.Severity
	Route    string         // what the app opens
	Topic    string         // what a person may mute: "medical.bill"
	Class    delivery.Class // service or marketing
	Urgent   bool           // quiet hours do not hold it up
	TTL      time.Duration  // how long a push makes sense; 0: always
	Digest   string         // "subject", "topic": several such pushes become one; "" for none
	Wait     time.Duration  // how long a push waits for others to join
	Pushed   bool           // there are words for a locked screen
}

// ttls are how long a push makes sense when the text does not say.
var ttls = map[inbox.Severity]time.Duration{inbox.Info: 24 * time.Hour, inbox.Action: 72 * time.Hour, inbox.Legal: 0}

// Load parses the texts in the program. The error lists every fault.
func Load() (*Texts, error) {
	sub, err := fs.Sub(files, "text")
	if err != nil {
		return nil, err
	}
	return Parse(sub)
}

// Parse reads texts from <kind>.<lang>.tmpl files, and the names of their topics from topics.json.
func Parse(dir fs.FS) (*Texts, error) {
	names, err := fs.Glob(dir, "*.tmpl")
	if err != nil {
		return nil, err
	}
	t := &Texts{kinds: map[string]spec{}}
	var faults []error
	for _, name := range names {
		kind, lang, _ := cutLast(strings.TrimSuffix(name, ".tmpl"))
		if !slices.Contains(Languages, lang) {
			faults = append(faults, fmt.Errorf("text/%s: unknown language %q", name, lang))
			continue
		}
		words, err := template.New(name).Option("missingkey=error").Funcs(funcs(lang)).ParseFS(dir, name)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if err := t.add(kind, lang, words); err != nil {
			faults = append(faults, fmt.Errorf("text/%s: %w", name, err))
		}
	}
	for kind, s := range t.kinds {
		faults = append(faults, s.complete(kind))
	}
	faults = append(faults, t.name(dir))
	return t, errors.Join(faults...)
}

func (s spec) complete(kind string) error {
	pushes := 0
	for _, words := range s.words {
		if words.Lookup("push") != nil {
			pushes++
		}
	}
	switch {
	case len(s.words) != len(Languages):
		return fmt.Errorf("text/%s: a language is missing", kind)
	case pushes != 0 && pushes != len(Languages):
		return fmt.Errorf("text/%s: push stands in only one language", kind)
	}
	return nil
}

func (t *Texts) add(kind, lang string, words *template.Template) error {
	if words.Lookup("title") == nil || words.Lookup("body") == nil {
		return errors.New("title or body is not defined")
	}
	of, err := specOf(kind, words)
	if err != nil {
		return err
	}
	s, known := t.kinds[kind]
	if known {
		of.Pushed = of.Pushed && s.Pushed // complete finds one that stands in one language alone
		s.Pushed = of.Pushed
	}
	if known && s.Spec != of {
		return errors.New("something besides the words differs between the languages")
	}
	if !known {
		s = spec{Spec: of, words: map[string]*template.Template{}}
	}
	s.words[lang] = words
	t.kinds[kind] = s
	return nil
}

// specOf reads what a text says besides words.
func specOf(kind string, words *template.Template) (Spec, error) {
	family, _, _ := cutKind(kind)
	said := map[string]string{
		"severity": string(inbox.Info), "route": family, "topic": family, "class": string(delivery.Service),
		"urgent": "no", "ttl": "", "digest": "", "wait": "0s",
	}
	for name, otherwise := range said {
		value, err := constant(words, name, otherwise)
		if err != nil {
			return Spec{}, err
		}
		said[name] = value
	}
	if _, err := constant(words, "push", ""); err != nil {
		return Spec{}, fmt.Errorf("a push text shows no data: %w", err)
	}
	s := Spec{
		Severity: inbox.Severity(said["severity"]), Route: said["route"], Topic: said["topic"], Class: delivery.Class(said["class"]),
		Urgent: said["urgent"] == "yes", Digest: said["digest"], Pushed: words.Lookup("push") != nil,
	}
	switch {
	case !slices.Contains(inbox.Severities, s.Severity):
		return s, fmt.Errorf("unknown severity %q", s.Severity)
	case !slices.Contains(delivery.Classes, s.Class):
		return s, fmt.Errorf("unknown class %q", s.Class)
	case said["urgent"] != "yes" && said["urgent"] != "no":
		return s, fmt.Errorf("urgent is yes or no, not %q", said["urgent"])
	case !slices.Contains([]string{"", "subject", "topic"}, s.Digest):
		return s, fmt.Errorf("digest is subject or topic, not %q", s.Digest)
	}
	s.TTL = ttls[s.Severity]
	var err error
	if said["ttl"] != "" {
		if s.TTL, err = time.ParseDuration(said["ttl"]); err != nil || s.TTL <= 0 {
			return s, fmt.Errorf("ttl is a duration, not %q", said["ttl"])
		}
	}
	if s.Wait, err = time.ParseDuration(said["wait"]); err != nil || s.Wait < 0 || s.Wait > 0 && s.Digest == "" {
		return s, fmt.Errorf("wait is a duration and needs a digest, not %q", said["wait"])
	}
	return s, nil
}

// Spec is what the text of a kind says besides words; false for a kind without text.
func (t *Texts) Spec(kind string) (Spec, bool) {
	s, ok := t.kinds[kind]
	return s.Spec, ok
}

// Topics lists what a person may mute, sorted.
func (t *Texts) Topics() []string {
	var topics []string
	for _, s := range t.kinds {
		if !slices.Contains(topics, s.Topic) {
			topics = append(topics, s.Topic)
		}
	}
	slices.Sort(topics)
	return topics
}

// Push is what a locked screen may show of a kind. Errors: Invalid for a kind without such words.
func (t *Texts) Push(kind, lang string) (string, error) {
	words := t.kinds[kind].words[lang]
	if words == nil || words.Lookup("push") == nil {
		return "", models.E(models.Invalid, "inbox.no_text", fmt.Errorf("kind %q has no push text in %q", kind, lang))
	}
	return constant(words, "push", "")
}

// Kinds lists the kinds with texts, sorted.
func (t *Texts) Kinds() []string {
	var kinds []string
	for k := range t.kinds {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	return kinds
}

// Render puts a message into words. Errors: Invalid for a kind without text, or data that its text needs and lacks.
func (t *Texts) Render(m *inbox.Message, lang string) (inbox.Words, error) {
	words := t.kinds[m.Kind].words[lang]
	if words == nil {
		return inbox.Words{}, models.E(models.Invalid, "inbox.no_text", fmt.Errorf("kind %q has no text in %q", m.Kind, lang))
	}
	out := inbox.Words{Why: why[lang]}
	for name, to := range map[string]*string{"title": &out.Title, "body": &out.Body, "why": &out.Why} {
		if words.Lookup(name) == nil {
			continue
		}
		var b strings.Builder
		if err := words.ExecuteTemplate(&b, name, params(m)); err != nil {
			return inbox.Words{}, models.E(models.Invalid, "inbox.text_lacks_data", err)
		}
		*to = strings.TrimSpace(b.String())
	}
	return out, nil
}

// params are the data of the event and the time it happened, "at". They are never nil, so that a missing key is an error.
func params(m *inbox.Message) map[string]string {
	all := make(map[string]string, len(m.Params)+1)
	maps.Copy(all, m.Params)
	all["at"] = m.At.Format(time.RFC3339)
	return all
}

// constant reads a definition without data, or answers otherwise when there is none.
func constant(words *template.Template, name, otherwise string) (string, error) {
	if words.Lookup(name) == nil {
		return otherwise, nil
	}
	var b strings.Builder
	err := words.ExecuteTemplate(&b, name, map[string]string{})
	return strings.TrimSpace(b.String()), err
}

// cutKind cuts "medical.bill_issued" into "medical.bill" and "issued".
func cutKind(kind string) (family, act string, ok bool) { return strings.Cut(kind, "_") }

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func funcs(lang string) template.FuncMap {
	layout := "2 January 2006"
	if lang == "zh" {
		layout = "2006年1月2日"
	}
	return template.FuncMap{
		"yuan": func(fen string) (string, error) {
			n, err := strconv.ParseInt(fen, 10, 64)
			return models.Fen(n).Yuan(), err
		},
		"day": func(s string) (string, error) {
			if at, err := time.Parse(time.RFC3339, s); err == nil {
				return at.In(models.Shanghai).Format(layout), nil
			}
			d, err := models.ParseDay(s)
			if err != nil {
				return "", err
			}
			return d.Start().In(models.Shanghai).Format(layout), nil
		},
	}
}
