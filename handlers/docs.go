package handlers

func (r *Router) document() {}
