package scrape

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// theirKinds are those of Prometheus 3.15.
var theirKinds = []string{
	"aws", "azure", "consul", "digitalocean", "dns", "docker", "dockerswarm", "ec2", "eureka", "file", "gce", "hetzner", "http", "ionos", "kubernetes", "kuma",
	"lightsail", "linode", "marathon", "nerve", "nomad", "oci", "openstack", "outscale", "ovhcloud", "puppetdb", "scaleway", "serverset", "stackit", "static", "triton", "uyuni", "vultr",
}

// The README names every kind that Prometheus follows and we do not.
func TestTheReadmeNamesTheKindsThatAreMissing(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`Of the kinds of discovery, all but (.*?) and (\w+) are followed`).FindSubmatch(readme)
	if said == nil {
		t.Fatal("the README does not say which kinds there are")
	}
	missing := slices.DeleteFunc(slices.Clone(theirKinds), func(kind string) bool { return slices.Contains(Kinds(), kind) })
	if got := strings.Split(strings.ToLower(string(said[1])), ", "); !slices.Equal(append(got, strings.ToLower(string(said[2]))), missing) {
		t.Errorf("missing are %q, the README says %s and %s; there are %q", missing, said[1], said[2], Kinds())
	}
}
