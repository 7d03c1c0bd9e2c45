package handlers

type page struct{ document []byte }

func (r *Router) describe() error { return nil }
