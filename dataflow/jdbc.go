package dataflow

import (
	"maps"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// JDBC says how Spark reaches a database. The cluster needs the driver's jar.
type JDBC struct {
	// URL is the JDBC URL, for example "jdbc:postgresql://host/db". It may hold
	// credentials, hence the type.
	URL secrets.Value `koanf:"url" required:"true" doc:"JDBC URL, for example jdbc:postgresql://host/db"`
	// User and Password are sent to the cluster with the plan.
	User     string        `koanf:"user" doc:"name of the database user"`
	Password secrets.Value `koanf:"password" doc:"password of the database user"`
	// Driver is the driver's class; empty lets Spark find it by the URL.
	Driver string `koanf:"driver" doc:"class of the JDBC driver; by default found by the URL"`
	// Options are passed to Spark's JDBC source under its own keys.
	Options map[string]string `koanf:"options" doc:"options of Spark's JDBC source under its own keys"`
}

// options gives Spark's options: ours, then what the user set.
func (j JDBC) options(more map[string]string) map[string]string {
	all := map[string]string{"url": j.URL.Reveal()}
	for key, value := range map[string]string{"user": j.User, "password": j.Password.Reveal(), "driver": j.Driver} {
		if value != "" {
			all[key] = value
		}
	}
	maps.Copy(all, more)
	return mergeOptions(all, j.Options)
}
