package traceql

import (
	"slices"
	"strconv"
)

// Bounds of a query.
const (
	maxQuery = 16 << 10
	maxParts = 1000 // operators, operands, stages and names
	maxDepth = 64   // of parentheses and signs in one another
)

// Parse reads a query. Errors are *store.QueryError.
func Parse(text string) (*Query, error) {
	p := &parser{lexer: lexer{text: text}}
	if len(text) > maxQuery {
		return nil, p.fail(maxQuery, len(text), "query is longer than 16 KiB", "")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokenEnd {
		return nil, p.wrong("a query begins with a spanset", `as in {status = error}`)
	}
	q := &Query{}
	if err := p.query(q); err != nil {
		return nil, err
	}
	if p.tok.kind != tokenEnd {
		return nil, p.wrong("the query should end here", "stages are joined by |")
	}
	return q, nil
}

type parser struct {
	lexer
	tok   token
	depth int
	parts int
}

// advance reads the next token.
func (p *parser) advance() (err error) {
	p.tok, err = p.next()
	return err
}

// wrong says what is wrong with the token here.
func (p *parser) wrong(msg, hint string) error {
	return p.fail(p.tok.start, p.tok.end, msg, hint)
}

func (p *parser) take(op string) (bool, error) {
	if !p.tok.is(op) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) need(op, where string) error {
	if !p.tok.is(op) {
		return p.wrong(strconv.Quote(op)+" is missing"+where, "")
	}
	return p.advance()
}

// word says whether a name stands here.
func (p *parser) word(name string) bool { return p.tok.kind == tokenName && p.tok.text == name }

// count bounds the parts of a query.
func (p *parser) count() error {
	if p.parts++; p.parts > maxParts {
		return p.wrong("more than 1,000 parts", "")
	}
	return nil
}

// deeper bounds the nesting; the caller calls the answer when it goes up.
func (p *parser) deeper() (up func(), err error) {
	if p.depth++; p.depth > maxDepth {
		err = p.wrong("too deeply nested", "")
	}
	return func() { p.depth-- }, err
}

func (p *parser) query(q *Query) (err error) {
	for {
		if len(q.Stages) > 0 && p.tok.kind == tokenName && slices.Contains(metricFns, p.tok.text) {
			if q.Metrics, err = p.metrics(); err != nil {
				return err
			}
			break
		}
		s, err := p.stage()
		if err != nil {
			return err
		}
		q.Stages = append(q.Stages, s)
		more, err := p.take("|")
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	if p.word("with") {
		q.Hints, err = p.hints()
	}
	return err
}
