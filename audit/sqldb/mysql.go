package sqldb

import (
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/sparkpipe/sparkpipe/internal/sqlopen"
)

// mysqlPort is where a server listens.
const mysqlPort = "3306"

// mysqlParameters are the parameters of a URL that the driver gets. Others it would
// send to the server as variables.
var mysqlParameters = []string{
	"tls", "timeout", "readTimeout", "writeTimeout", "collation", "maxAllowedPacket", "allowCleartextPasswords", "allowNativePasswords",
}

// caParameter is a parameter that the driver does not have.
const caParameter = "tls_ca"

// mysqlConfig makes of a URL what the driver takes.
func mysqlConfig(u *url.URL) (*mysql.Config, error) {
	query, err := sqlopen.Query(u)
	if err != nil {
		return nil, err
	}
	config, err := mysqlSettings(query)
	if err != nil {
		return nil, err
	}
	config.Net, config.DBName = "tcp", strings.TrimPrefix(u.Path, "/")
	if config.DBName == "" || strings.Contains(config.DBName, "/") {
		return nil, errors.New("it names no database; want mysql://user@host/database")
	}
	host, port := u.Hostname(), u.Port()
	if host == "" {
		host = "127.0.0.1"
	}
	if port == "" {
		port = mysqlPort
	}
	config.Addr = net.JoinHostPort(host, port)
	config.User = u.User.Username()
	config.Passwd, _ = u.User.Password()
	config.Logger = &mysql.NopLogger{} // what goes wrong is in the errors
	// Nil has the driver make it anew for this host from what its parameter says.
	if config.TLS, err = mysqlTrust(query.Get(caParameter), host); err != nil {
		return nil, err
	}
	config.AllowFallbackToPlaintext = config.AllowFallbackToPlaintext && config.TLS == nil
	return config, nil
}

// mysqlSettings reads the parameters one by one, so that an error can name the one
// that is wrong without its value.
func mysqlSettings(query url.Values) (*mysql.Config, error) {
	given := url.Values{"timeout": {sqlopen.ConnectTimeout.String()}, "tls": {"preferred"}}
	for _, key := range slices.Sorted(maps.Keys(query)) {
		if key == caParameter {
			continue
		}
		if !slices.Contains(mysqlParameters, key) {
			return nil, fmt.Errorf("the parameter %s is not known; known are %s, %s", shown(key), strings.Join(mysqlParameters, ", "), caParameter)
		}
		given.Set(key, query.Get(key))
		if _, err := mysql.ParseDSN("tcp(localhost)/d?" + url.Values{key: given[key]}.Encode()); err != nil {
			return nil, fmt.Errorf("the parameter %s has a value that the driver does not take", key)
		}
	}
	config, err := mysql.ParseDSN("tcp(localhost)/d?" + given.Encode())
	if err != nil {
		return nil, errors.New("the driver does not take the parameters together")
	}
	return config, nil
}

// shown is a name as it may be printed: a password behind a "?" that was not escaped
// looks like one.
func shown(key string) string {
	for _, r := range key {
		if r != '_' && r != '-' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return "behind the \"?\""
		}
	}
	return fmt.Sprintf("%q", key)
}

// mysqlTrust trusts the certificates of a file; nil leaves it to the driver.
func mysqlTrust(file, host string) (*tls.Config, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // the driver takes nil for what its own parameter says
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the parameter %s: %w", caParameter, err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("the parameter %s: %s holds no certificate in PEM", caParameter, file)
	}
	return &tls.Config{RootCAs: roots, ServerName: host, MinVersion: tls.VersionTLS12}, nil
}

func openMySQL(config *mysql.Config) (*sql.DB, error) {
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, errors.New("the driver cannot read it; want mysql://user@host:port/database?tls=true")
	}
	return sqlopen.Limit(sql.OpenDB(connector), maxConns), nil
}
