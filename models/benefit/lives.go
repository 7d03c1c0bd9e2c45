package benefit

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw("claim", claimMoves),
		models.Draw("offer", offerMoves),
		models.Draw("sim", simMoves),
		models.Draw("wait", waitMoves),
	}
}
