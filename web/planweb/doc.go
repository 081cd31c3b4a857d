// Package planweb is planner-web: the pages of the planner, which ask
// planner-api for everything over HTTP.
//
// It must never know how tasks are stored, nor how it is being observed.
package planweb
