package rule

import "sync"

// cached bounds how many programs a Cache holds.
const cached = 500

// A Cache keeps compiled rules by their hash. The zero Cache is empty and ready.
type Cache struct {
	mu       sync.Mutex
	programs map[string]*Program
}

// Program is the compiled rule. Errors: those of Compile.
func (c *Cache) Program(r Rule) (*Program, error) {
	hash := r.Hash()
	c.mu.Lock()
	p := c.programs[hash]
	c.mu.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := Compile(r)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.programs == nil || len(c.programs) >= cached {
		c.programs = map[string]*Program{}
	}
	c.programs[hash] = p
	return p, nil
}
