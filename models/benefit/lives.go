package benefit

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw[*Claim]("claim", claimActs),
		models.Draw[*Offer]("offer", offerActs),
		models.Draw[*Simulation]("sim", simActs),
		models.Draw[*Wait]("wait", waitActs),
	}
}
