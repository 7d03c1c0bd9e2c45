package casework

import "xinyi/models"

// Desks are the credit offices that take cases, by region; "" is the office of last resort.
type Desks map[models.Region]string

// StandardDesks are those of the demo city. Configuration.
var StandardDesks = Desks{"": "office-credit-changsha", "430181": "office-credit-liuyang"}

// Of is the office of the narrowest region that has one and contains r.
func (d Desks) Of(r models.Region) string {
	for n := len(r); n > 0; n-- {
		if desk, ok := d[r[:n]]; ok {
			return desk
		}
	}
	return d[""]
}

// Above is the office that answers for another: that of the next wider region, the office of last resort for the widest.
func (d Desks) Above(desk string) string {
	above := d[""]
	for r, office := range d {
		if office == desk && r != "" {
			if next := d.Of(r.Parent()); next != desk {
				above = next
			}
		}
	}
	return above
}
