package farmer

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw("file", moves),
		models.Draw("change", changeMoves),
		models.Draw("evaluation", steps),
		models.Draw("import", importMoves),
		models.Draw("run", runMoves),
		models.Draw("share", shareMoves),
	}
}
