// Package appliance makes one process of all the rooms: it reads the
// configuration, opens every engine, binds every listener, lets every door
// meet its engine, and gives the whole a life: New, Run, Close.
//
// It is the only package that knows everyone, and nothing may know it but
// cmd/tripod.
package appliance
