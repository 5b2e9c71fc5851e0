package dataflow

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// redactionKey is the property with a regular expression of what Spark hides in
// texts of its own, such as the statements in its web pages and event logs.
const redactionKey = "spark.sql.redaction.string.regex"

// hiddenOptions finds what nobody must see in the statements that Spark shows there:
// the values of options whose keys speak of a secret, and passwords in URLs. Spark
// hides options in the plans that it prints, but not in the statement.
const hiddenOptions = `(?i)key: "[^"]*(?:` + hiddenWords + `)[^"]*"\s+value: "(?:[^"\\]++|\\.)*+"|(?<=://)[^/@"\s:]*+:[^@"\s]*+@`

const hiddenWords = "passw|secret|token|credential|key|jaas"

var hiddenKey = regexp.MustCompile("(?i)" + hiddenWords)

// redaction is what a session has the server hide in the statements that it shows.
type redaction struct {
	mu    sync.Mutex
	asked bool
	// server is the pattern of the server itself.
	server string
	// names are the options that hiddenOptions does not find.
	names []string
}

// pattern is what the property is to be.
func (r *redaction) pattern() string {
	parts := []string{hiddenOptions}
	if strings.Contains(r.server, hiddenOptions) {
		parts = nil
	}
	if r.server != "" {
		parts = append([]string{r.server}, parts...)
	}
	if len(r.names) > 0 {
		quoted := make([]string, len(r.names))
		for i, name := range r.names {
			quoted[i] = regexp.QuoteMeta(name)
		}
		parts = append(parts, `key: "(?:`+strings.Join(quoted, "|")+`)"\s+value: "(?:[^"\\]++|\\.)*+"`)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "(?:" + strings.Join(parts, ")|(?:") + ")"
}

// ConcealOptions does with the secrets of options, and of paths, what
// [Session.Conceal] does: the values of keys that speak of a secret, passwords in URLs
// and whatever was concealed before. And it has the server hide these options in the
// statements that its web pages and event logs show, from now on and for as long as
// the session lives: later statements hold them again. A server that does not let
// that be set goes on showing them, which is worth a line in the log and no more.
//
// The first time in a session it costs two round trips, and one when options with
// other names come; without secrets none.
func (s *Session) ConcealOptions(ctx context.Context, set map[string]string, paths ...string) error {
	s.Conceal(options.Secrets(set)...)
	secret := false
	for _, path := range paths {
		found := options.SecretsIn(path)
		s.Conceal(found...)
		secret = secret || len(found) > 0
	}
	var names []string
	for key, value := range set {
		if s.Concealed(value) == value {
			continue
		}
		secret = true
		if !hiddenKey.MatchString(key) {
			names = append(names, key)
		}
	}
	if !secret {
		return nil
	}
	return s.hideOptions(ctx, names)
}

// hideOptions adds options with these names to what Spark hides.
func (s *Session) hideOptions(ctx context.Context, names []string) error {
	r := &s.redaction
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.Compact(slices.Sorted(slices.Values(slices.Concat(r.names, names))))
	if r.asked && len(all) == len(r.names) {
		return nil
	}
	if !r.asked {
		have, err := s.properties(ctx, []string{redactionKey})
		if err != nil {
			return err
		}
		r.server = have[redactionKey]
	}
	next := redaction{server: r.server, names: all}
	if pattern := next.pattern(); pattern != r.server {
		err := s.conn.SetConf(ctx, map[string]string{redactionKey: pattern})
		switch {
		case err != nil && classOf(err) != "":
			s.logger.Warn("the web pages and event logs of the server show credentials, since it cannot be told to hide them",
				zap.String("property", redactionKey), zap.Error(err))
		case err != nil:
			return err
		}
	}
	r.asked, r.names = true, all
	return nil
}
