package models

// Luhn is the check digit of digits (ISO/IEC 7812-1): one digit read out wrong, or two neighbours swapped but 09 and 90, is noticed.
func Luhn(digits string) string {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return string(rune('0' + (10-sum%10)%10))
}
