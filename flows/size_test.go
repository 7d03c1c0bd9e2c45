package flows

// Sized is f with so many households in a part.
func Sized(f Farmer, n int) Farmer { f.size = n; return f }

// Sized has so many entries in a part.
func (f VillageClose) Sized(n int) VillageClose { f.size = n; return f }
