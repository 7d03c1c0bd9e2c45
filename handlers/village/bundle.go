package village

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/handlers/paper"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/village"
	"xinyi/store"
	"xinyi/usecase"
)

// Bundle serves anybody scores a village again: what is published of it, a household's own row, and all rows
// for an auditor.
type Bundle struct {
	usecase.Village
	Log   *api.AccessLog
	Seals models.Seals
}

// Mount names the routes.
func (h Bundle) Mount(r *api.Router) {
	tag := api.Tag("villages")
	api.Get(r, "/village-entries/{id}/bundle", h.bundle, api.Open(), api.Limit(time.Minute, 120), tag)
	api.Get(r, "/me/village-rows", h.mine, file.MayFarmMine, tag)
	api.Get(r, "/village-entries/{id}/rows", h.rows, mayRows, api.Reveals, tag)
}

// bundle is a bundle as it is handed out.
type bundle struct {
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
	text, err := paper.CanonicalJSON(raw)
	if err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	out := bundle{Content: text, Hash: paper.HashOf(text)}
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
	var b bundle
	var c village.Bundle
	if err := json.Unmarshal(raw, &b); err != nil || b.Signature == "" {
		return c, ErrNoBundle
	}
	text, err := paper.CanonicalJSON(b.Content)
	if err != nil {
		return c, ErrNoBundle
	}
	if err := json.Unmarshal(text, &c); err != nil || c.Format != village.BundleFormat {
		return c, ErrNoBundle
	}
	hash := paper.HashOf(text)
	if err := paper.Fits(seals, b.Seal, b.Signature, sealedVillage(hash)); err != nil {
		return c, err
	}
	if hash != b.Hash {
		return c, paper.ErrForged
	}
	return c, nil
}

// shown is an entry whose notice has opened. Errors: NotFound.
func (h Bundle) shown(ctx context.Context, id string) (*village.Entry, error) {
	e, err := h.Entries.Get(ctx, id)
	if err == nil && (e.Notice == "" || e.Result == nil) {
		err = models.E(models.NotFound, "not_found")
	}
	return e, err
}

func (h Bundle) bundle(ctx context.Context, _ api.Request, in api.ByID) (api.Download, error) {
	e, err := h.shown(ctx, in.ID)
	if err != nil {
		return api.Download{}, err
	}
	f, err := h.SnapshotIn(ctx, e.Round, e.Village)
	if err != nil {
		return api.Download{}, err
	}
	s, err := h.Schemes.Get(ctx, e.Scheme)
	if err != nil {
		return api.Download{}, err
	}
	name := string(e.Village)
	if d, err := h.Divisions.Get(ctx, name); err == nil {
		name = d.DisplayName
	}
	b, err := village.NewBundle(e, f, s, name)
	if err != nil {
		return api.Download{}, err
	}
	raw, err := SealVillage(b, h.Seals)
	return api.Download{Kind: "application/json; charset=utf-8", Body: raw}, err
}

type rowView struct {
	Round   string        `json:"round"`
	Village models.Region `json:"village"`
	CutOff  models.Day    `json:"cutOff"`
	Proof   village.Proof `json:"proof" description:"The row as text, and the way from it up to the root. Keep it: xinyi recompute BUNDLE --row PROOF checks it. It is yours; whoever sees it sees your row, and learns how many households are on file"`
	Bundle  string        `json:"bundle,omitempty" description:"Where what was published is, once the notice has opened"`
}

func (h Bundle) mine(ctx context.Context, rq api.Request, _ api.NoRequest) (api.List[rowView], error) {
	v := api.List[rowView]{Items: []rowView{}}
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
		f, err := h.Snapshots.Get(ctx, village.SnapshotID(r.ID, file.Village))
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
		row := rowView{Round: r.ID, Village: f.Village, CutOff: f.CutOff, Proof: p}
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

type rowsRequest struct {
	api.ByID
	Limit  int    `query:"limit" validate:"omitempty,min=1,max=200"`
	Cursor string `query:"cursor" validate:"omitempty,numeric,max=6"`
}

type rowsView struct {
	Round   string         `json:"round"`
	Village models.Region  `json:"village"`
	Root    string         `json:"root"`
	Size    int64          `json:"size"`
	Items   []rowsItemView `json:"items"`
	Next    string         `json:"nextCursor"`
}

type rowsItemView struct {
	Household string `json:"householdId" personal:"true"`
	Row       string `json:"row" description:"Its text, with the line feeds: the leaf is its hash"`
}

func (h Bundle) rows(ctx context.Context, rq api.Request, in rowsRequest) (rowsView, error) {
	e, err := api.Ours(ctx, rq, h.Entries, in.ID, func(e *village.Entry) models.Region { return e.Village })
	if err != nil {
		return rowsView{}, err
	}
	f, err := h.Snapshots.Get(ctx, village.SnapshotID(e.Round, e.Village))
	if err != nil {
		return rowsView{}, err
	}
	all, err := f.List()
	if err != nil {
		return rowsView{}, err
	}
	if in.Limit == 0 {
		in.Limit = store.MaxPage
	}
	from, err := strconv.Atoi("0" + in.Cursor)
	if err != nil || from > len(all) {
		return rowsView{}, models.Bad("#query/cursor", "cursor", "cursor.invalid")
	}
	to := min(len(all), from+in.Limit)
	v := rowsView{Round: f.Round, Village: f.Village, Root: f.Root, Size: f.Size, Items: []rowsItemView{}}
	if to < len(all) {
		v.Next = strconv.Itoa(to)
	}
	var looks []access.Access
	for _, r := range all[from:to] {
		household, err := h.Farm.Files.Get(ctx, r.Household)
		switch {
		case err == nil && household.Seat != "":
			looks = append(looks, file.AboutHead(rq, household, "village.audit", "farm.household"))
		case err != nil && !missing(err):
			return rowsView{}, err
		}
		v.Items = append(v.Items, rowsItemView{r.Household, r.Text(f.Round, f.Village)})
	}
	return v, h.Log.Note(ctx, rq, looks...)
}

// Portions are what an export holds of a household's rows in the bundles of its village.
func (h Bundle) Portions() []api.Portion {
	return []api.Portion{api.Listing("villageRows", false,
		api.Optional(func(ctx context.Context, rq api.Request, _ api.PageQuery) (api.List[rowView], error) {
			return h.mine(ctx, rq, api.NoRequest{})
		}))}
}
