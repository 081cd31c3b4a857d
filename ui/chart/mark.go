package chart

import "github.com/a-h/templ"

// class is that of a mark at a share of the width: at the right end its words
// stand at the left of it.
func (m Mark) class(at float64) string {
	c := "anno"
	if m.Class != "" {
		c += " " + m.Class
	}
	if m.Low {
		c += " low"
	}
	if at > 0.85 {
		c += " left"
	}
	return c
}

func (m Mark) attrs() templ.Attributes {
	if m.Title == "" {
		return nil
	}
	return templ.Attributes{"title": m.Title}
}
