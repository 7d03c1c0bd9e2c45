// Package farmer is the credit file of farming households (农户信用档案): what a collector notes with a phone, what the household
// itself says, sees and corrects, what it scores, and whether it is a credit household (信用户). A file is a set of cells, each
// with its origin; forms say which cells there are. Nobody is filed without agreeing, and what is not told never counts against
// anybody.
package farmer

// Sections are the parts every file has a form for; a county may add others.
//
// Source: docs/sources.md#farmer-file.
const (
	Head       = "head"
	Members    = "members"
	Land       = "land"
	Production = "production"
	Housing    = "housing"
	Assets     = "assets"
	Income     = "income"
	Expense    = "expense"
	Debts      = "debts"
	Insurance  = "insurance"
	Honours    = "honours"
	Conduct    = "conduct"
	Venture    = "venture"
)

// The fields other parts of the program know by name.
const (
	HeadName   = Head + "/name"
	HeadNumber = Head + "/idNumber"
	FieldName  = "name"
	FieldID    = "idNumber"
)
