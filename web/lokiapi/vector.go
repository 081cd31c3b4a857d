package lokiapi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// maxConstant bounds the text of constant arithmetic.
const maxConstant = 256

// constantVector computes arithmetic of vector(number): Go's own parser knows
// the same precedence and parentheses.
func constantVector(text string) (float64, bool) {
	if len(text) > maxConstant || !strings.Contains(text, "vector") {
		return 0, false
	}
	e, err := parser.ParseExpr(text)
	if err != nil {
		return 0, false
	}
	return constant(e)
}

func constant(e ast.Expr) (float64, bool) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return constant(e.X)
	case *ast.BasicLit:
		f, err := strconv.ParseFloat(e.Value, 64)
		return f, err == nil
	case *ast.UnaryExpr:
		v, ok := constant(e.X)
		if e.Op == token.SUB {
			v = -v
		}
		return v, ok && (e.Op == token.SUB || e.Op == token.ADD)
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.Ident); !ok || f.Name != "vector" || len(e.Args) != 1 {
			return 0, false
		}
		return constant(e.Args[0])
	case *ast.BinaryExpr:
		x, okX := constant(e.X)
		y, okY := constant(e.Y)
		if !okX || !okY {
			return 0, false
		}
		switch e.Op {
		case token.ADD:
			return x + y, true
		case token.SUB:
			return x - y, true
		case token.MUL:
			return x * y, true
		case token.QUO:
			return x / y, true
		case token.REM:
			return math.Mod(x, y), true
		}
	}
	return 0, false
}

// writeVector answers with one point; at is Unix nanoseconds.
func writeVector(w http.ResponseWriter, at int64, v float64) {
	type point struct {
		Metric struct{} `json:"metric"`
		Value  [2]any   `json:"value"`
	}
	writeData(w, struct {
		ResultType string   `json:"resultType"`
		Result     []point  `json:"result"`
		Stats      struct{} `json:"stats"`
	}{"vector", []point{{Value: [2]any{float64(at/1e6) / 1e3, formatFloat(v)}}}, struct{}{}})
}

// formatFloat writes numbers as Prometheus does: NaN, +Inf, 0.1.
func formatFloat(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
