package models

import "slices"

// An Act is one thing that may happen to a document: from any of some states to one of others.
//
//	models.From(Active).To(Suspended).By("Suspend", models.CountyHealth)
//
// is one of an agreement: its method Suspend, which a county's health office may call.
type Act[S ~string] struct {
	name     string
	from, to []S
	who      []Role
	second   bool
}

// Acts declare the life of a document, each act once. What is not declared does not happen: Move refuses it.
type Acts[S ~string] []Act[S]

// From begins an act.
func From[S ~string](states ...S) Act[S] { return Act[S]{from: states} }

// To says where it may lead; also to where it came from, when staying is a move of its own.
func (a Act[S]) To(states ...S) Act[S] { a.to = states; return a }

// By names it, and who may: roles, and System for what the clock and events bring.
func (a Act[S]) By(name string, who ...Role) Act[S] { a.name, a.who = name, who; return a }

// Another is By for an act that is not for those who made what it decides about.
func (a Act[S]) Another(name string, who ...Role) Act[S] { a.second = true; return a.By(name, who...) }

// Machine is where a document may go from each state, whoever moves it. A state that nothing leaves is a final one.
func (all Acts[S]) Machine() Machine[S] {
	m := make(Machine[S])
	for _, a := range all {
		for _, to := range a.to {
			if _, known := m[to]; !known {
				m[to] = nil
			}
		}
		for _, from := range a.from {
			for _, to := range a.to {
				if !slices.Contains(m[from], to) {
					m[from] = append(m[from], to)
				}
			}
		}
	}
	return m
}
