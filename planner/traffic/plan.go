package traffic

import (
	"math"
	"math/rand/v2"
	"time"
)

// users is how many people use the demo at once.
const users = 12

// action is one thing that a person does.
type action uint8

const (
	view     action = iota // the page
	list                   // one of the lists
	search                 // a word in all tasks
	create                 // a task
	complete               // a task
	streak                 // the calendar
	me                     // the profile
	edit                   // a task
	tidy                   // old tasks away
	relogin                // out and in again
	renew                  // the account closed, another made
	blunder                // a task without a title: refused
	stray                  // a task that never was: not found
	actions
)

// weights are per mille.
var weights = [actions]int{view: 190, list: 240, search: 50, create: 185, complete: 150, streak: 55, me: 30,
	edit: 25, tidy: 50, relogin: 6, renew: 4, blunder: 8, stray: 7}

// step is what happens next, and how long after the step before.
type step struct {
	pause  time.Duration
	user   int
	action action
	dice   uint64 // for the details
	wait   bool   // until the user has finished what came before; otherwise the step is left out
}

// opening shows something on every screen within the first second.
var opening = []action{view, create, list, complete, create, streak, create, complete}

const openingPause = 60 * time.Millisecond

// plan is an endless sequence of steps; one seed makes one sequence.
type plan struct {
	rng  *rand.Rand
	rate float64 // steps per second, on average
	at   time.Duration
	n    int
}

func newPlan(seed uint64, rate float64) *plan {
	return &plan{rng: rand.New(rand.NewPCG(seed, 0x7269706f64)), rate: rate}
}

func (p *plan) next() step {
	s := step{dice: p.rng.Uint64()}
	if p.n < len(opening) {
		s.pause, s.action, s.user, s.wait = openingPause, opening[p.n], p.n%2, true
	} else {
		s.pause, s.action, s.user = p.pause(), p.pick(), p.who()
	}
	p.n++
	p.at += s.pause
	return s
}

// The day of the demo lasts four minutes, and its hours a tenth of that.
const (
	dayLength  = 4 * time.Minute
	hourLength = 23 * time.Second
	minPause   = 10 * time.Millisecond
	maxPause   = 1500 * time.Millisecond
)

// pause is exponential around a rate that swells and ebbs.
func (p *plan) pause() time.Duration {
	wave := 1 + 0.35*math.Sin(turn(p.at, dayLength)) + 0.15*math.Sin(turn(p.at, hourLength))
	d := time.Duration(p.rng.ExpFloat64() / (p.rate * wave) * float64(time.Second))
	return min(max(d, minPause), maxPause)
}

func turn(at, length time.Duration) float64 {
	return 2 * math.Pi * float64(at) / float64(length)
}

func (p *plan) pick() action {
	total := 0
	for _, w := range weights {
		total += w
	}
	r := p.rng.IntN(total)
	for a, w := range weights {
		if r -= w; r < 0 {
			return action(a)
		}
	}
	return view
}

// who comes from a crowd that gathers over the first two minutes, so that the
// start does not spend everybody's attempts to sign in.
func (p *plan) who() int {
	present := min(users, 3+int(p.at/(15*time.Second)))
	return p.rng.IntN(present)
}
