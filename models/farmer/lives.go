package farmer

import "xinyi/models"

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw[*File]("file", acts),
		models.Draw[*Change]("change", changeActs),
		models.Draw[*Evaluation]("evaluation", evaluationActs),
		models.Draw[*Import]("import", importActs),
		models.Draw[*Run]("run", runActs),
		models.Draw[*Share]("share", shareActs),
	}
}
