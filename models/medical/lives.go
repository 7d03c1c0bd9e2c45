package medical

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw("agreement", agreementMoves),
		models.Draw("bill", billMoves),
		models.Draw("check", checkMoves),
		models.Draw("conduct", conductMoves),
		models.Draw("encounter", encounterMoves),
	}
}
