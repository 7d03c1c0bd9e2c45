package uscc

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw("ticket", moves),
		models.Draw("scan", scanMoves),
	}
}
