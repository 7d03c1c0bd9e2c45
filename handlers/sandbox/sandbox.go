// Package sandbox is the door that only a sandbox has: codes that are shown, accounts, pushes, the clock.
package sandbox

import (
	"context"
	"sync"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/store"
)

// Codes keeps the last code of each phone, for whoever tries the product without a telephone network.
type Codes struct {
	mu    sync.Mutex
	codes map[string]string
}

// maxSandboxCodes bounds the phones kept; then all are forgotten.
const maxSandboxCodes = 10_000

// SendCode implements CodeSender.
func (s *Codes) SendCode(_ context.Context, phone models.Secret, code, _ string, _ time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.codes == nil || len(s.codes) >= maxSandboxCodes {
		s.codes = map[string]string{}
	}
	s.codes[phone.Reveal()] = code
	return nil
}

// Handler serves what only a sandbox has. Mount it nowhere else; a router without Sandbox refuses it.
type Handler struct {
	Codes *Codes
	Demos *store.Repo[identity.Demo]
	Phone func(token string) []Push // what the sandbox's push service handed to a device, the oldest first
}

// A Push is what a phone shows.
type Push struct {
	Title string            `json:"title"`
	Body  string            `json:"body"`
	Data  map[string]string `json:"data"`
}

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	if !r.Cfg.Sandbox {
		return
	}
	api.Get(r, "/sandbox/codes/{phone}", h.code, api.Open())
	api.Get(r, "/sandbox/pushes", h.pushes, api.Open())
	api.Get(r, "/sandbox/accounts", h.accounts, api.Open())
}

type codeRequest struct {
	Phone string `path:"phone" validate:"required,cnphone"`
}

type pushesRequest struct {
	Token string `query:"token" validate:"required,max=2048"`
}

func (h Handler) pushes(_ context.Context, _ api.Request, in pushesRequest) (api.List[Push], error) {
	seen := api.List[Push]{Items: []Push{}}
	if h.Phone != nil {
		seen.Items = append(seen.Items, h.Phone(in.Token)...)
	}
	return seen, nil
}

// A CodeView is a sign-in code that a sandbox shows.
type CodeView struct {
	Code string `json:"code"`
}

func (h Handler) code(_ context.Context, _ api.Request, in codeRequest) (CodeView, error) {
	phone, err := identity.ParsePhone(in.Phone)
	if err != nil {
		return CodeView{}, err
	}
	h.Codes.mu.Lock()
	defer h.Codes.mu.Unlock()
	code, ok := h.Codes.codes[phone.Reveal()]
	if !ok {
		return CodeView{}, models.E(models.NotFound, "not_found")
	}
	return CodeView{code}, nil
}

type accountsView struct {
	People  []accountView `json:"people"`
	Clients []clientView  `json:"clients"`
}

type accountView struct {
	Name   string        `json:"name"`
	Phone  string        `json:"phone"`
	Role   models.Role   `json:"role"`
	Region models.Region `json:"region"`
}

type clientView struct {
	Kind         models.Role   `json:"kind"`
	Name         string        `json:"name"`
	Region       models.Region `json:"region"`
	ClientID     string        `json:"clientId"`
	ClientSecret string        `json:"clientSecret"`
}

func (h Handler) accounts(ctx context.Context, _ api.Request, _ struct{}) (accountsView, error) {
	v := accountsView{People: []accountView{}, Clients: []clientView{}}
	d, err := h.Demos.Get(ctx, identity.DemoID)
	if models.CodeOf(err) == models.NotFound {
		return v, nil
	}
	if err != nil {
		return v, err
	}
	for _, p := range d.People {
		v.People = append(v.People, accountView{p.Name, p.Phone.Reveal(), p.Role, p.Region})
	}
	for _, c := range d.Clients {
		v.Clients = append(v.Clients, clientView{c.Kind, c.Name, c.Region, c.ClientID, c.Secret.Reveal()})
	}
	return v, nil
}
