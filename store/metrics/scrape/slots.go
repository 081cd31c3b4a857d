package scrape

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"
)

// A process that wakes for one small scrape does four times the work of one
// that does twenty in a row: timers, threads, sleeping connections and a cold
// cache cost more than the scrape. promscrape gives each target a moment of its
// own; here the static targets of a job share some moments, a few seconds
// apart, few enough in each that neither memory nor a link is strained.
// promscrape has the moment as an offset of a job, therefore each slot becomes
// a job of its own, under a name that nobody sees. Discovered targets keep
// their own moments: a job for each slot would ask for them as many times.
const (
	slotWidth  = 5 * time.Second
	slotFilled = 32 // targets of a job at most, about; then there are twice as many slots
)

// slotMark parts the name of a job from the number of its slot.
const slotMark = "\x1f"

// jobOf is the user's name of a job.
func jobOf(pool string) string {
	name, _, _ := strings.Cut(pool, slotMark)
	return name
}

// share gives the jobs of a checked configuration their slots. A job is left
// alone that says itself when it is scraped, or uses anchors.
func share(doc *yaml.Node) {
	if len(doc.Content) == 0 {
		return
	}
	jobs := field(doc.Content[0], "scrape_configs")
	if jobs == nil || jobs.Kind != yaml.SequenceNode {
		return
	}
	var out []*yaml.Node
	for _, job := range jobs.Content {
		out = append(out, slots(job, interval(job, field(doc.Content[0], "global")))...)
	}
	jobs.Content = out
}

// interval is 0 when it is written in a way that only promscrape knows.
func interval(job, global *yaml.Node) time.Duration {
	for _, n := range []*yaml.Node{field(job, "scrape_interval"), field(global, "scrape_interval")} {
		if n != nil {
			d, err := model.ParseDuration(n.Value)
			if err != nil {
				return 0
			}
			return time.Duration(d)
		}
	}
	return time.Minute
}

func slots(job *yaml.Node, every time.Duration) []*yaml.Node {
	name, groups := field(job, "job_name"), field(job, "static_configs")
	if name == nil || groups == nil || groups.Kind != yaml.SequenceNode || every <= 0 || anchored(job) ||
		field(job, "scrape_offset") != nil || field(job, "scrape_align_interval") != nil {
		return []*yaml.Node{job}
	}
	n := int(max(1, every/slotWidth))
	for count(groups) > n*slotFilled {
		n *= 2
	}
	var out []*yaml.Node
	found := discoveries(job)
	if len(found) > 0 {
		out = append(out, without(job, "static_configs"))
	}
	for slot := range n {
		if mine := inSlot(groups, name.Value, slot, n); len(mine.Content) > 0 {
			part := without(job, append(found, "static_configs", "job_name")...)
			put(part, "job_name", name.Value+slotMark+strconv.Itoa(slot))
			put(part, "scrape_offset", (every * time.Duration(2*slot+1) / time.Duration(2*n)).Round(time.Millisecond).String())
			part.Content = append(part.Content, scalar("static_configs"), mine)
			out = append(out, part)
		}
	}
	return out
}

func count(groups *yaml.Node) int {
	n := 0
	for _, g := range groups.Content {
		if targets := field(g, "targets"); targets != nil {
			n += len(targets.Content)
		}
	}
	return n
}

// discoveries are the keys of a job under which it looks for targets.
func discoveries(job *yaml.Node) (keys []string) {
	for i := 0; i+1 < len(job.Content); i += 2 {
		if k := job.Content[i].Value; k == "vultr_configs" || strings.HasSuffix(k, "_sd_configs") {
			keys = append(keys, k)
		}
	}
	return keys
}

func anchored(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return true
	}
	for _, in := range n.Content {
		if anchored(in) {
			return true
		}
	}
	return false
}

// without is a mapping without some keys; the values are shared.
func without(n *yaml.Node, keys ...string) *yaml.Node {
	out := *n
	out.Content = append([]*yaml.Node(nil), n.Content...)
	for _, key := range keys {
		remove(&out, key)
	}
	return &out
}

// inSlot are the groups with those targets only that belong to a slot of n,
// and with the label job, which promscrape would make of the job's name.
func inSlot(groups *yaml.Node, job string, slot, n int) *yaml.Node {
	out := &yaml.Node{Kind: yaml.SequenceNode}
	for _, g := range groups.Content {
		targets, ls := field(g, "targets"), field(g, "labels")
		if targets == nil || targets.Kind != yaml.SequenceNode {
			continue
		}
		mine := &yaml.Node{Kind: yaml.SequenceNode}
		for _, t := range targets.Content {
			if slotOf(n, job, t.Value, ls) == slot {
				mine.Content = append(mine.Content, t)
			}
		}
		if len(mine.Content) == 0 {
			continue
		}
		if ls == nil || ls.Kind != yaml.MappingNode {
			ls = &yaml.Node{Kind: yaml.MappingNode}
		}
		if field(ls, "job") == nil {
			ls = without(ls)
			put(ls, "job", job)
		}
		part := without(g, "targets", "labels")
		part.Content = append(part.Content, scalar("targets"), mine, scalar("labels"), ls)
		out.Content = append(out.Content, part)
	}
	return out
}

// slotOf stays what it is when other targets come and go. When there are twice
// as many slots, a target is in one half of the slot that it had: its moment
// moves by a quarter of the former slot's width.
func slotOf(n int, job, target string, ls *yaml.Node) int {
	h := fnv.New64a()
	write := func(s string) {
		h.Write(binary.AppendUvarint(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	write(job)
	write(target)
	if ls != nil {
		for _, l := range ls.Content {
			write(l.Value)
		}
	}
	return int(float64(mix(h.Sum64())) / math.MaxUint64 * float64(n) * (1 - 1e-12))
}

// mix spreads the difference of two similar texts over all bits (splitmix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
