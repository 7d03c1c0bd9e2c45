package organisation

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw[*Organisation]("organisation", acts),
		models.Draw[*Appointment]("appointment", appointmentActs),
	}
}
