package traffic

import "fmt"

// The people are animals, their addresses at example.com, and their passwords
// nobody's.
var people = [users]struct{ first, second, zone string }{
	{"Quick", "Fox", "Europe/Stockholm"}, {"Quiet", "Otter", "America/New_York"}, {"Morning", "Lark", "UTC"},
	{"Patient", "Heron", "Asia/Tokyo"}, {"Busy", "Beaver", "Europe/Berlin"}, {"Bright", "Magpie", "America/Los_Angeles"},
	{"Calm", "Tortoise", "UTC"}, {"Early", "Robin", "Europe/London"}, {"Steady", "Badger", "Asia/Kolkata"},
	{"Curious", "Raccoon", "Australia/Sydney"}, {"Gentle", "Moose", "Europe/Oslo"}, {"Late", "Owl", "America/Sao_Paulo"},
}

// generations bounds the accounts that the demo ever makes; after the last one
// comes the first again.
const generations = 8

func name(user int) string { return people[user].first + " " + people[user].second }

func email(user, generation int) string {
	return fmt.Sprintf("%s-%s-%d@example.com", lower(people[user].first), lower(people[user].second), generation%generations)
}

func lower(s string) string { return string(s[0]|0x20) + s[1:] }

const password = "demo demo demo"

var (
	verbs  = []string{"Water", "Plan", "Book", "Pay", "Clean", "Call about", "Repair", "Order", "Read about", "Return", "Sort", "Check"}
	things = []string{"the plants", "the week", "a train", "the rent", "the kitchen", "the bicycle", "the lamp", "new filters",
		"the library book", "the photos", "the tyre pressure", "the balcony", "the tax papers", "a birthday present"}
	words      = []string{"train", "week", "the", "book", "lamp", "nothing like this"}
	repeats    = []string{"none", "none", "none", "none", "none", "daily", "weekdays", "weekly", "monthly"}
	priorities = []string{"low", "normal", "normal", "normal", "high"}
	lists      = []string{"", "open", "today", "overdue", "upcoming", "done"}
)
