package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"xinyi/models"
	"xinyi/models/access"
	place "xinyi/models/division"
	"xinyi/models/village"
	"xinyi/store"
)

// VillageBundle is the door through which anybody scores a village again: what is published of it, a household's own row, and all rows
// for an auditor.
type VillageBundle struct {
	store.Village
	Divisions *store.Repo[place.Division]
	Looks     *Looks
	Seals     models.Seals
}

// Mount names the routes.
func (h VillageBundle) Mount(r *Router) {
	tag := Tag("villages")
	Get(r, "/village-entries/{id}/bundle", h.bundle, Does("What is published of an entry, sealed: the scheme, the facts with counts below five hidden, the root of the households' rows, the result",
		"From the day its notice opens. Anybody scores it again without asking us: xinyi recompute, or docs/verify/village.mjs; the keys are at GET /v1/seals"), Open(), Limit(minute, 120), tag)
	Get(r, "/me/village-rows", h.mine, Does("What was frozen of my household in each round, with the proof that it is in what is published", "The newest first"), May("farm.mine"), tag)
	Get(r, "/village-entries/{id}/rows", h.rows, Does("All rows of an entry in their order, without names, so that the sums and the root can be checked", "Every household sees that its row was looked at"),
		May("village.rows"), Reveals, tag)
}

// villageBundle is a bundle as it is handed out.
type villageBundle struct {
	Content   json.RawMessage `json:"content"`
	Hash      string          `json:"sha256"`    // of the content in canonical form (RFC 8785), in hex
	Seal      string          `json:"seal"`      // id of the key, of GET /v1/seals
	Signature string          `json:"signature"` // Ed25519, over "xinyi-village/1\n" and the hash, in base64
}

// SealVillage seals what is published of an entry, in canonical form; the same gives the same bytes.
func SealVillage(b village.Bundle, seals models.Seals) ([]byte, error) {
	raw, err := json.Marshal(b)
	if err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	text, err := canonicalJSON(raw)
	if err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	out := villageBundle{Content: text, Hash: hashOf(text)}
	if out.Seal, out.Signature, err = seals.Sign(sealedVillage(out.Hash)); err != nil {
		return nil, err
	}
	if raw, err = json.Marshal(out); err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	return raw, nil
}

func sealedVillage(hash string) []byte { return []byte(village.BundleFormat + "\n" + hash) }

// ErrNoBundle is a file that is no bundle of a village.
var ErrNoBundle = errors.New("this is no bundle of a village or town")

// OpenVillage checks the seal of a bundle with nothing but public keys, and reads it. Errors: ErrNoBundle, ErrForged.
func OpenVillage(raw []byte, seals models.Seals) (village.Bundle, error) {
	var b villageBundle
	var c village.Bundle
	if err := json.Unmarshal(raw, &b); err != nil || b.Signature == "" {
		return c, ErrNoBundle
	}
	text, err := canonicalJSON(b.Content)
	if err != nil {
		return c, ErrNoBundle
	}
	if err := json.Unmarshal(text, &c); err != nil || c.Format != village.BundleFormat {
		return c, ErrNoBundle
	}
	if hash := hashOf(text); hash != b.Hash || !seals.Verify(b.Seal, b.Signature, sealedVillage(hash)) {
		return c, ErrForged
	}
	return c, nil
}

// shown is an entry whose notice has opened. Errors: NotFound.
func (h VillageBundle) shown(ctx context.Context, id string) (*village.Entry, error) {
	e, err := h.Entries.Get(ctx, id)
	if err == nil && (e.Notice == "" || e.Result == nil) {
		err = models.E(models.NotFound, "not_found")
	}
	return e, err
}

func (h VillageBundle) bundle(ctx context.Context, _ Request, in byID) (download, error) {
	e, err := h.shown(ctx, in.ID)
	if err != nil {
		return download{}, err
	}
	f, err := h.FrozenIn(ctx, e.Round, e.Village)
	if err != nil {
		return download{}, err
	}
	s, err := h.Schemes.Get(ctx, e.Scheme)
	if err != nil {
		return download{}, err
	}
	name := string(e.Village)
	if d, err := h.Divisions.Get(ctx, name); err == nil {
		name = d.DisplayName
	}
	b, err := village.NewBundle(e, f, s, name)
	if err != nil {
		return download{}, err
	}
	raw, err := SealVillage(b, h.Seals)
	return download{"application/json; charset=utf-8", raw}, err
}

type villageRowView struct {
	Round   string        `json:"round"`
	Village models.Region `json:"village"`
	CutOff  models.Day    `json:"cutOff"`
	Proof   village.Proof `json:"proof" description:"The row as text, and the way from it up to the root. Keep it: xinyi recompute BUNDLE --row PROOF checks it. It is yours; whoever sees it sees your row, and learns how many households are on file"`
	Bundle  string        `json:"bundle,omitempty" description:"Where what was published is, once the notice has opened"`
}

func (h VillageBundle) mine(ctx context.Context, rq Request, _ noRequest) (List[villageRowView], error) {
	v := List[villageRowView]{Items: []villageRowView{}}
	file, _, err := h.Farm.Mine(ctx, rq.Actor)
	if errors.Is(err, models.NotFound) {
		return v, models.E(models.NotFound, "farmer.no_file")
	}
	if err != nil {
		return v, err
	}
	_, err = h.Rounds.Each(ctx, store.VillageRoundsIn(file.Village.County()), func(r *village.Round) error {
		if r.Level != village.OfVillages {
			return nil
		}
		f, err := h.Frozens.Get(ctx, village.FrozenID(r.ID, file.Village))
		if missing(err) {
			return nil
		}
		if err != nil {
			return err
		}
		p, err := f.Proof(file.ID)
		if missing(err) { // it had no verified file then, or was of another village
			return nil
		}
		if err != nil {
			return err
		}
		row := villageRowView{Round: r.ID, Village: f.Village, CutOff: f.CutOff, Proof: p}
		e, err := h.Entries.First(ctx, store.VillageEntrySlot(r.ID, file.Village))
		if err == nil && e.Notice != "" {
			row.Bundle = "/v1/village-entries/" + e.ID + "/bundle"
		}
		v.Items = append(v.Items, row)
		if missing(err) {
			err = nil
		}
		return err
	})
	return v, err
}

type villageRowsRequest struct {
	byID
	Limit  int    `query:"limit" validate:"omitempty,min=1,max=200"`
	Cursor string `query:"cursor" validate:"omitempty,numeric,max=6"`
}

type villageRowsView struct {
	Round   string                `json:"round"`
	Village models.Region         `json:"village"`
	Root    string                `json:"root"`
	Size    int64                 `json:"size"`
	Items   []villageRowsItemView `json:"items"`
	Next    string                `json:"nextCursor"`
}

type villageRowsItemView struct {
	Household string `json:"householdId" personal:"true"`
	Row       string `json:"row" description:"Its text, with the line feeds: the leaf is its hash"`
}

func (h VillageBundle) rows(ctx context.Context, rq Request, in villageRowsRequest) (villageRowsView, error) {
	e, err := h.Entries.Get(ctx, in.ID)
	if err == nil && !rq.Actor.Region.Contains(e.Village) {
		err = models.E(models.NotFound, "not_found")
	}
	if err != nil {
		return villageRowsView{}, err
	}
	f, err := h.Frozens.Get(ctx, village.FrozenID(e.Round, e.Village))
	if err != nil {
		return villageRowsView{}, err
	}
	all, err := f.List()
	if err != nil {
		return villageRowsView{}, err
	}
	if in.Limit == 0 {
		in.Limit = store.MaxPage
	}
	from, err := strconv.Atoi("0" + in.Cursor)
	if err != nil || from > len(all) {
		return villageRowsView{}, models.Bad("#query/cursor", "cursor", "cursor.invalid")
	}
	to := min(len(all), from+in.Limit)
	v := villageRowsView{Round: f.Round, Village: f.Village, Root: f.Root, Size: f.Size, Items: []villageRowsItemView{}}
	if to < len(all) {
		v.Next = strconv.Itoa(to)
	}
	var looks []access.Look
	for _, r := range all[from:to] {
		household, err := h.Farm.Files.Get(ctx, r.Household)
		switch {
		case err == nil && household.Seat != "":
			looks = append(looks, aboutHead(rq, household, "village.audit", "farm.household"))
		case err != nil && !missing(err):
			return villageRowsView{}, err
		}
		v.Items = append(v.Items, villageRowsItemView{r.Household, r.Text(f.Round, f.Village)})
	}
	return v, h.Looks.Look(ctx, rq, looks...)
}

// Portions are what an export holds of a household's rows in the bundles of its village.
func (h VillageBundle) Portions() []Portion {
	return []Portion{Listing("villageRows", false, Optional(func(ctx context.Context, rq Request, _ PageQuery) (List[villageRowView], error) {
		return h.mine(ctx, rq, noRequest{})
	}))}
}
