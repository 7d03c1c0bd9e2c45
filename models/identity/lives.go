package identity

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw("client", clientMoves),
		models.Draw("code", codeMoves),
		models.Draw("mandate", mandateMoves),
		models.Draw("person", personMoves),
		models.Draw("representative", representativeMoves),
		models.Draw("session", sessionMoves),
	}
}
