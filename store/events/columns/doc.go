// Package columns packs the values of one column of a block, and reads them
// back: integers and decimals as byte planes, texts as a dictionary, as forms
// with typed slots, or as they stand.
//
// It must never know files, names of fields or what a row is.
package columns
