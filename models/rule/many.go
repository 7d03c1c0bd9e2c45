package rule

import (
	"fmt"
	"strconv"

	"xinyi/models"
)

// maxSaid bounds what a Many remembers of one clause.
const maxSaid = 100_000

// A Many decides on very many people by one rule: it remembers how each clause came out on the facts it asks, since people are
// alike in most. It is for one goroutine.
type Many struct {
	p    *Program
	said []map[string]string // by clause: facts to outcome
	key  []byte
}

// Many starts a count by the rule.
func (p *Program) Many() *Many {
	m := &Many{p: p, said: make([]map[string]string, len(p.clauses))}
	for i := range m.said {
		m.said[i] = map[string]string{}
	}
	return m
}

// Outcome is how the rule comes out on facts, as Eval says. Errors: those of Eval.
func (m *Many) Outcome(facts map[string]any) (string, error) {
	var fault error
	out := over(m.p.clauses, func(i int) string {
		o, err := m.clause(i, facts)
		if err != nil && fault == nil {
			fault = err
		}
		return o
	})
	return out, fault
}

func (m *Many) clause(i int, facts map[string]any) (string, error) {
	c := &m.p.clauses[i]
	m.key = m.key[:0]
	for _, name := range c.expr.names {
		m.key = appendFact(m.key, facts[name])
	}
	if o, known := m.said[i][string(m.key)]; known {
		return o, nil
	}
	known, missing, err := m.p.bind(facts)
	if err != nil {
		return "", models.E(models.Internal, "rule.fact", err)
	}
	input, err := activation(known, missing)
	if err != nil {
		return "", models.E(models.Internal, "rule.failed", err)
	}
	o, err := c.outcome(input, missing)
	if err != nil {
		return "", models.E(models.Internal, "rule.failed", fmt.Errorf("%s of %s: %w", c.ID, m.p.rule.ID, err))
	}
	if len(m.said[i]) >= maxSaid {
		clear(m.said[i])
	}
	m.said[i][string(m.key)] = o
	return o, nil
}

// appendFact writes a fact so that different ones are written differently.
func appendFact(key []byte, v any) []byte {
	switch x := v.(type) {
	case nil:
		key = append(key, '?')
	case int:
		key = strconv.AppendInt(append(key, 'i'), int64(x), 10)
	case int64:
		key = strconv.AppendInt(append(key, 'i'), x, 10)
	case bool:
		key = strconv.AppendBool(key, x)
	case string:
		key = append(strconv.AppendInt(append(key, 's'), int64(len(x)), 10), x...)
	case models.Day:
		key = append(strconv.AppendInt(append(key, 's'), int64(len(x)), 10), x...)
	case []string:
		key = strconv.AppendInt(append(key, 'l'), int64(len(x)), 10)
		for _, s := range x {
			key = append(strconv.AppendInt(append(key, 's'), int64(len(s)), 10), s...)
		}
	default:
		key = fmt.Appendf(key, "%T%v", v, v)
	}
	return append(key, 0)
}
