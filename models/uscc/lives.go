package uscc

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw[*Ticket]("ticket", acts),
		models.Draw[*Scan]("scan", scanActs),
	}
}
