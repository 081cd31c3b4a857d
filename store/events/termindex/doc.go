// Package termindex is the offline-built index beside a sealed part: which of
// its blocks have a word in a message pattern, or a value in a field. It knows
// neither events nor what a token is, and never holds the only copy of
// anything.
package termindex
