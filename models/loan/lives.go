package loan

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw("application", moves),
		models.Draw("list", listMoves),
		models.Draw("loan", standings),
		models.Draw("product", productMoves),
	}
}
