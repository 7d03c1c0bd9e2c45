package api

// PurposeOr is the purpose the caller named, or the one the route is for.
func (rq Request) PurposeOr(purpose string) string {
	if rq.Purpose != "" {
		if rq.own != nil {
			*rq.own = purpose
		}
		return rq.Purpose
	}
	return purpose
}

// CaseOr is the case the caller named, or the document that is shown.
func (rq Request) CaseOr(id string) string {
	if rq.Case != "" {
		return rq.Case
	}
	return id
}
