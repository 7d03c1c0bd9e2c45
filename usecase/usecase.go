// Package usecase is where capabilities meet: acts that write more than one document, and facts of several capabilities put
// together so that a model can decide. Handlers and flows may both call it; it knows no request, no event and no view.
//
// A use case embeds the repos of its capability and holds what else it reads. There are no transactions: it writes the document
// that reserves first, every reservation expires by itself, and every act may run again.
package usecase
