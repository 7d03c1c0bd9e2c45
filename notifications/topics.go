package notifications

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"

	"xinyi/models/inbox"
)

// A topicName is what a topic is called in one language, and one line of what it is about.
type topicName struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

// TopicName is what a topic is called in a language, and one line of what it is about; "" for a topic there is not.
func (t *Texts) TopicName(topic, lang string) (name, about string) {
	n := t.topics[topic][lang]
	return n.Name, n.About
}

// Legal says whether a topic has notices with legal effect, which reach a person even who muted it.
func (t *Texts) Legal(topic string) bool {
	for _, s := range t.kinds {
		if s.Topic == topic && s.Severity == inbox.Legal {
			return true
		}
	}
	return false
}

// PushTitle is the title of every push: the product's name and nothing else.
func (t *Texts) PushTitle(lang string) string {
	if lang == "en" {
		return "Xinyi"
	}
	return "信易"
}

// Several is what a locked screen shows when n messages, n > 1, are told as one.
func (t *Texts) Several(n int, lang string) string {
	if lang == "en" {
		return "You have " + strconv.Itoa(n) + " new messages. Please open them."
	}
	return "您有 " + strconv.Itoa(n) + " 条新消息，请打开查看。"
}

// name reads the names of the topics from topics.json. The error lists every topic that has none in some language, and
// every name without a topic.
func (t *Texts) name(dir fs.FS) error {
	raw, err := fs.ReadFile(dir, "topics.json")
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&t.topics); err != nil {
		return fmt.Errorf("text/topics.json: %w", err)
	}
	var faults []error
	topics := t.Topics()
	for _, topic := range topics {
		for _, lang := range Languages {
			if n := t.topics[topic][lang]; n.Name == "" || n.About == "" {
				faults = append(faults, fmt.Errorf("text/topics.json: %s has no name or explanation in %q", topic, lang))
			}
		}
	}
	for _, topic := range slices.Sorted(maps.Keys(t.topics)) {
		if !slices.Contains(topics, topic) {
			faults = append(faults, fmt.Errorf("text/topics.json: %s is no text's topic", topic))
		}
		for lang := range t.topics[topic] {
			if !slices.Contains(Languages, lang) {
				faults = append(faults, fmt.Errorf("text/topics.json: %s: unknown language %q", topic, lang))
			}
		}
	}
	return errors.Join(faults...)
}
