package medical

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw[*Agreement]("agreement", agreementActs),
		models.Draw[*Bill]("bill", billActs),
		models.Draw[*Check]("check", checkActs),
		models.Draw[*Conduct]("conduct", conductActs),
		models.Draw[*Encounter]("encounter", encounterActs),
	}
}
