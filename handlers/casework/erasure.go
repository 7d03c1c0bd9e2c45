package casework

import (
	"context"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/casework"
)

// erasables are the kinds of data, what can be asked of each, and whether an erasure deletes it.
var erasables = []struct {
	name string
	goes bool
}{{"messages", true}, {"devices", false}, {"consents", false}, {"records", false}, {"accesses", false}, {"medical", false}}

// erasableView is one kind of data.
type erasableView struct {
	Name string `json:"name" personal:"false"`
	Goes bool   `json:"deleted" description:"An erasure that is granted deletes it"`
	Why  string `json:"why"`
}

type erasablesView struct {
	Items []erasableView `json:"items"`
}

func (h Handler) erasable(_ context.Context, rq api.Request, _ struct{}) (erasablesView, error) {
	v := erasablesView{}
	for _, e := range erasables {
		v.Items = append(v.Items, erasableView{e.name, e.goes, api.Say("erasure."+e.name, rq.Lang, nil)})
	}
	return v, nil
}

type erasureRequest struct {
	Words string `json:"words,omitempty" validate:"max=2000"`
}

// erase asks for erasure. Whoever has not proved a name asks for the account alone.
func (h Handler) erase(ctx context.Context, rq api.Request, in erasureRequest) (caseView, error) {
	sub, err := h.Subjects.Of(ctx, rq.Actor)
	if models.CodeOf(err) == models.Conflict {
		sub, err = models.Subject{Kind: models.PersonSubject, Person: rq.Actor.Person}, nil
	}
	if err != nil {
		return caseView{}, err
	}
	c, err := casework.Filing{
		Subject: sub, About: casework.About{Kind: "account", ID: rq.Actor.Person}, Desk: h.Desks.Of(rq.Actor.Region), Region: rq.Actor.Region, Words: in.Words,
	}.Erase(rq.NewID(), h.Terms, rq.Actor, rq.Now)
	if err != nil {
		return caseView{}, err
	}
	return h.insert(ctx, c)
}
