package dashboard

import (
	"maps"
	"slices"
	"strconv"
)

func keyOf(id int, vars map[string]string) string {
	key := strconv.Itoa(id)
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		key += "-" + vars[name]
	}
	return key
}

// settleScoped is Settle of panels that were repeated.
func settleScoped(all []Scoped) {
	byKey := make(map[int]Scoped, len(all))
	panels := make([]Panel, len(all))
	for i := range all {
		panels[i] = all[i].Panel
		panels[i].ID = i // finds the copy again
		byKey[i] = all[i]
	}
	for i, p := range Settle(panels) {
		one := byKey[p.ID]
		one.Place = p.Place
		all[i] = one
	}
}

// Narrow is the scope of one copy: repeated variables stand for its own value.
func (s Scope) Narrow(vars map[string]string) Scope {
	if len(vars) == 0 {
		return s
	}
	s.Vars = maps.Clone(s.Vars)
	for name, v := range vars {
		s.Vars[name] = Chosen{Values: []string{v}, Many: s.Vars[name].Many}
	}
	return s
}
