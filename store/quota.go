package store

// Quotas keeps what each person has made of each kind on each day, until goneAt. Only its id is ever asked for.
var Quotas = Collection{Name: "quotas"}
