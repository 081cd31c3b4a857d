package host

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"
)

// tree is where the control groups of version 2 are mounted.
const tree = "sys/fs/cgroup"

// maxCgroupDepth bounds how deep folders are walked; Kubernetes with a nested
// runtime uses six.
const maxCgroupDepth = 12

// cgroups is what is remembered of control groups between two rounds.
type cgroups struct {
	devices map[string]string // names of block devices by major:minor
	names   containerNames
	skipped int // groups of this round beyond MaxCgroups
}

// cgroup is one folder of the tree.
type cgroup struct {
	id        string // path in the tree: / is all of it
	container string // id of the container, empty for slices and services
	pod       string // uid of its pod
}

// readCgroups tells containers, services and slices under cAdvisor's names.
func (r *Reader) readCgroups(emit Emit) {
	if !r.files.exists(tree + "/cgroup.controllers") {
		r.noteNoTree()
		return
	}
	if r.files.exists(tree + "/memory.current") { // which the root of the machine does not have
		r.note("Of control groups only this container's own can be seen: start it with --cgroupns=host, or mount the machine's root and name it with --host-root.")
	}
	groups := r.walkCgroups()
	if r.cg.skipped > 0 {
		r.note(fmt.Sprintf("Of %d control groups %d are not told: the bound is %d.", len(groups)+r.cg.skipped, r.cg.skipped, r.o.MaxCgroups))
	}
	r.cg.names.begin(&r.files)
	for _, g := range groups {
		r.tellCgroup(g, emit)
	}
	r.cg.names.end()
}

func (r *Reader) noteNoTree() {
	switch {
	case r.files.exists(tree + "/memory"):
		r.note("Metrics of containers and services need control groups of version 2, and this machine has version 1: boot it with systemd.unified_cgroup_hierarchy=1.")
	default:
		r.note("Metrics of containers and services need /sys/fs/cgroup, which cannot be seen" + r.under() + ".")
	}
}

// walkCgroups gives containers first, so that a bound is met by services.
func (r *Reader) walkCgroups() []cgroup {
	var containers, others []cgroup
	var walk func(id string, depth int)
	walk = func(id string, depth int) {
		g, deeper := classify(id)
		switch {
		case g.container != "":
			containers = append(containers, g)
		case told(id):
			others = append(others, g)
		}
		if !deeper || depth == maxCgroupDepth || len(containers)+len(others) >= 10*r.o.MaxCgroups {
			return
		}
		entries, err := os.ReadDir(r.path(tree + id))
		if err != nil {
			return // it went away
		}
		for _, e := range entries {
			if e.IsDir() {
				walk(path.Join(id, e.Name()), depth+1)
			}
		}
	}
	walk("/", 0)
	all := append(containers, others...)
	r.cg.skipped = max(0, len(all)-r.o.MaxCgroups)
	return all[:len(all)-r.cg.skipped]
}

var (
	// container ends in its id: docker-ID.scope, cri-containerd-ID.scope,
	// crio-ID.scope, libpod-ID.scope, or just ID where the runtime and not
	// systemd makes the folder.
	container = regexp.MustCompile(`(?:^|-)([0-9a-f]{64})(?:\.scope)?$`)
	podUID    = regexp.MustCompile(`pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?$`)
)

// classify says what a folder stands for, and whether there is more to see in
// it: what is inside a container is the container's.
func classify(id string) (cgroup, bool) {
	g := cgroup{id: id}
	base := path.Base(id)
	if m := container.FindStringSubmatch(base); m != nil && !strings.Contains(base, "conmon") {
		g.container = m[1]
		for part := range strings.SplitSeq(path.Dir(id), "/") {
			if m := podUID.FindStringSubmatch(part); m != nil {
				g.pod = strings.ReplaceAll(m[1], "_", "-")
			}
		}
		return g, false
	}
	return g, !strings.HasSuffix(base, ".service") || strings.HasPrefix(base, "user@") || strings.HasPrefix(base, "docker") || strings.HasPrefix(base, "k3s")
}

// told leaves out what comes and goes with each login and each mount.
func told(id string) bool {
	base := path.Base(id)
	switch {
	case id == "/":
		return true
	case strings.Contains(id, "/user@") && strings.Count(id, "/") > 3, strings.Contains(base, "conmon"):
		return false
	}
	switch path.Ext(base) {
	case ".service", ".slice":
		return true
	case ".scope":
		return !strings.HasPrefix(base, "session-") && base != "init.scope"
	case ".mount", ".swap", ".socket", ".partition":
		return false
	}
	return strings.Count(id, "/") <= 2 // a runtime's own folder
}
