// Package rulebook is about rules that people make on the page: what
// one is, what can be wrong with it, and the Prometheus file of all of them.
//
// It must never know where rules are kept, nor how they are evaluated.
package rulebook
