package main

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A persona is somebody who asks.
type persona struct {
	name, token string
	roles       []string
	system      bool
}

// holds says whether the persona has one of some roles.
func (p persona) holds(roles []string) bool {
	return slices.ContainsFunc(p.roles, func(r string) bool { return slices.Contains(roles, r) })
}

// signIn signs a person of the sandbox in.
func (s *program) signIn(ctx context.Context, phone string) (string, error) {
	if _, err := (call{base: s.url, method: "POST", path: "/v1/auth/codes", body: m{"phone": phone}}).must(ctx); err != nil {
		return "", err
	}
	shown, err := call{base: s.url, method: "GET", path: "/v1/sandbox/codes/" + phone}.must(ctx)
	if err != nil {
		return "", err
	}
	in, err := call{base: s.url, method: "POST", path: "/v1/auth/sessions", body: m{"phone": phone, "code": shown["code"]}}.must(ctx)
	token := as[string](in["accessToken"])
	return token, err
}

// enter signs a partner's system of the sandbox in.
func (s *program) enter(ctx context.Context, id string) (string, error) {
	in, err := call{base: s.url, method: "POST", path: "/v1/auth/token",
		body: m{"clientId": id, "clientSecret": "sandbox-secret-of-" + id}}.must(ctx)
	token := as[string](in["accessToken"])
	return token, err
}

// personas are everybody the sandbox has an account of, with the roles the server says they hold.
func (s *program) personas(ctx context.Context) ([]persona, error) {
	accounts, err := call{base: s.url, method: "GET", path: "/v1/sandbox/accounts"}.must(ctx)
	if err != nil {
		return nil, err
	}
	var all []persona
	for _, a := range list(accounts["people"]) {
		phone := as[string](dig(a, "phone"))
		token, err := s.signIn(ctx, phone)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", phone, err)
		}
		me, err := call{base: s.url, token: token, method: "GET", path: "/v1/me"}.must(ctx)
		if err != nil {
			return nil, err
		}
		p := persona{name: phone, token: token, roles: []string{"resident"}}
		for _, held := range list(me["memberships"]) {
			p.roles = append(p.roles, fmt.Sprint(dig(held, "role")))
		}
		all = append(all, p)
	}
	for _, c := range list(accounts["clients"]) {
		id := as[string](dig(c, "clientId"))
		token, err := s.enter(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		all = append(all, persona{name: id, token: token, roles: []string{fmt.Sprint(dig(c, "kind"))}, system: true})
	}
	if len(all) < 20 {
		return all, fmt.Errorf("only %d personas", len(all))
	}
	return all, nil
}

// forged are tokens that somebody made who has seen a genuine one: none of them is anybody.
func (s *program) forged(ctx context.Context, genuine string) ([]persona, error) {
	parts := strings.Split(genuine, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("a token of %d parts", len(parts))
	}
	var head, claims m
	for i, into := range []*m{&head, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(raw, into)
		}
		if err != nil {
			return nil, err
		}
	}
	known, err := call{base: s.url, method: http.MethodGet, path: "/.well-known/jwks.json"}.must(ctx)
	if err != nil {
		return nil, err
	}
	set, err := json.Marshal(known)
	if err != nil {
		return nil, err
	}
	public, own, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	with := func(of m, name string, v any) m {
		out := m{}
		for k, x := range of {
			out[k] = x
		}
		out[name] = v
		return out
	}
	signed := func(head, claims m, sign func(string) []byte) string {
		text := part(head) + "." + part(claims)
		return text + "." + base64.RawURLEncoding.EncodeToString(sign(text))
	}
	ours := func(text string) []byte { return ed25519.Sign(own, []byte(text)) }
	nothing := func(string) []byte { return nil }
	byKey := func(key []byte) func(string) []byte {
		return func(text string) []byte {
			h := hmac.New(sha256.New, key)
			h.Write([]byte(text))
			return h.Sum(nil)
		}
	}
	raw, err := base64.RawURLEncoding.DecodeString(fmt.Sprint(dig(list(known["keys"])[0], "x")))
	if err != nil {
		return nil, err
	}
	now, jwk := time.Now().Unix(), m{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(public)}
	return []persona{
		{name: "nobody"},
		{name: "a made-up token", token: "made-up"},
		{name: "alg none", token: signed(with(head, "alg", "none"), claims, nothing)},
		{name: "alg None, no kid", token: signed(m{"alg": "None", "typ": "JWT"}, claims, nothing)},
		{name: "another key", token: signed(head, claims, ours)},
		{name: "another key in the head", token: signed(with(head, "jwk", jwk), claims, ours)},
		{name: "HS256 with the public key", token: signed(with(head, "alg", "HS256"), claims, byKey(raw))},
		{name: "HS256 with the key set", token: signed(with(head, "alg", "HS256"), claims, byKey(set))},
		{name: "kid of a file", token: signed(with(head, "kid", "../../dev/null"), claims, ours)},
		{name: "another issuer", token: signed(head, with(claims, "iss", "https://evil.example"), ours)},
		{name: "over, and signed anew", token: signed(head, with(claims, "exp", now-3600), ours)},
		{name: "another subject", token: parts[0] + "." + part(with(claims, "sub", "demo-operator")) + "." + parts[2]},
		{name: "a longer life", token: parts[0] + "." + part(with(claims, "exp", now+1<<30)) + "." + parts[2]},
		{name: "no signature", token: parts[0] + "." + parts[1] + "."},
	}, nil
}

// part is a part of a token.
func part(v m) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}
