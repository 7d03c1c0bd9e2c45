package award

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw("nomination", moves),
		models.Draw("award", awardMoves),
		models.Draw("ballot", ballotMoves),
		models.Draw("measure", measureMoves),
		models.Draw("programme", stages),
	}
}
