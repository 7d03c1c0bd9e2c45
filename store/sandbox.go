package store

// Sandbox keeps the clock of a sandbox.
var Sandbox = Collection{Name: "sandbox"}

// SandboxOrders are those of a sandbox's payment channel.
var SandboxOrders = Collection{Name: "sandbox_orders"}
