package models

import "slices"

// Makers are all who ever had a hand in what a document says, whoever touched it last at the end. The list only grows, over
// every save and every return: nobody on it is the second person who lets the document go.
type Makers []Actor

// Touch adds by. Nobody in particular, as the clock, has no hand.
func (m *Makers) Touch(by Actor) {
	if len(by.hands()) == 0 {
		return
	}
	others := slices.DeleteFunc(slices.Clone(*m), func(a Actor) bool {
		return a.Person == by.Person && a.Agent == by.Agent && a.Client == by.Client
	})
	*m = append(others, by)
}

// Second says whether by is a person who had no hand in it, neither in their own name nor through or as an agent.
// Errors: Forbidden "second_person".
func (m Makers) Second(by Actor) error {
	mine := by.hands()
	touched := func(a Actor) bool {
		return slices.ContainsFunc(a.hands(), func(hand string) bool { return slices.Contains(mine, hand) })
	}
	if by.Person == "" || slices.ContainsFunc(m, touched) {
		return E(Forbidden, "second_person")
	}
	return nil
}

// Last is who touched it last, the zero Actor for nobody.
func (m Makers) Last() Actor {
	if len(m) == 0 {
		return Actor{}
	}
	return m[len(m)-1]
}

// hands are everybody an act is by: the person, who acts for the person, the system.
func (a Actor) hands() []string {
	var all []string
	for _, id := range []struct{ kind, id string }{{"person/", a.Person}, {"person/", a.Agent}, {"client/", a.Client}} {
		if id.id != "" {
			all = append(all, id.kind+id.id)
		}
	}
	return all
}
