package store

import "xinyi/models/webhook"

// Endpoints keeps where partners' systems hear of events.
var Endpoints = Collection{
	Name: "webhooks",
	Indexes: []Index{
		{Paths: []string{"client", "createdAt"}},
		{Paths: []string{"org", "state"}},
		{Paths: []string{"state", "createdAt"}},
	},
	Queries: map[string]Query{
		"EndpointsOf": EndpointsOf("hospital-1"), "EndpointsFor": EndpointsFor("org-1"), "EndpointsIn": EndpointsIn(webhook.Active),
	},
}

// EndpointsOf lists a client's endpoints, the oldest first. Index: client, createdAt.
func EndpointsOf(client string) Query { return Where("client", Eq, client).Asc("createdAt") }

// EndpointsFor lists the endpoints that hear of an organisation's events. Index: org, state.
func EndpointsFor(org string) Query { return Where("org", Eq, org).And("state", Eq, webhook.Active) }

// EndpointsIn lists the endpoints in a state, the oldest first. Index: state, createdAt.
func EndpointsIn(state webhook.State) Query { return Where("state", Eq, state).Asc("createdAt") }
