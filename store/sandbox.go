package store

// Sandbox keeps the clock of a sandbox.
var Sandbox = Collection{Name: "sandbox"}
