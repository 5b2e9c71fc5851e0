package dataflow

import (
	"errors"
	"maps"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// JDBC says how Spark reaches a database. The cluster needs the driver's jar.
//
// A URL that begins with jdbc:mariadb: is given to Spark as MariaDB's driver also
// understands it, as jdbc:mysql: with permitMysqlScheme, since Spark knows how
// MySQL quotes names and does not know MariaDB: it would read the names of the
// columns as data.
type JDBC struct {
	// URL is the JDBC URL, for example "jdbc:postgresql://host/db". It may hold
	// credentials, hence the type.
	URL secrets.Value `koanf:"url" required:"true" doc:"JDBC URL, for example jdbc:postgresql://host/db"`
	// User and Password are sent to the cluster with the plan.
	User     string        `koanf:"user" doc:"name of the database user"`
	Password secrets.Value `koanf:"password" doc:"password of the database user"`
	// Driver is the driver's class; empty lets Spark find it by the URL.
	Driver string `koanf:"driver" doc:"class of the JDBC driver; by default found by the URL"`
	// QueryTimeout bounds each statement in the database, in whole seconds, rounded
	// up; 0 is no bound. Not every driver keeps it.
	QueryTimeout time.Duration `koanf:"query_timeout" min:"0s" doc:"how long one statement may take in the database; by default there is no limit"`
	// Options are passed to Spark's JDBC source under its own keys. What Spark does
	// not know there goes to the driver as a property of the connection.
	Options map[string]string `koanf:"options" doc:"options of Spark's JDBC source under its own keys; others are properties of the connection"`
}

// mariaDriver is the class of MariaDB's driver.
const mariaDriver = "org.mariadb.jdbc.Driver"

// options gives Spark's options: ours, then what the user set.
func (j JDBC) options(more map[string]string) map[string]string {
	all := map[string]string{"url": j.URL.Reveal()}
	for key, value := range map[string]string{"user": j.User, "password": j.Password.Reveal(), "driver": j.Driver} {
		if value != "" {
			all[key] = value
		}
	}
	if j.QueryTimeout > 0 {
		all["queryTimeout"] = strconv.Itoa(int(math.Ceil(j.QueryTimeout.Seconds())))
	}
	maps.Copy(all, more)
	return mergeOptions(all, j.Options)
}

// sparkOptions is options as Spark gets them: with a URL for which it has a
// dialect.
func (j JDBC) sparkOptions(more map[string]string) map[string]string {
	all := j.options(more)
	if len(capitals(all)) > 0 {
		all = mergeOptions(all, map[string]string{"url": withCapitals(all)})
	}
	url, driver := option(all, "url"), option(all, "driver")
	if driver != "" && driver != mariaDriver {
		return all
	}
	rest, maria := cutPrefixFold(url, "jdbc:mariadb:")
	if !maria {
		if rest, maria = cutPrefixFold(url, "jdbc:mysql:"); !maria || driver == "" {
			return all
		}
	}
	if !strings.Contains(strings.ToLower(rest), "permitmysqlscheme") {
		rest += separator(rest) + "permitMysqlScheme"
	}
	return mergeOptions(all, map[string]string{"url": "jdbc:mysql:" + rest, "driver": mariaDriver})
}

func cutPrefixFold(text, prefix string) (string, bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return text, false
	}
	return text[len(prefix):], true
}

// faults are those of the connection.
func (j JDBC) faults() []error {
	if j.QueryTimeout < 0 {
		return []error{errors.New(`"query_timeout" is negative`)}
	}
	if j.QueryTimeout.Seconds() > math.MaxInt32 {
		return []error{errors.New(`"query_timeout" is longer than databases count`)}
	}
	return nil
}
