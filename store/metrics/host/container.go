package host

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Where runtimes write what a container is called. Only root may read the
// first and the third; without them a container has the first 12 digits of its
// id for a name, as Docker shows it.
const (
	dockerFolder = "var/lib/docker/containers"
	criFolder    = "var/log/containers" // links POD_NAMESPACE_CONTAINER-ID.log
	podmanFile   = "var/lib/containers/storage/overlay-containers/containers.json"
	podsFolder   = "var/log/pods" // NAMESPACE_POD_UID
)

// askAgain is after how many rounds a container without a name is looked up
// again: the runtime writes it a moment after the control group.
const askAgain = 4

// containerNames are the labels of containers that are there.
type containerNames struct {
	files *files
	round int
	known map[string]*containerName
	cri   map[string][]string // of this round, by id; nil until asked for
	pods  map[string][]string // by uid
}

type containerName struct {
	labels []string
	sure   bool // found where a runtime wrote it
	seen   int  // round
}

func (n *containerNames) begin(f *files) {
	n.files, n.cri, n.pods = f, nil, nil
	n.round++
	if n.known == nil {
		n.known = map[string]*containerName{}
	}
}

// end forgets containers that are gone.
func (n *containerNames) end() {
	for id, c := range n.known {
		if c.seen != n.round {
			delete(n.known, id)
		}
	}
}

// of gives names and values of labels: name and image, and in Kubernetes
// container, pod and namespace.
func (n *containerNames) of(c cgroup) []string {
	k := n.known[c.container]
	if k == nil {
		k = &containerName{}
		n.known[c.container] = k
	}
	if k.labels == nil || !k.sure && n.round%askAgain == 0 {
		k.labels, k.sure = n.look(c)
	}
	k.seen = n.round
	return k.labels
}

func (n *containerNames) look(c cgroup) (labels []string, sure bool) {
	if b, ok := n.files.read(dockerFolder + "/" + c.container + "/config.v2.json"); ok {
		if ls := dockerLabels(b); ls != nil {
			return ls, true
		}
	}
	if n.cri == nil {
		n.listFolders()
	}
	if ls := n.cri[c.container]; ls != nil {
		return append(ls, "name", short(c.container)), true
	}
	if b, ok := n.files.read(podmanFile); ok {
		if name := podmanName(b, c.container); name != "" {
			return []string{"name", name}, true
		}
	}
	return append(n.pods[c.pod], "name", short(c.container)), false
}

func short(id string) string { return id[:min(12, len(id))] }

// dockerLabels reads a container's config.v2.json; nil when it has no name.
func dockerLabels(b []byte) []string {
	var c struct {
		Name   string
		Config struct {
			Image  string
			Labels map[string]string
		}
	}
	if json.Unmarshal(b, &c) != nil {
		return nil
	}
	label := func(key string) string { return c.Config.Labels[key] }
	name := strings.TrimPrefix(c.Name, "/")
	if name == "" {
		return nil
	}
	return []string{
		"name", name, "image", c.Config.Image,
		"container_label_com_docker_compose_service", label("com.docker.compose.service"),
		"container_label_com_docker_compose_project", label("com.docker.compose.project"),
		"container", label("io.kubernetes.container.name"), "pod", label("io.kubernetes.pod.name"), "namespace", label("io.kubernetes.pod.namespace"),
	}
}

func podmanName(b []byte, id string) string {
	var list []struct {
		ID    string   `json:"id"`
		Names []string `json:"names"`
	}
	if json.Unmarshal(b, &list) != nil {
		return ""
	}
	for _, c := range list {
		if c.ID == id && len(c.Names) > 0 {
			return c.Names[0]
		}
	}
	return ""
}

var (
	criLog    = regexp.MustCompile(`^([^_]+)_([^_]+)_(.+)-([0-9a-f]{64})\.log$`)
	podFolder = regexp.MustCompile(`^([^_]+)_([^_]+)_([0-9a-f-]+)$`)
)

// listFolders learns containers and pods from the names of their log files.
func (n *containerNames) listFolders() {
	n.cri, n.pods = map[string][]string{}, map[string][]string{}
	for _, name := range n.list(criFolder) {
		if m := criLog.FindStringSubmatch(name); m != nil {
			n.cri[m[4]] = []string{"pod", m[1], "namespace", m[2], "container", m[3]}
		}
	}
	for _, name := range n.list(podsFolder) {
		if m := podFolder.FindStringSubmatch(name); m != nil {
			n.pods[m[3]] = []string{"namespace", m[1], "pod", m[2]}
		}
	}
}

func (n *containerNames) list(folder string) []string {
	h, err := os.Open(filepath.Join(n.files.root, folder))
	if err != nil {
		return nil
	}
	defer h.Close()
	names, _ := h.Readdirnames(10 * maxItems)
	return names
}
