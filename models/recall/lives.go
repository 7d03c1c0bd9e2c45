package recall

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw[*Use]("use", acts),
		models.Draw[*Call]("call", callActs),
	}
}
