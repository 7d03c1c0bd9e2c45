package delivery

import (
	"context"
	"errors"
	"reflect"
	"strconv"
	"strings"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/delivery"
)

func (h Handler) mountPreferences(r *api.Router) {
	api.Get(r, "/me/notification-preferences", h.preferences, mayPreferences, api.Tag("preferences"))
	api.Put(r, "/me/notification-preferences", h.setPreferences, mayPreferences, api.Tag("preferences"))
}

type windowView struct {
	Days []int  `json:"days" description:"1 Monday to 7 Sunday: the days on which it begins"`
	From string `json:"from" description:"21:00"`
	To   string `json:"to" description:"08:00"`
}

type topicView struct {
	Topic    string          `json:"topic"`
	Name     string          `json:"name"`
	Muted    bool            `json:"muted"`
	Legal    bool            `json:"legal" description:"It has legal notices, which come even when it is muted"`
	Channels map[string]bool `json:"channels" description:"Choices for this topic, stronger than the general ones"`
}

type preferencesView struct {
	Channels   map[string]bool `json:"channels" description:"Every channel there is, and whether it is wanted"`
	Topics     []topicView     `json:"topics"`
	QuietHours []windowView    `json:"quietHours"`
	Chosen     bool            `json:"quietHoursChosen" description:"quietHours are my own choice"`
	Marketing  bool            `json:"marketing"`
	Revision   int64           `json:"revision" description:"1 while nothing was chosen"`
}

// Revised is the ETag.
func (v preferencesView) Revised() int64 { return v.Revision }

// revision is what a client sees of the preferences' revision: 1 before they were kept, so that If-Match has a number for that.
func revision(p *delivery.Preferences) int64 { return p.Revision + 1 }

func (h Handler) viewPreferences(p *delivery.Preferences, lang string) preferencesView {
	v := preferencesView{Channels: map[string]bool{}, Topics: []topicView{}, QuietHours: []windowView{}, Chosen: p.Chosen,
		Marketing: p.Marketing, Revision: revision(p)}
	for _, c := range h.Channels {
		on, said := p.Channels[c]
		v.Channels[c] = on || !said
	}
	for _, t := range h.Topics() {
		view := topicView{Topic: t, Name: h.TopicName(t, lang), Muted: p.Topics[t].Muted, Legal: h.TopicLegal(t), Channels: map[string]bool{}}
		for _, c := range h.Channels {
			if on, said := p.Topics[t].Channels[c]; said {
				view.Channels[c] = on
			}
		}
		v.Topics = append(v.Topics, view)
	}
	quiet := h.Policy.Quiet
	if p.Chosen {
		quiet = p.Quiet
	}
	for _, w := range quiet {
		v.QuietHours = append(v.QuietHours, windowView(w))
	}
	return v
}

func (h Handler) preferences(ctx context.Context, rq api.Request, _ struct{}) (preferencesView, error) {
	p, err := h.Preferences.Get(ctx, rq.Actor.Person)
	if api.Unknown(err) {
		p, err = &delivery.Preferences{}, nil
	}
	if err != nil {
		return preferencesView{}, err
	}
	return h.viewPreferences(p, rq.Lang), nil
}

type windowRequest struct {
	Days []int  `json:"days" description:"1 Monday to 7 Sunday: the days on which it begins"`
	From string `json:"from" description:"21:00"`
	To   string `json:"to" description:"08:00; on the next day when it is not later than from"`
}

type topicRequest struct {
	Topic    string          `json:"topic"`
	Muted    bool            `json:"muted,omitempty"`
	Channels map[string]bool `json:"channels,omitempty"`

	Name  string `json:"name,omitempty" description:"Not read"`
	Legal bool   `json:"legal,omitempty" description:"Not read"`
}

type preferencesRequest struct {
	Channels   map[string]bool `json:"channels,omitempty"`
	Topics     []topicRequest  `json:"topics,omitempty" validate:"max=100,dive"`
	QuietHours []windowRequest `json:"quietHours,omitempty" validate:"max=14,dive"`
	Chosen     bool            `json:"quietHoursChosen,omitempty" description:"Quiet hours are as in quietHours, perhaps none; else as the city has them"`
	Marketing  bool            `json:"marketing,omitempty"`

	Revision int64 `json:"revision,omitempty" description:"Not read; If-Match is"`
}

// chosen is the request as preferences. Errors: Invalid with every fault, each where it stands in the request.
func (h Handler) chosen(in preferencesRequest) (*delivery.Preferences, error) {
	p := &delivery.Preferences{Channels: in.Channels, Topics: map[string]delivery.Choice{}, Chosen: in.Chosen, Marketing: in.Marketing}
	var faults []models.Field
	places := map[string]int{}
	for i, t := range in.Topics {
		if _, twice := places[t.Topic]; twice {
			faults = append(faults, models.Field{Pointer: "/topics/" + strconv.Itoa(i) + "/topic", Code: "unique"})
		}
		places[t.Topic] = i
		p.Topics[t.Topic] = delivery.Choice{Muted: t.Muted, Channels: t.Channels}
	}
	for _, w := range in.QuietHours {
		p.Quiet = append(p.Quiet, delivery.Window(w))
	}
	if !in.Chosen && len(p.Quiet) > 0 && !reflect.DeepEqual(p.Quiet, h.Policy.Quiet) {
		faults = append(faults, models.Field{Pointer: "/quietHoursChosen", Code: "required_with"})
	}
	err := p.Check(h.Topics(), h.Channels)
	var invalid *models.Error
	if err != nil && !errors.As(err, &invalid) {
		return nil, err
	}
	if invalid != nil {
		for _, f := range invalid.Fields {
			f.Pointer = placed(f.Pointer, places)
			faults = append(faults, f)
		}
	}
	if len(faults) > 0 {
		return nil, &models.Error{Code: models.Invalid, Reason: "delivery.preferences_invalid", Fields: faults}
	}
	if !p.Chosen {
		p.Quiet = nil
	}
	return p, nil
}

// placed turns a pointer to a topic by its name ("/topics/medical.bill/channels/fcm") into one by its place in the request.
func placed(pointer string, places map[string]int) string {
	rest, about := strings.CutPrefix(pointer, "/topics/")
	if !about {
		return pointer
	}
	name, part, within := strings.Cut(rest, "/")
	if !within {
		part = "topic"
	}
	return "/topics/" + strconv.Itoa(places[strings.NewReplacer("~1", "/", "~0", "~").Replace(name)]) + "/" + part
}

func (h Handler) setPreferences(ctx context.Context, rq api.Request, in preferencesRequest) (preferencesView, error) {
	want, err := h.chosen(in)
	if err != nil {
		return preferencesView{}, err
	}
	p, err := h.keepPreferences(ctx, rq, want)
	if models.CodeOf(err) == models.Conflict { // the first choice came in between
		p, err = h.keepPreferences(ctx, rq, want)
	}
	if err != nil {
		return preferencesView{}, err
	}
	return h.viewPreferences(p, rq.Lang), nil
}

// keepPreferences replaces what the caller chose before. Errors: Stale, Conflict when the first choice is being kept just now.
func (h Handler) keepPreferences(ctx context.Context, rq api.Request, want *delivery.Preferences) (*delivery.Preferences, error) {
	p, err := h.Preferences.Update(ctx, rq.Actor.Person, func(p *delivery.Preferences) error {
		p.Channels, p.Topics, p.Quiet, p.Chosen, p.Marketing = want.Channels, want.Topics, want.Quiet, want.Chosen, want.Marketing
		return rq.Fresh(revision(p))
	})
	if !api.Unknown(err) {
		return p, err
	}
	first := *want
	if err := rq.Fresh(revision(&first)); err != nil {
		return nil, err
	}
	first.ID = rq.Actor.Person
	return &first, h.Preferences.Insert(ctx, &first)
}
