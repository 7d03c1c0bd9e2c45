package loan

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw[*Application]("application", acts),
		models.Draw[*List]("list", listActs),
		models.Draw[*Loan]("loan", loanActs),
		models.Draw[*Product]("product", productActs),
	}
}
