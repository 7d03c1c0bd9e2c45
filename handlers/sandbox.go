package handlers

import (
	"context"
	"sync"
	"time"

	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/store"
)

// SandboxCodes keeps the last code of each phone, for whoever tries the product without a telephone network.
type SandboxCodes struct {
	mu    sync.Mutex
	codes map[string]string
}

// maxSandboxCodes bounds the phones kept; then all are forgotten.
const maxSandboxCodes = 10_000

// SendCode implements CodeSender.
func (s *SandboxCodes) SendCode(_ context.Context, phone models.Secret, code, _ string, _ time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.codes == nil || len(s.codes) >= maxSandboxCodes {
		s.codes = map[string]string{}
	}
	s.codes[phone.Reveal()] = code
	return nil
}

// Sandbox serves what only a sandbox has. Mount it nowhere else; a router without Sandbox refuses it.
type Sandbox struct {
	Codes *SandboxCodes
	Demos *store.Repo[identity.Demo]
	Phone func(token string) []SandboxPush // what the sandbox's push service handed to a device, the oldest first
}

// A SandboxPush is what a phone shows.
type SandboxPush struct {
	Title string            `json:"title"`
	Body  string            `json:"body"`
	Data  map[string]string `json:"data"`
}

// Mount names the routes.
func (h Sandbox) Mount(r *Router) {
	if !r.cfg.Sandbox {
		return
	}
	Get(r, "/sandbox/codes/{phone}", h.code, Does("The last code sent to a phone"), Open())
	Get(r, "/sandbox/pushes", h.pushes, Does("What the sandbox's push service handed to a device"), Open())
	Get(r, "/sandbox/accounts", h.accounts, Does("The made-up people and partner systems"), Open())
}

type sandboxCodeRequest struct {
	Phone string `path:"phone" validate:"required,cnphone"`
}

type sandboxPushesRequest struct {
	Token string `query:"token" validate:"required,max=2048"`
}

func (h Sandbox) pushes(_ context.Context, _ Request, in sandboxPushesRequest) (List[SandboxPush], error) {
	seen := List[SandboxPush]{Items: []SandboxPush{}}
	if h.Phone != nil {
		seen.Items = append(seen.Items, h.Phone(in.Token)...)
	}
	return seen, nil
}

type sandboxCode struct {
	Code string `json:"code"`
}

func (h Sandbox) code(_ context.Context, _ Request, in sandboxCodeRequest) (sandboxCode, error) {
	phone, err := identity.ParsePhone(in.Phone)
	if err != nil {
		return sandboxCode{}, err
	}
	h.Codes.mu.Lock()
	defer h.Codes.mu.Unlock()
	code, ok := h.Codes.codes[phone.Reveal()]
	if !ok {
		return sandboxCode{}, models.E(models.NotFound, "not_found")
	}
	return sandboxCode{code}, nil
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

func (h Sandbox) accounts(ctx context.Context, _ Request, _ struct{}) (accountsView, error) {
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
