// Package selfmade makes dashboards of what data there is: for services, the
// planner, hosts, containers, runtimes, and the appliance.
//
// It must never ask anybody: what there is, is given to it.
package selfmade
