package store

// Answers keeps what was answered to requests with an Idempotency-Key, until goneAt. Only its id is ever asked for.
var Answers = Collection{Name: "answers"}
