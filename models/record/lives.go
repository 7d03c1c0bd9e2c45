package record

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw[*Record]("record", acts),
	}
}
