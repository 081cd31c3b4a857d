package dashboard

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// part is {{name}} in a link: a column of the row as it is shown, or
// lower and upper, the ends of a heat map's cell.
var part = regexp.MustCompile(`\{\{\s*([^{}]+?)\s*\}\}`)

// checkLink takes addresses of this appliance, which begin with one /, and of
// the web; without a fragment, which would come before what is added. Browsers
// read \ as /.
func checkLink(link string) error {
	if link == "" {
		return nil
	}
	u, err := url.Parse(part.ReplaceAllString(link, "x"))
	switch {
	case err != nil:
		return fmt.Errorf("%.200q is no address", link)
	case strings.ContainsAny(link, "\\#"):
		return fmt.Errorf("%.200q: \\ and # are not taken", link)
	case u.Scheme == "" && u.Host == "" && strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "//"):
		return nil
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && !strings.Contains(u.Host, "{"):
		return nil
	}
	return fmt.Errorf("%.200q: want an address that begins with /, http:// or https://", link)
}

// Follow is where a link leads: variables and {{parts}} of its query stand for
// their values. A parameter with a part that has no value is left out; "" means
// that the link leads nowhere.
func (s *Scope) Follow(link string, value func(part string) (string, bool)) string {
	if link == "" || checkLink(link) != nil {
		return ""
	}
	path, query, _ := strings.Cut(link, "?")
	q := url.Values{}
	for pair := range strings.SplitSeq(query, "&") {
		name, text, _ := strings.Cut(pair, "=")
		name, text = unescape(name), unescape(text)
		known := true
		text = part.ReplaceAllStringFunc(s.Title(text), func(found string) string {
			v, ok := value(part.FindStringSubmatch(found)[1])
			known = known && ok
			return v
		})
		if known && name != "" {
			q.Add(name, text)
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// unescape leaves text as it is that is not escaped.
func unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}
