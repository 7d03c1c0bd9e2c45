// Package handlers is the HTTP door. A handler gathers: it decodes, asks who is there, calls one method of a model
// inside one store update, and shows a view. An "if" about credit belongs in models.
//
// router.go and the files beside it hold what all routes share; then comes one file per capability.
package handlers
