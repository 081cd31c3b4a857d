// Package dashboard holds what a dashboard is: rows of panels on a grid, what
// each panel asks and how it shows the answer, and the variables of both; and
// its form as a file.
//
// It must never know who answers the questions, how an answer is drawn, or
// where dashboards are kept.
package dashboard
