package handlers

import "xinyi/models"

// An Action is what a route does, in the field's words: "medical.bills.pay".
type Action string

// Permissions is the whole table of who may do what. A route names its action (May); an action that is not here
// cannot be routed, a row no route uses fails a test, and the documentation page shows the table as it stands.
// Scope comes on top: a resident sees what is theirs, a partner's system its own organisation, staff their region.
var Permissions = map[Action][]models.Role{}
