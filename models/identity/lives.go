package identity

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw[*Client]("client", clientActs),
		models.Draw[*Code]("code", codeActs),
		models.Draw[*Mandate]("mandate", mandateActs),
		models.Draw[*Person]("person", personActs),
		models.Draw[*Representative]("representative", representativeActs),
		models.Draw[*Session]("session", sessionActs),
	}
}
