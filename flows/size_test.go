package flows

// Sized is f with so many households in a part.
func Sized(f Farmer, n int) Farmer { f.size = n; return f }
