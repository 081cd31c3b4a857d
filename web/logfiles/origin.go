package logfiles

import (
	"path/filepath"
	"regexp"
	"strings"

	"tripod/store"
)

// fieldPath is a field of every record, beside store.AttrFileID and
// store.AttrFileOffset.
const fieldPath = "log.file.path"

// Paths of containers: /var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log,
// /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log, and Docker's
// containers/ID/ID-json.log.
var (
	podPath       = regexp.MustCompile(`/pods/([^/_]+)_([^/_]+)_([^/_]+)/([^/]+)/[^/]+$`)
	containerPath = regexp.MustCompile(`/containers/([^/_]+)_([^/_]+)_([^/]+)-([0-9a-f]{64})\.log$`)
	dockerPath    = regexp.MustCompile(`/containers/([0-9a-f]{64})/[0-9a-f]{64}-json\.log`)
)

// origin is the resource of a file's records, and the service that the path
// names under which it was seen first: the container, or the file's name up to
// its first dot.
func origin(c *cursor) (*store.Resource, string) {
	attrs := store.Attrs{{Key: fieldPath, Value: store.String(c.First)}}
	add := func(names []string, values []string) {
		for i, name := range names {
			attrs = append(attrs, store.Attr{Key: name, Value: store.String(values[i])})
		}
	}
	service, _, _ := strings.Cut(filepath.Base(c.First), ".")
	if m := podPath.FindStringSubmatch(c.First); m != nil {
		add([]string{"k8s.namespace.name", "k8s.pod.name", "k8s.pod.uid", "k8s.container.name"}, m[1:])
		service = m[4]
	} else if m := containerPath.FindStringSubmatch(c.First); m != nil {
		add([]string{"k8s.pod.name", "k8s.namespace.name", "k8s.container.name", "container.id"}, m[1:])
		service = m[3]
	} else if m := dockerPath.FindStringSubmatch(c.First); m != nil {
		add([]string{"container.id"}, m[1:])
		service = m[1][:12]
	}
	return &store.Resource{Attrs: attrs}, service
}
