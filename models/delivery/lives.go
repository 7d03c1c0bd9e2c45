package delivery

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw[*Delivery]("delivery", acts),
		models.Draw[*Device]("device", deviceActs),
	}
}
