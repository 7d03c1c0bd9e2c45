package award

import (
	"context"
	"errors"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/award"
	"xinyi/models/score"
	"xinyi/store"
)

func (h Handler) mountNominee(r *api.Router) {
	tag := api.Tag("nominations")
	api.Post(r, "/nominations", h.nominate, mayNominationsMake, api.Creates, tag, api.Quota(api.Nominations))
	api.Get(r, "/me/nominations", h.mine, mayNominationsMine, tag)
	api.Get(r, "/me/nominations/{id}", h.myOne, mayNominationsMine, tag)
	api.Post(r, "/me/nominations/{id}/consent", h.agree, mayNominationsMine, tag)
	api.Post(r, "/me/nominations/{id}/withdraw", h.leave, mayNominationsMine, tag)
	api.Post(r, "/me/nominations/{id}/file", h.file, mayNominationsMine, tag)
	api.Post(r, "/me/nominations/{id}/hits/{record}", h.answerHit, mayNominationsMine, tag)
	api.Post(r, "/me/nominations/{id}/opinions/{unit}", h.reply, mayNominationsMine, tag)
}

type nominateRequest struct {
	Programme string `json:"programme" validate:"required,max=64"`
	Category  string `json:"category" validate:"required,max=40"`
	IDNumber  string `json:"idNumber,omitempty" validate:"omitempty,cnid" description:"Of the person; absent, with code: myself, or the firm I act for"`
	Code      string `json:"code,omitempty" validate:"omitempty,uscc" description:"Of the firm"`
	Called    string `json:"called,omitempty" validate:"max=100" description:"What the nominee is called"`
	Reason    string `json:"reason" validate:"required,min=4,max=1000"`
	Agreed    bool   `json:"agreed,omitempty" description:"Of myself: I agree to be vetted"`
	Named     bool   `json:"named,omitempty" description:"And to be named in public"`
	Recorded  bool   `json:"recorded,omitempty" description:"And to be recorded in the credit file"`
}

type nominatedView struct {
	ID     string      `json:"id"`
	State  award.State `json:"state"`
	Joined bool        `json:"joined,omitempty" description:"Somebody nominated it before: what you say was added"`
}

// nominee is whom a request is about.
func (h Handler) nominee(ctx context.Context, rq api.Request, p *award.Programme, in nominateRequest) (who award.Nominee, how award.How,
	err error) {
	how = award.ByPublic
	if !rq.Actor.Is(models.Resident) {
		how = award.ByUnit
	}
	var sub models.Subject
	var birth models.Day
	switch {
	case in.IDNumber != "" && in.Code != "":
		return who, how, models.Bad("/code", "award_nominee", "award.nominee")
	case in.IDNumber != "":
		n, err := models.ParseIDNumber(in.IDNumber)
		if err != nil {
			return who, how, models.Bad("/idNumber", "cnid", "award.nominee")
		}
		birth = n.Birth()
		if sub, err = h.Subjects.OfNumber(ctx, n); err != nil {
			return who, how, err
		}
	case in.Code != "":
		sub = models.Subject{Kind: models.Organisation, Ref: models.NormalUSCC(in.Code)}
	default:
		if sub, err = h.Subjects.Of(ctx, rq.Actor); err != nil {
			return who, how, err
		}
	}
	if own, err := h.Subjects.Of(ctx, rq.Actor); err == nil && own.Is(sub) {
		how = award.BySelf
	}
	if sub.Person == "" && in.Called == "" && how != award.BySelf {
		return who, how, models.Bad("/called", "required", "award.nominee")
	}
	who, err = h.Nominee(ctx, p, sub, models.NewSecret(in.Called), birth)
	if err == nil && sub.Kind == models.Organisation {
		err = h.firm(ctx, &who)
	}
	return who, how, err
}

// firm takes the name and the place of a firm from its registration.
func (h Handler) firm(ctx context.Context, who *award.Nominee) error {
	who.Region = models.USCC(who.Subject.Ref).Region()
	page, err := h.Records.Find(ctx, store.RecordsOf(who.Subject.Ref).Page(store.MaxPage, ""))
	if err != nil {
		return err
	}
	for _, r := range page.Items {
		if r.Item == h.Facts.Registration && r.Used() {
			who.Name = r.Name
		}
	}
	if who.Name.Empty() {
		return models.Bad("/called", "required", "award.nominee")
	}
	return nil
}

func (h Handler) nominate(ctx context.Context, rq api.Request, in nominateRequest) (nominatedView, error) {
	p, err := h.Programmes.Get(ctx, in.Programme)
	if err == nil && p.State == award.Drafted {
		err = api.NotYours(nil)
	}
	if err != nil {
		return nominatedView{}, api.PointAt(err, "/programme", "award.no_programme")
	}
	who, how, err := h.nominee(ctx, rq, p, in)
	if err != nil {
		return nominatedView{}, err
	}
	n, err := award.New(p, award.Draft{Category: in.Category, Nominee: who, How: how, Reason: in.Reason}, rq.Actor, rq.Now)
	if err == nil && how == award.BySelf && in.Agreed {
		err = n.Agree(in.Named, in.Recorded, rq.Actor, rq.Now)
	}
	if err == nil {
		err = h.Nominations.Insert(ctx, n)
	}
	if !errors.Is(err, models.Conflict) || models.CodeOf(err) == models.InvalidTransition {
		if err != nil {
			return nominatedView{}, err
		}
		return nominatedView{n.ID, n.State, false}, nil
	}
	n, err = h.Nominations.Update(ctx, n.ID, func(n *award.Nomination) error {
		changed, err := n.Join(how, in.Reason, rq.Actor, rq.Now)
		if err == nil && how == award.BySelf && in.Agreed && n.Consent == nil {
			changed, err = true, n.Agree(in.Named, in.Recorded, rq.Actor, rq.Now)
		}
		if err == nil && !changed {
			return store.Unchanged()
		}
		return err
	})
	if err != nil {
		return nominatedView{}, err
	}
	return nominatedView{n.ID, n.State, true}, nil
}

type nominationRow struct {
	ID        string        `json:"id"`
	Programme string        `json:"programme"`
	Category  string        `json:"category"`
	Title     string        `json:"title"`
	Kind      award.Kind    `json:"kind"`
	State     award.State   `json:"state"`
	Label     string        `json:"label" description:"The nominee, masked unless it agreed to be named"`
	Region    models.Region `json:"region,omitempty"`
	Industry  string        `json:"industry,omitempty"`
	Until     models.Day    `json:"until,omitempty" description:"Of what goes on"`
	Why       string        `json:"why,omitempty" description:"Of an end, in words"`
	Held      bool          `json:"held,omitempty" description:"Waits for an objection or a repair"`
	Short     bool          `json:"short,omitempty" description:"Too few experts"`
}

func rowOfNomination(n *award.Nomination, lang string) nominationRow {
	why := api.Say(n.Why, lang, nil)
	if why == "" {
		why = n.Why
	}
	return nominationRow{n.ID, n.Programme, n.Category, n.Title.In(lang), n.Kind, n.State, n.Label(), n.Region, n.Industry, n.Until, why,
		n.Held, n.Short}
}

type vettingView struct {
	Decision string              `json:"decision" description:"GET /v1/decisions/{id} explains it, /replay makes it again"`
	Outcome  api.Outcome         `json:"outcome"`
	Clauses  []api.ProblemClause `json:"clauses"`
	Hits     []hitView           `json:"hits" description:"Every record that speaks against the nominee"`
	At       time.Time           `json:"at"`
}

type hitView struct {
	Record string          `json:"record"`
	Item   string          `json:"item"`
	Unit   string          `json:"unit" description:"That reported it"`
	On     models.Day      `json:"on"`
	Stops  bool            `json:"stops" description:"A clause fails on it"`
	Answer award.HitAnswer `json:"answer,omitempty"`
	Case   string          `json:"case,omitempty"`
	Note   string          `json:"note,omitempty"`
}

func viewVetting(v *award.Vetting, p *award.Programme, lang string) *vettingView {
	if v == nil {
		return nil
	}
	out := &vettingView{Decision: v.Decision, Outcome: api.Outcome(v.Outcome), Clauses: []api.ProblemClause{}, Hits: []hitView{}, At: v.At}
	for _, c := range v.Clauses {
		one := api.ViewClause(c, lang)
		if label, remedy := p.Words(c.ID); label.ZH != "" {
			one.Label, one.Remedy = label.In(lang), remedy.In(lang)
		}
		out.Clauses = append(out.Clauses, one)
	}
	for _, x := range v.Hits {
		out.Hits = append(out.Hits, hitView{x.ID, x.Item, x.Unit, x.On, x.Stops, x.Answer, x.Case, x.Note})
	}
	return out
}

type opinionView struct {
	Unit   string        `json:"unit"`
	Say    award.Say     `json:"opinion,omitempty" description:"Absent: nothing yet; silence is no objection"`
	Record string        `json:"record,omitempty"`
	Ground string        `json:"ground,omitempty"`
	Points *score.Points `json:"points,omitempty" description:"Hundredths of 100 points"`
	Reply  string        `json:"reply,omitempty"`
}

func viewOpinions(n *award.Nomination, points bool) []opinionView {
	all := []opinionView{}
	for _, o := range n.Opinions {
		v := opinionView{Unit: o.Unit, Say: o.Say, Record: o.Record, Ground: o.Ground, Reply: o.Reply.Reveal()}
		if points {
			v.Points = o.Points
		}
		all = append(all, v)
	}
	return all
}

type placedView struct {
	Rank     int                     `json:"rank" description:"By points"`
	Of       int                     `json:"of"`
	Because  award.Because           `json:"because"`
	Next     int                     `json:"next,omitempty" description:"Place among the runners-up"`
	Points   score.Points            `json:"points" description:"Hundredths of 100 points"`
	Need     score.Points            `json:"need,omitempty" description:"Of the last seat that stood in the way, or the line"`
	Votes    int                     `json:"votes"`
	Expert   score.Points            `json:"expert" description:"Trimmed mean of the experts"`
	Criteria map[string]score.Points `json:"criteria" description:"By criterion, trimmed means"`
	Counted  int                     `json:"experts"`
}

// viewPlaced is why somebody came out where they did; nothing before seats are given.
func viewPlaced(n *award.Nomination) *placedView {
	if n.Placed == nil || n.Marks == nil {
		return nil
	}
	p := n.Placed
	return &placedView{p.Rank, p.Of, p.Because, p.Next, p.Points, p.Need, p.Votes, n.Marks.Expert, n.Marks.Criteria, n.Marks.Counted}
}

type myNominationView struct {
	nominationRow
	Nominators []string      `json:"reasons" description:"What was said for it; who said it is the office's to know"`
	Agreed     bool          `json:"agreed"`
	Named      bool          `json:"named"`
	Recorded   bool          `json:"recorded"`
	Returned   string        `json:"returned,omitempty" description:"What is to be mended in the materials"`
	Vetting    *vettingView  `json:"vetting,omitempty"`
	Opinions   []opinionView `json:"opinions"`
	Placed     *placedView   `json:"placed,omitempty"`
	Notice     string        `json:"notice,omitempty"`
	Award      string        `json:"award,omitempty"`
}

func viewMyNomination(n *award.Nomination, p *award.Programme, lang string) myNominationView {
	v := myNominationView{
		nominationRow: rowOfNomination(n, lang), Nominators: []string{}, Agreed: n.Consent != nil, Vetting: viewVetting(n.Vetting, p, lang),
		Opinions: viewOpinions(n, n.Placed != nil), Placed: viewPlaced(n), Notice: n.Notice, Award: n.Award,
	}
	v.Label = n.Name.Reveal()
	for _, x := range n.Nominators {
		v.Nominators = append(v.Nominators, x.Reason.Reveal())
	}
	if n.Consent != nil {
		v.Named, v.Recorded = n.Consent.Named, n.Consent.Recorded
	}
	if n.Course != nil && n.Course.Back && len(n.Course.Votes) > 0 {
		v.Returned = n.Course.Votes[len(n.Course.Votes)-1].Note
	}
	return v
}

// ownNominations is the caller's own.
func ownNominations(a models.Actor) store.Query {
	if a.Is(models.Business) {
		return store.NominationsAbout(a.Org)
	}
	return store.NominationsOfPerson(a.Person)
}

func (h Handler) mine(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[nominationRow], error) {
	return api.Found(ctx, h.Nominations, ownNominations(rq.Actor), in, func(n *award.Nomination) nominationRow {
		v := rowOfNomination(n, rq.Lang)
		v.Label = n.Name.Reveal()
		return v
	})
}

func (h Handler) myOne(ctx context.Context, rq api.Request, in api.ByID) (myNominationView, error) {
	n, err := h.Nominations.Get(ctx, in.ID)
	if err == nil && !n.Mine(rq.Actor) {
		err = api.NotYours(nil)
	}
	if err != nil {
		return myNominationView{}, err
	}
	return h.whole(ctx, rq, n)
}

func (h Handler) whole(ctx context.Context, rq api.Request, n *award.Nomination) (myNominationView, error) {
	p, err := h.Programmes.Get(ctx, n.Programme)
	if err != nil {
		return myNominationView{}, err
	}
	return viewMyNomination(n, p, rq.Lang), nil
}

// onMine changes one of the caller's own nominations. Errors: NotFound for anybody else's.
func (h Handler) onMine(ctx context.Context, rq api.Request, id string,
	do func(*award.Nomination, *award.Programme) error) (myNominationView, error) {
	n, err := h.Nominations.Get(ctx, id)
	if err == nil && !n.Mine(rq.Actor) {
		err = api.NotYours(nil)
	}
	if err != nil {
		return myNominationView{}, err
	}
	p, err := h.Programmes.Get(ctx, n.Programme)
	if err != nil {
		return myNominationView{}, err
	}
	n, err = h.Nominations.Update(ctx, id, func(n *award.Nomination) error { return do(n, p) })
	if err != nil {
		return myNominationView{}, err
	}
	return viewMyNomination(n, p, rq.Lang), nil
}

type agreeRequest struct {
	api.ByID
	Vetting  bool `json:"vetting" description:"I agree that every list and record of my credit file is read for this"`
	Named    bool `json:"named"`
	Recorded bool `json:"recorded"`
}

func (h Handler) agree(ctx context.Context, rq api.Request, in agreeRequest) (myNominationView, error) {
	if !in.Vetting {
		return myNominationView{}, models.Bad("/vetting", "award_agree", "award.no_consent")
	}
	return h.onMine(ctx, rq, in.ID, func(n *award.Nomination, _ *award.Programme) error {
		return n.Agree(in.Named, in.Recorded, rq.Actor, rq.Now)
	})
}

func (h Handler) leave(ctx context.Context, rq api.Request, in api.ByID) (myNominationView, error) {
	return h.onMine(ctx, rq, in.ID, func(n *award.Nomination, _ *award.Programme) error {
		return n.Withdraw("award.own_word", rq.Actor, rq.Now)
	})
}

type fileRequest struct {
	api.ByID
	Deed     string        `json:"deed" validate:"required,min=10,max=1000" description:"What speaks for it"`
	Since    models.Day    `json:"since" validate:"required,day" description:"Lives or works here since; of a firm, operates since"`
	Region   models.Region `json:"region" validate:"required,numeric,min=4,max=12"`
	Industry string        `json:"industry,omitempty" validate:"omitempty,max=40"`
	Unit     string        `json:"unit,omitempty" validate:"omitempty,max=120" description:"Where a person works: nobody from there scores it"`
}

func (h Handler) file(ctx context.Context, rq api.Request, in fileRequest) (myNominationView, error) {
	f := award.Filing{Deed: models.NewSecret(in.Deed), Since: in.Since, Region: in.Region, Industry: in.Industry, Unit: in.Unit}
	return h.onMine(ctx, rq, in.ID, func(n *award.Nomination, p *award.Programme) error { return n.File(f, p, rq.Actor, rq.Now) })
}

type hitRequest struct {
	api.ByID
	Record string          `path:"record" validate:"required,max=64"`
	Answer award.HitAnswer `json:"answer" validate:"required,known"`
	Case   string          `json:"case,omitempty" validate:"omitempty,max=64" description:"Of the objection or the repair"`
	Note   string          `json:"note,omitempty" validate:"max=500"`
}

func (h Handler) answerHit(ctx context.Context, rq api.Request, in hitRequest) (myNominationView, error) {
	return h.onMine(ctx, rq, in.ID, func(n *award.Nomination, p *award.Programme) error {
		return n.AnswerHit(award.HitWord{Hit: in.Record, Answer: in.Answer, Case: in.Case, Note: in.Note}, p.Terms, rq.Actor, rq.Now)
	})
}

type replyRequest struct {
	api.ByID
	Unit string `path:"unit" validate:"required,max=64"`
	Text string `json:"text" validate:"required,max=1000"`
}

func (h Handler) reply(ctx context.Context, rq api.Request, in replyRequest) (myNominationView, error) {
	return h.onMine(ctx, rq, in.ID, func(n *award.Nomination, _ *award.Programme) error { return n.Reply(in.Unit, in.Text, rq.Actor) })
}
