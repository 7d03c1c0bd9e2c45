package benefit

import (
	"slices"
	"strconv"
	"time"

	"xinyi/models"
)

// A Share is a numbered part of a quota: places, and who has them. Nobody ever has one that is not in a share, so a quota cannot
// be oversold; and each place knows when to look after a claim that never came, so none is lost. Its id is
// "<offer>/<span>/<no>", and span is a day, or Whole for the total.
type Share struct {
	models.Meta `bson:",inline"`

	Offer  string  `bson:"offer"`
	Span   string  `bson:"span"`
	Key    string  `bson:"key"` // offer/span
	No     int     `bson:"no"`
	Size   int     `bson:"size"`
	Places []Place `bson:"places,omitempty"`
	Full   bool    `bson:"full"`
}

// Whole is the span of a total quota.
const Whole = "total"

// A Place is one claim's.
type Place struct {
	Claim  string     `bson:"claim"`
	Until  *time.Time `bson:"until,omitempty"`  // held: when its claim is to be looked at. nil: taken
	Vacant bool       `bson:"vacant,omitempty"` // given back, and kept for who waits first
}

// ShareKey names a span of an offer.
func ShareKey(offer, span string) string { return offer + "/" + span }

// ShareID names a share.
func ShareID(offer, span string, no int) string {
	return ShareKey(offer, span) + "/" + strconv.Itoa(no)
}

// Sizes splits a quota into shares.
func Sizes(quota, share int) []int {
	var all []int
	for quota > 0 {
		all = append(all, min(quota, share))
		quota -= share
	}
	return all
}

// NewShare makes a share.
func NewShare(offer, span string, no, size int) *Share {
	s := &Share{Meta: models.Meta{ID: ShareID(offer, span, no)}, Offer: offer, Span: span, Key: ShareKey(offer, span), No: no, Size: size,
		Full: size == 0}
	if span != Whole {
		s.GoneAt = models.At(models.Day(span).Add(keptDays).Start())
	}
	return s
}

// keptDays is how long the places of a day are kept: longer than anything of it can be given back.
const keptDays = 40

// Resize changes how many places there are; who has one keeps it. It says whether anything changed.
func (s *Share) Resize(size int) bool {
	if s.Size == size {
		return false
	}
	s.Size = size
	s.settle()
	return true
}

func (s *Share) settle() {
	s.Full = len(s.Places) >= s.Size
	s.WakeAt = nil
	for _, p := range s.Places {
		s.WakeAt = models.Earliest(s.WakeAt, p.Until)
	}
}

func (s *Share) at(claim string) int {
	return slices.IndexFunc(s.Places, func(p Place) bool { return p.Claim == claim })
}

// Reserve keeps a place for a claim until a time. It may be called again. Errors: Conflict "benefit.full".
func (s *Share) Reserve(claim string, until time.Time) error {
	if s.at(claim) >= 0 {
		return nil
	}
	if len(s.Places) >= s.Size {
		return models.E(models.Conflict, "benefit.full")
	}
	s.Places = append(s.Places, Place{Claim: claim, Until: models.At(until)})
	s.settle()
	return nil
}

// Take makes a held place the claim's for good. It says whether anything changed. Errors: Internal when the claim has no place.
func (s *Share) Take(claim string) (bool, error) {
	i := s.at(claim)
	if i < 0 || s.Places[i].Vacant {
		return false, models.E(models.Internal, "benefit.no_place")
	}
	if s.Places[i].Until == nil {
		return false, nil
	}
	s.Places[i].Until = nil
	s.settle()
	return true, nil
}

// Vacate gives a place back: for who waits first when waiting, else to all. It says whether anything changed.
func (s *Share) Vacate(claim string, waiting bool, now time.Time) bool {
	i := s.at(claim)
	if i < 0 || s.Places[i].Vacant {
		return false
	}
	if !waiting {
		s.drop(i)
		return true
	}
	s.Places[i].Vacant, s.Places[i].Until = true, nil
	s.Publish(EventVacated.Of(PlaceData{Offer: s.Offer, Claim: claim}), "", models.Clockwork, now)
	s.settle()
	return true
}

func (s *Share) drop(i int) {
	s.Places = slices.Delete(s.Places, i, i+1)
	s.settle()
}

// Has says whether a claim has a place here.
func (s *Share) Has(claim string) bool {
	i := s.at(claim)
	return i >= 0 && !s.Places[i].Vacant
}

// Kept says whether a claim's place was given back and waits for somebody.
func (s *Share) Kept(claim string) bool {
	i := s.at(claim)
	return i >= 0 && s.Places[i].Vacant
}

// Pass gives a vacant place to another claim, held until a time. It says whether it did: a claim never gets two.
func (s *Share) Pass(old, claim string, until time.Time) bool {
	if s.at(claim) >= 0 {
		return false
	}
	i := s.at(old)
	if i < 0 || !s.Places[i].Vacant {
		return false
	}
	s.Places[i] = Place{Claim: claim, Until: models.At(until)}
	s.settle()
	return true
}

// Open gives a vacant place to all. It says whether it did.
func (s *Share) Open(old string) bool {
	i := s.at(old)
	if i < 0 || !s.Places[i].Vacant {
		return false
	}
	s.drop(i)
	return true
}

// Wake has the claims of held places looked at whose time is over; a place is given up only when its claim is known not to be
// there. It is asked again later, should the answer be lost.
func (s *Share) Wake(now time.Time) error {
	for i, p := range s.Places {
		if p.Until == nil || p.Until.After(now) {
			continue
		}
		s.Places[i].Until = models.At(now.Add(time.Hour))
		s.Publish(EventDoubtful.Of(PlaceData{Offer: s.Offer, Claim: p.Claim}), "", models.Clockwork, now)
	}
	s.settle()
	return nil
}
