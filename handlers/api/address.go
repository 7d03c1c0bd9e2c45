package api

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// proxies are the networks whose X-Forwarded-For is believed.
type proxies []netip.Prefix

// proxiesOf reads addresses and networks; what is neither is left out, which the configuration has refused before.
func proxiesOf(texts []string) (all proxies) {
	for _, text := range texts {
		if p, err := netip.ParsePrefix(text); err == nil {
			all = append(all, p.Masked())
		} else if a, err := netip.ParseAddr(text); err == nil {
			a = a.Unmap()
			all = append(all, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	return all
}

func (p proxies) trust(a netip.Addr) bool {
	for _, network := range p {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// client is whoever a request comes from: the peer itself, or, while that is one of p, the address it says it was called from, the
// rightmost in X-Forwarded-For. Each proxy appends its caller's address, so what stands further left was written by the client. What is
// no address ends the walk at the last one known.
func (p proxies) client(peer netip.Addr, forwarded string) netip.Addr {
	at, hops := peer.Unmap(), strings.Split(forwarded, ",")
	for i := len(hops) - 1; i >= 0 && p.trust(at); i-- {
		hop, ok := hopOf(hops[i])
		if !ok {
			break
		}
		at = hop
	}
	return at
}

// hopOf reads an address with or without port and brackets.
func hopOf(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return a.Unmap().WithZone(""), err == nil
}

// networkOf names the network an address counts as: an IPv4 address itself, of IPv6 the /64, since one household has a whole one.
func networkOf(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// address is the network a request comes from. Rates, votes and logs all go by it.
func (r *Router) address(c *fiber.Ctx) string {
	peer, ok := netip.AddrFromSlice(c.Context().RemoteIP())
	if !ok {
		return "unknown"
	}
	lines := c.Request().Header.PeekAll(fiber.HeaderXForwardedFor)
	return networkOf(r.proxies.client(peer, string(bytes.Join(lines, []byte{','}))))
}
