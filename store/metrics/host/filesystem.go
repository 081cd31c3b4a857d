package host

import (
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Space is what statfs tells of a file system, in bytes and inodes.
type Space struct {
	Size, Free, Available float64 // available to those who are not root
	Files, FilesFree      float64
}

// What no person would call a file system, as node_exporter leaves it out.
var (
	notMounts  = regexp.MustCompile(`^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+|var/lib/kubelet/pods/.+|run/containerd/.+)($|/)`)
	notFSTypes = regexp.MustCompile(`^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$`)
	remote     = regexp.MustCompile(`^(nfs4?|cifs|smb3?|ceph|afs|9p|lustre|glusterfs|fuse\..*)$`)
)

type mount struct {
	device, point, fs string
	readOnly          bool
}

func (r *Reader) filesystems(emit Emit) bool {
	b, ok := r.files.read("proc/1/mountinfo")
	if !ok {
		b, ok = r.files.read("proc/self/mountinfo")
	}
	if !ok {
		return false
	}
	for _, m := range readMounts(b, r.o.Root) {
		space, err := r.spaceOf(m)
		ls := []string{"device", m.device, "mountpoint", m.point, "fstype", m.fs, "device_error", ""}
		if err != nil {
			ls[7] = err.Error()
		}
		emit("node_filesystem_device_error", bit(err != nil), ls...)
		emit("node_filesystem_readonly", bit(m.readOnly), ls...)
		if err != nil {
			continue
		}
		emit("node_filesystem_size_bytes", space.Size, ls...)
		emit("node_filesystem_free_bytes", space.Free, ls...)
		emit("node_filesystem_avail_bytes", space.Available, ls...)
		emit("node_filesystem_files", space.Files, ls...)
		emit("node_filesystem_files_free", space.FilesFree, ls...)
	}
	return true
}

// readMounts reads mountinfo: id, parent, device number, root, mount point,
// options, further fields up to a dash, type, source, options of the file
// system (proc_pid_mountinfo(5)). A root that is mounted elsewhere is taken off
// the mount points where they show it.
func readMounts(b []byte, root string) []mount {
	var out []mount
	seen := map[mount]bool{}
	for line := range lines(b) {
		front, back, ok := strings.Cut(line, " - ")
		f, g := strings.Fields(front), strings.Fields(back)
		if !ok || len(f) < 6 || len(g) < 2 || len(out) == maxItems {
			continue
		}
		m := mount{device: unescape(g[1]), point: unescape(f[4]), fs: unescape(g[0]), readOnly: option(f[5], "ro") || len(g) > 2 && option(g[2], "ro")}
		if root != "/" {
			if p, ok := strings.CutPrefix(m.point, root); ok && (p == "" || p[0] == '/') {
				m.point = filepath.Join("/", p)
			}
		}
		if notMounts.MatchString(m.point) || notFSTypes.MatchString(m.fs) || seen[m] {
			continue
		}
		seen[m] = true
		out = append(out, m)
	}
	return out
}

func option(list, name string) bool {
	for o := range strings.SplitSeq(list, ",") {
		if o == name {
			return true
		}
	}
	return false
}

// unescape undoes the kernel's octal forms of space, tab, line end and backslash.
func unescape(s string) string {
	s = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
	return strings.ToValidUTF8(s, "\uFFFD")
}

// maxWait is how long a server of files may take; without it, one that is gone
// would end all host metrics.
const maxWait = 300 * time.Millisecond

var errSlow = errors.New("no answer")

// asker asks for the space of remote file systems, and never again while one
// of its questions has no answer.
type asker struct {
	waiting map[string]chan answer
}

type answer struct {
	space Space
	err   error
}

func (r *Reader) spaceOf(m mount) (Space, error) {
	path := r.path(m.point)
	if !remote.MatchString(m.fs) {
		return r.o.Statfs(path)
	}
	if r.space.waiting == nil {
		r.space.waiting = map[string]chan answer{}
	}
	ch, asked := r.space.waiting[path]
	if !asked {
		// statfs cannot be interrupted: this ends when the server answers or is
		// unmounted, and there is one for each mount at most
		ch = make(chan answer, 1)
		go func() {
			s, err := r.o.Statfs(path)
			ch <- answer{s, err}
		}()
	}
	wait := time.NewTimer(maxWait)
	defer wait.Stop()
	if asked {
		wait.Reset(0)
	}
	select {
	case a := <-ch:
		delete(r.space.waiting, path)
		return a.space, a.err
	case <-wait.C:
		r.space.waiting[path] = ch
		return Space{}, errSlow
	}
}
