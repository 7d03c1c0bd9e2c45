package practice

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw[*Case]("case", acts),
		models.Draw[*Round]("round", roundActs),
	}
}
