package asked

import (
	"errors"

	"github.com/prometheus/prometheus/promql/parser"
)

// Parser reads PromQL, and what stands in it in other languages.
func (l Languages) Parser(options parser.Options) parser.Parser {
	return both{parser.NewParser(options), l}
}

type both struct {
	parser.Parser
	languages Languages
}

func (p both) ParseExpr(text string) (parser.Expr, error) {
	expr, err := p.Parser.ParseExpr(text)
	if err == nil && p.languages.Mentions(text) {
		err = p.languages.faults(expr)
	}
	var faults parser.ParseErrors
	if errors.As(err, &faults) {
		for i := range faults {
			faults[i].Query = text // by which they tell line and column
		}
	}
	if err != nil {
		return nil, err
	}
	return expr, nil
}
