package store

// Seeds remembers which seeds were taken.
var Seeds = Collection{Name: "seeds"}
