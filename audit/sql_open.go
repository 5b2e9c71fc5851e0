package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// Opener opens the databases of some URLs. The library itself knows none, so that a
// program links no driver that it does not use; package audit/sqldb has those for
// PostgreSQL, MySQL and MariaDB.
//
//	sqlite := audit.Opener{Schemes: []string{"sqlite"}, Open: func(url secrets.Value) (*sql.DB, audit.Dialect, error) {
//		db, err := sql.Open("sqlite", strings.TrimPrefix(url.Reveal(), "sqlite://"))
//		return db, audit.DialectSQLite, err
//	}}
//	hook, err := audit.New(cfg, &audit.Options{Openers: []audit.Opener{sqlite}})
type Opener struct {
	// Schemes are what its URLs begin with, in lower case and without "://".
	Schemes []string
	// Open returns the database of a URL, which the caller closes, and the SQL that
	// it speaks. It sends nothing, and its errors show nothing that may be secret.
	Open func(url secrets.Value) (*sql.DB, Dialect, error)
}

var urlScheme = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*)://`)

// OpenDatabase returns the database of a URL by the first opener that has its
// scheme. It sends nothing. No error shows the URL.
func OpenDatabase(location secrets.Value, openers ...Opener) (*sql.DB, Dialect, error) {
	match := urlScheme.FindStringSubmatch(strings.TrimSpace(location.Reveal()))
	var known []string
	for _, opener := range openers {
		if match != nil && slices.Contains(opener.Schemes, strings.ToLower(match[1])) {
			db, dialect, err := opener.Open(location)
			if err == nil && db == nil {
				err = fmt.Errorf("the opener for %s:// gave no database", match[1])
			}
			return db, dialect, err
		}
		for _, scheme := range opener.Schemes {
			known = append(known, scheme+"://…")
		}
	}
	switch {
	case len(known) == 0:
		return nil, "", errors.New("this program opens no databases; give audit.Options an Opener")
	case match == nil:
		return nil, "", fmt.Errorf("it is not a URL of a database; known are %s", strings.Join(known, ", "))
	}
	return nil, "", fmt.Errorf("there is no database for %s://; known are %s", match[1], strings.Join(known, ", "))
}

// urlSecrets are what must not be seen of a URL: the whole, its password, and the
// parameters that speak of one.
func urlSecrets(location secrets.Value) []secrets.Value {
	found := []secrets.Value{location}
	u, err := url.Parse(location.Reveal())
	if err != nil {
		return found
	}
	if password, has := u.User.Password(); has {
		found = append(found, secrets.NewValue(password))
	}
	for key, values := range u.Query() {
		for _, value := range values {
			if IsSecretKey(key) {
				found = append(found, secrets.NewValue(value))
			}
		}
	}
	return found
}

// OpenSQLSink is [NewSQLSink] with the database of a URL, which Close closes; it
// sends nothing. No error of it shows a secret of the URL.
func OpenSQLSink(location secrets.Value, opts *SQLOptions, openers ...Opener) (*SQLSink, error) {
	db, dialect, err := OpenDatabase(location, openers...)
	if err != nil {
		return nil, err
	}
	s, err := NewSQLSink(db, dialect, opts)
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	s.own = &ownDatabase{mask: &Redactor{mask: secrets.Redacted}}
	s.own.mask.Add(urlSecrets(location)...)
	return s, nil
}

// ownDatabase is the database of a [SQLSink] that has opened it.
type ownDatabase struct {
	mask   *Redactor
	closed atomic.Bool
}

// fault says what could not be done, without the secrets of a URL.
func (s *SQLSink) fault(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", what, cause(ctx, err))
	if s.own == nil {
		return err
	}
	if text := s.own.mask.known.Load().hide(err.Error(), secrets.Redacted); text != err.Error() {
		return &quietError{text: text, err: err}
	}
	return err
}

// quietError is an error of a driver without what must not be seen of it.
type quietError struct {
	text string
	err  error
}

func (e *quietError) Error() string { return e.text }
func (e *quietError) Unwrap() error { return e.err }
