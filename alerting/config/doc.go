// Package config reads Alertmanager's configuration: the same YAML, unchanged,
// in a file of its own or among the keys of tripod.yaml.
//
// It must never know how alerts are routed or delivered; it says what is
// written, where it is wrong, and what of it has no effect here.
//
// Matchers, time intervals and inhibition rules are read by Alertmanager's own
// packages. Its package config is not used: it brings the SDKs of every
// notifier, and its errors have no lines. The tests hold this package against it.
package config
