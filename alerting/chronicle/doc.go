// Package chronicle keeps what was decided and done about alerts, step by
// step, so that "why was I, or was I not, paged?" has an answer weeks later.
//
// It must never decide anything, nor know rules, receivers or HTTP: steps come
// to it, and are read as episodes of one alert each. FORMAT.md describes its file.
package chronicle
