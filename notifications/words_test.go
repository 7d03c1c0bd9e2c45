package notifications_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"xinyi/models/delivery"
	"xinyi/models/inbox"
	"xinyi/notifications"
	"xinyi/seed"
)

// quiet are the kinds that push nothing: they confirm what their person just did, or another push of the same moment says it.
var quiet = []string{
	"benefit.claim_lapsed",
	"consent.given",
	"credential.issued",
	"identity.bound", "identity.signed_in", "identity.session_ended",
	"medical.agreement_signed", "medical.agreement_closed", "medical.agreement_review_asked", "medical.agreement_thawed", "medical.hold_lapsed",
	"medical.visit_cancelled", "medical.visit_settled", "medical.visit_settlement_reversed",
	"medical.bill_partly_paid", "medical.bill_disputed", "medical.default_objected", "medical.default_cured",
}

// bounds of a push, in letters.
var longest = map[string]int{"zh": 40, "en": 120}

// neutral is the one name of what a push may be about that is near to an illness.
var neutral = strings.NewReplacer("信用就医账单", "", "pay-later care bill", "")

// private is what a locked screen never shows: figures, money, names of offices, reasons, illness.
var private = regexp.MustCompile(`(?i)[0-9０-９百千万]|元|¥|￥|yuan|rmb|cny|` +
	`医|病|诊|药|院|科|手术|住院|逾期|过期|欠|催|失信|违约|暂停|拒|驳|额度|` +
	`hospital|clinic|doctor|medical|care|\bill\b|disease|health|visit|patient|drug|overdue|default|debt|owe|collect|suspend|reject|refus|limit`)

// faultOfPush says what is wrong with a push text, "" for nothing.
func faultOfPush(text, lang string) string {
	switch {
	case text == "":
		return "is empty"
	case utf8.RuneCountInString(text) > longest[lang]:
		return fmt.Sprintf("has %d letters, %d are allowed", utf8.RuneCountInString(text), longest[lang])
	case private.MatchString(neutral.Replace(text)):
		return fmt.Sprintf("shows %q", private.FindString(neutral.Replace(text)))
	}
	for _, i := range seed.Institutions {
		if strings.Contains(text, i.Name) {
			return "names " + i.Name
		}
	}
	return ""
}

// A locked screen shows nothing private, in words short enough for it.
func TestPushesShowNothingPrivate(t *testing.T) {
	texts := load(t)
	seen := 0
	for _, kind := range texts.Kinds() {
		if s, _ := texts.Spec(kind); !s.Pushed {
			continue
		}
		for _, lang := range notifications.Languages {
			push, err := texts.Push(kind, lang)
			if err != nil {
				t.Fatal(err)
			}
			if fault := faultOfPush(push, lang); fault != "" {
				t.Errorf("%s (%s): the push %q %s", kind, lang, push, fault)
			}
			seen++
		}
	}
	if seen < 60 {
		t.Errorf("only %d pushes seen", seen)
	}
	for _, lang := range notifications.Languages {
		if title := texts.PushTitle(lang); faultOfPush(title, lang) != "" {
			t.Errorf("title %q %s", title, faultOfPush(title, lang))
		}
		if several := texts.Several(3, lang); !strings.Contains(several, " 3 ") || utf8.RuneCountInString(several) > longest[lang] {
			t.Errorf("several: %q", several)
		}
	}
}

// What may not be on a locked screen is found there.
func TestPrivatePushesAreFound(t *testing.T) {
	for _, tc := range []struct{ lang, push string }{
		{"zh", ""},
		{"zh", "您有一笔信用就医账单待处理，金额一百元，请打开查看。"},
		{"zh", "您有 3 笔账单待处理，请打开查看。"},
		{"zh", "您的信用就医账单已逾期，请打开查看。"},
		{"zh", "您有一条信用就医消息，请打开查看。"},
		{"zh", "浏阳市人民医院的消息，请打开查看。"},
		{"zh", seed.Institutions[len(seed.Institutions)-1].Name + "的消息"},
		{"zh", strings.Repeat("请打开查看。", 7)},
		{"en", "Your pay-later care bill is overdue."},
		{"en", "A pay-later care bill of 88 is waiting."},
		{"en", "News from your hospital. Please open it."},
		{"en", "You have a message about pay-later care. Please open it."},
		{"en", strings.Repeat("Please open it. ", 8)},
	} {
		if faultOfPush(tc.push, tc.lang) == "" {
			t.Errorf("%q is let through", tc.push)
		}
	}
}

// Who has to do something, or has to know by law, is pushed; every other kind is pushed or is in the list of those that are not.
func TestWhatIsPushed(t *testing.T) {
	texts := load(t)
	for _, kind := range texts.Kinds() {
		s, _ := texts.Spec(kind)
		switch silent := slices.Contains(quiet, kind); {
		case s.Severity != inbox.Info && !s.Pushed:
			t.Errorf("%s is %s and has no push", kind, s.Severity)
		case s.Pushed && silent, !s.Pushed && !silent:
			t.Errorf("%s: pushed is %v", kind, s.Pushed)
		case s.Severity == inbox.Legal && s.TTL != 0:
			t.Errorf("%s has legal effect and its push ends after %v", kind, s.TTL)
		case s.Class == delivery.Marketing && !strings.HasPrefix(kind, "campaign."):
			t.Errorf("%s is marketing", kind)
		case s.Class == delivery.Marketing && s.Severity != inbox.Info:
			t.Errorf("%s is marketing and %s", kind, s.Severity)
		case s.Urgent && kind != "identity.session_reuse_detected":
			t.Errorf("%s breaks into the night", kind)
		}
	}
	for _, kind := range quiet {
		if !slices.Contains(texts.Kinds(), kind) {
			t.Errorf("%s has no text", kind)
		}
	}
}

// What happens to a bill on one day comes as one push, at about half past nine.
func TestTheFirstDayPastDueIsOnePush(t *testing.T) {
	texts := load(t)
	midnight := time.Date(2026, 5, 1, 16, 0, 0, 0, time.UTC)
	nine := midnight.Add(9 * time.Hour)
	var keys, moments []string
	for kind, at := range map[string]time.Time{"medical.bill_overdue": midnight, "medical.bill_in_collection": midnight, "medical.bill_overdue_reminded": nine} {
		s, _ := texts.Spec(kind)
		keys = append(keys, s.Digest+" "+s.Topic)
		moments = append(moments, at.Add(s.Wait).String())
	}
	if keys[0] != "subject medical.bill" || len(slices.Compact(keys)) != 1 || len(slices.Compact(moments)) != 1 {
		t.Errorf("told by %q at %q", keys, moments)
	}
}

var (
	rule = map[string]*regexp.Regexp{
		"zh": regexp.MustCompile(`信用就医协议|《[^》]+》第.+条`), "en": regexp.MustCompile(`\bagreement\b|\b(Law|Industry), art\. [0-9]+`)}
	days = map[string]*regexp.Regexp{
		"zh": regexp.MustCompile(`[0-9]+ (天|个工作日)|[0-9]{4}年[0-9]+月[0-9]+日`), "en": regexp.MustCompile(`\b[0-9]+ (working )?days\b|\b[0-9]+ [A-Z][a-z]+ [0-9]{4}\b`)}
	where = map[string]*regexp.Regexp{
		"zh": regexp.MustCompile(`代办员|窗口|便民服务中心`), "en": regexp.MustCompile(`village agent|desk|service centre`)}
)

// faultOfBody says what a text that asks something of its reader lacks, "" for nothing.
func faultOfBody(body, lang string, severity inbox.Severity) string {
	switch {
	case severity == inbox.Info:
		return ""
	case !where[lang].MatchString(body):
		return "does not say where to go without a phone"
	case severity == inbox.Legal && !rule[lang].MatchString(body):
		return "cites no rule"
	case severity == inbox.Legal && !days[lang].MatchString(body):
		return "names no day"
	}
	return ""
}

// Legal notices cite the rule and the days, from whatever the models give; who has to act is told where without a phone.
func TestNoticesSayRuleDaysAndWhere(t *testing.T) {
	texts, data := load(t), told(t)
	legal := 0
	for _, kind := range texts.Kinds() {
		s, _ := texts.Spec(kind)
		if strings.HasPrefix(kind, "campaign.") || strings.HasPrefix(kind, "catalogue.") || strings.HasPrefix(kind, "uscc.") {
			continue // staff write those, or read them at their desks
		}
		for _, d := range data[kind] {
			for _, lang := range notifications.Languages {
				words, err := texts.Render(&inbox.Message{Kind: kind, Params: d, At: noon}, lang)
				if err != nil {
					t.Fatal(err)
				}
				if fault := faultOfBody(words.Body, lang, s.Severity); fault != "" {
					t.Errorf("%s (%s) from %v %s:\n%s", kind, lang, d, fault, words.Body)
				}
			}
		}
		if s.Severity == inbox.Legal {
			legal++
		}
	}
	if legal < 10 {
		t.Errorf("only %d legal kinds", legal)
	}
}

func TestLackingNoticesAreFound(t *testing.T) {
	const zh, en = "按您签的信用就医协议，您有 10 个工作日。请找村（社区）代办员。", "By the agreement you signed you have 10 working days. Ask your village agent."
	for _, tc := range []struct{ lang, body, cut, want string }{
		{"zh", zh, "", ""}, {"en", en, "", ""},
		{"zh", zh, "代办员", "does not say where to go without a phone"}, {"en", en, "village agent", "does not say where to go without a phone"},
		{"zh", zh, "信用就医协议", "cites no rule"}, {"en", en, "agreement", "cites no rule"},
		{"zh", zh, "10 个", "names no day"}, {"en", en, "10 ", "names no day"},
	} {
		body := tc.body
		if tc.cut != "" {
			body = strings.ReplaceAll(body, tc.cut, "")
		}
		if got := faultOfBody(body, tc.lang, inbox.Legal); got != tc.want {
			t.Errorf("%q: %q, want %q", body, got, tc.want)
		}
	}
}

// doctored is the texts of the program with one file changed.
func doctored(t *testing.T, name string, change func(string) string) fstest.MapFS {
	t.Helper()
	dir := fstest.MapFS{}
	entries, err := os.ReadDir("text")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		raw, err := os.ReadFile("text/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		dir[e.Name()] = &fstest.MapFile{Data: raw}
	}
	if dir[name] == nil {
		t.Fatalf("no %s", name)
	}
	was := string(dir[name].Data)
	if dir[name].Data = []byte(change(was)); string(dir[name].Data) == was {
		t.Fatalf("%s was not changed", name)
	}
	return dir
}

func replaced(from, to string) func(string) string {
	return func(s string) string { return strings.Replace(s, from, to, 1) }
}

// A fault in the texts of the program is found when they are loaded.
func TestFaultsAreFoundAtLoad(t *testing.T) {
	for want, tc := range map[string]struct {
		file   string
		change func(string) string
	}{
		"medical.visit has no name":   {"topics.json", replaced(`"medical.visit"`, `"medical.walk"`)},
		"medical.walk is no text's":   {"topics.json", replaced(`"medical.visit"`, `"medical.walk"`)},
		"explanation in \"en\"":       {"topics.json", replaced(`"en"`, `"fr"`)},
		"unknown language \"fr\"":     {"topics.json", replaced(`"en"`, `"fr"`)},
		"unknown field":               {"topics.json", replaced(`"about"`, `"abut"`)},
		"text/topics.json":            {"topics.json", func(string) string { return "{" }},
		"a push text shows no data":   {"medical.bill_issued.zh.tmpl", replaced("您有一笔", "您有 {{.amount}} 元")},
		"push stands in only one":     {"medical.bill_issued.zh.tmpl", replaced(`{{define "push"}}`, `{{define "pull"}}`)},
		"differs between the languag": {"medical.bill_due_soon.zh.tmpl", replaced("24h", "48h")},
		"wait is a duration":          {"medical.bill_overdue.zh.tmpl", replaced("9h30m", "half past nine")},
		"needs a digest":              {"medical.bill_overdue.zh.tmpl", replaced("subject", "")},
		"title or body is not":        {"medical.bill_issued.zh.tmpl", replaced(`{{define "body"}}`, `{{define "boby"}}`)},
	} {
		t.Run(want, func(t *testing.T) {
			if _, err := notifications.Parse(doctored(t, tc.file, tc.change)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Parse = %v, want %q", err, want)
			}
		})
	}
	dir := doctored(t, "topics.json", func(string) string { return "" })
	delete(dir, "topics.json")
	if _, err := notifications.Parse(dir); err == nil {
		t.Error("texts without topics.json are let through")
	}
}

// A text that names data which the event lacks is an error, never a gap.
func TestAKeyThatIsMissingIsAnError(t *testing.T) {
	texts, err := notifications.Parse(doctored(t, "medical.bill_issued.zh.tmpl", replaced(".billNo", ".billNumber")))
	if err != nil {
		t.Fatal(err)
	}
	m := &inbox.Message{Kind: "medical.bill_issued", Params: map[string]string{"amount": "1.00", "due": "2026-05-01", "billNo": "B1"}, At: noon}
	if _, err := texts.Render(m, "zh"); err == nil {
		t.Error("a gap is let through")
	}
	if words, err := load(t).Render(m, "zh"); err != nil || !strings.Contains(words.Body, "B1") {
		t.Errorf("%+v %v", words, err)
	}
}

// Every topic has a name and a line in both languages, and says whether muting it silences everything.
func TestTopics(t *testing.T) {
	texts := load(t)
	names := map[string]string{}
	for _, topic := range texts.Topics() {
		for _, lang := range notifications.Languages {
			name, about := texts.TopicName(topic, lang)
			if name == "" || about == "" || utf8.RuneCountInString(about) > 100 {
				t.Errorf("%s (%s): %q %q", topic, lang, name, about)
			}
			if other := names[lang+name]; other != "" {
				t.Errorf("%s and %s are both called %s", topic, other, name)
			}
			names[lang+name] = topic
		}
		want := slices.Contains([]string{"medical.agreement", "medical.bill", "medical.conduct", "credit.record", "benefit.breach", "award"}, topic)
		if got := texts.Legal(topic); got != want {
			t.Errorf("%s: legal is %v", topic, got)
		}
	}
	if name, about := texts.TopicName("nothing", "zh"); name != "" || about != "" || texts.Legal("nothing") {
		t.Errorf("a topic that is not there: %q %q", name, about)
	}
}
