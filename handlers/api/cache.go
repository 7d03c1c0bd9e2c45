package api

import (
	"sync"
)

// Cache keeps the most recently added values, between max and twice that. The zero cache is empty.
type Cache[K comparable, V any] struct {
	mu         sync.RWMutex
	fresh, old map[K]V
}

// Get is the value kept for a key, and whether there is one.
func (c *Cache[K, V]) Get(k K) (V, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	v, ok := c.fresh[k]
	if !ok {
		v, ok = c.old[k]
	}
	return v, ok
}

// Put keeps a value.
func (c *Cache[K, V]) Put(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fresh == nil || len(c.fresh) >= maxTokens {
		c.fresh, c.old = map[K]V{}, c.fresh
	}
	c.fresh[k] = v
}

// Remove forgets one key.
func (c *Cache[K, V]) Remove(k K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.fresh, k)
	delete(c.old, k)
}

// Drop forgets those keys that say so.
func (c *Cache[K, V]) Drop(gone func(K, V) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range []map[K]V{c.fresh, c.old} {
		for k, v := range m {
			if gone(k, v) {
				delete(m, k)
			}
		}
	}
}
