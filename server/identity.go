package main

import (
	"context"
	"net/http"
	"time"

	"xinyi/flows"
	"xinyi/handlers/api"
	identityhttp "xinyi/handlers/identity"
	"xinyi/models/delivery"
	"xinyi/models/identity"
)

// identityCapability is who people, staff and systems are.
var identityCapability = Capability{
	Name:   "identity",
	Lives:  identity.Lives,
	Events: identity.Events,
	Policy: map[string]any{"Identity": identity.Standard, "Quotas": api.StandardQuotas, "Words": api.StandardWords},
	Open: func(a *App) Parts {
		follows := flows.Identity{
			Identity: a.repos.Identity, Delivery: a.repos.delivery, Messages: a.repos.messages, Policy: policyOf[delivery.Policy](a), Now: a.now,
		}
		return Parts{
			Routes:  []api.Mounter{a.signs()},
			Follows: follows.Subscribers(),
		}
	},
}

// signs is the door to sign in at: with the channels there are, in a sandbox with codes that are shown.
func (a *App) signs() identityhttp.Handler {
	h := identityhttp.Handler{
		Identity: a.repos.Identity, Tokens: a.tokens, Callers: a.callers, Policy: policyOf[identity.Policy](a), Log: a.accesses, Ties: a.ties,
		OIDC: identityhttp.NewOIDC(a.now, a.cfg.issuers...),
		Alarm: func(ctx context.Context, budget string) {
			a.log.ErrorContext(ctx, "so many sign-in codes were asked for that strangers get none for now", "budget", budget)
		},
	}
	if a.outside.codes != nil {
		h.SMS = a.outside.codes
	}
	switch {
	case a.cfg.Sandbox:
		h.SMS, h.RealName, h.Policy = a.codes, identityhttp.SandboxRealName{}, identity.Trial
	case a.cfg.RealNameURL != "":
		h.RealName = identityhttp.HTTPRealName{
			URL: a.cfg.RealNameURL, AppID: a.cfg.RealNameApp, Key: []byte(a.cfg.RealNameKey), Client: &http.Client{Timeout: 5 * time.Second}, Now: a.now,
		}
	}
	return h
}
