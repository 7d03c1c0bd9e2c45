package award

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw[*Nomination]("nomination", acts),
		models.Draw[*Award]("award", awardActs),
		models.Draw[*Ballot]("ballot", ballotActs),
		models.Draw[*Measure]("measure", measureActs),
		models.Draw[*Programme]("programme", programmeActs),
	}
}
