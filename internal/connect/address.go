package connect

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// DefaultPort is the port of a connection string without one.
const DefaultPort = 15002

// Address is a parsed connection string
//
//	sc://host[:port][/;key=value;key=value...]
//
// as the Spark Connect documentation defines it. Printing it shows the host and
// the port only.
type Address struct {
	Host string
	Port int
	// TLS is use_ssl=true, or implied by a token.
	TLS bool
	// PlainText is use_ssl=false, written out.
	PlainText bool
	// Token is the bearer token, or empty.
	Token secrets.Value
	// UserID is user_id, or empty.
	UserID string
	// UserAgent is user_agent, or empty.
	UserAgent string
	// SessionID is session_id, a UUID, or empty.
	SessionID string
	// Headers are all other parameters, sent as gRPC metadata.
	Headers map[string]string
}

// String returns the address without parameters, so that no secret is in it.
func (a Address) String() string { return "sc://" + a.Endpoint() }

// GoString is String: no verb shows the parameters.
func (a Address) GoString() string { return a.String() }

// Endpoint returns host:port.
func (a Address) Endpoint() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }

// target is the endpoint in gRPC's own form, in which no host name can be taken
// for a scheme. It names the resolver that leaves names to a proxy of the
// environment.
func (a Address) target() string { return "dns:///" + url.PathEscape(a.Endpoint()) }

// serverName is the name that the server's certificate must be for. The zone of
// an IPv6 address means something on this machine only.
func (a Address) serverName() string {
	if strings.Contains(a.Host, ":") {
		name, _, _ := strings.Cut(a.Host, "%")
		return name
	}
	return a.Host
}

// Loopback reports whether the server is on this machine: the host is
// "localhost" or a loopback address, literally.
func (a Address) Loopback() bool {
	if strings.EqualFold(a.Host, "localhost") {
		return true
	}
	ip := net.ParseIP(a.serverName())
	return ip != nil && ip.IsLoopback()
}

// ParseAddress parses a connection string. Its errors name what is wrong and
// never quote a parameter's value, nor anything that may be one in the wrong
// place.
func ParseAddress(text string) (Address, error) {
	rest, ok := strings.CutPrefix(text, "sc://")
	if !ok {
		return Address{}, errors.New(`a connection string must begin with "sc://", for example sc://localhost:15002`)
	}
	hostport, params, _ := strings.Cut(rest, "/")
	host, port, err := splitHostPort(hostport)
	if err != nil {
		return Address{}, err
	}
	addr := Address{Host: host, Port: port}
	if params == "" {
		return addr, nil
	}
	if !strings.HasPrefix(params, ";") {
		return Address{}, errors.New(`after the host a connection string takes "/;key=value;key=value" and no path`)
	}
	if err := addr.parseParams(params[1:]); err != nil {
		return Address{}, err
	}
	return addr, nil
}

// isHostRune reports whether a host with its port can hold the character.
func isHostRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(".-_:[]%", r)
}

func splitHostPort(hostport string) (string, int, error) {
	if strings.ContainsFunc(hostport, func(r rune) bool { return !isHostRune(r) }) {
		return "", 0, errors.New(`the host of a connection string holds a character that no host has; parameters begin with "/;"`)
	}
	host, portText := hostport, ""
	if strings.HasPrefix(hostport, "[") || strings.Count(hostport, ":") == 1 {
		h, p, err := net.SplitHostPort(hostport)
		switch {
		case err == nil:
			host, portText = h, p
		case strings.HasPrefix(hostport, "[") && strings.HasSuffix(hostport, "]"):
			host = hostport[1 : len(hostport)-1]
		default:
			return "", 0, errors.New("the host of the connection string cannot be read; write sc://host:port")
		}
	} else if strings.Contains(hostport, ":") {
		return "", 0, errors.New("the host of the connection string cannot be read; put an IPv6 address in brackets")
	}
	if host == "" {
		return "", 0, errors.New("the connection string has no host; write sc://host:port")
	}
	if strings.ContainsAny(host, "[]") || strings.HasPrefix(hostport, "[") && !strings.Contains(host, ":") {
		return "", 0, errors.New("the host of the connection string cannot be read; brackets go around an IPv6 address only")
	}
	if strings.Contains(host, "%") && !strings.Contains(host, ":") {
		return "", 0, errors.New(`the host of the connection string holds a "%"; only the zone of an IPv6 address begins with one`)
	}
	if portText == "" {
		return host, DefaultPort, nil
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || port == 0 {
		return "", 0, fmt.Errorf("the port %sof the connection string is not a number from 1 to 65535", quotedPort(portText))
	}
	return host, int(port), nil
}

// quotedPort shows what stands for a port when it cannot be a secret: it is a
// number, or short.
func quotedPort(text string) string {
	const short = 5
	if len(text) > short && strings.Trim(text, "0123456789") != "" {
		return ""
	}
	return strconv.Quote(text) + " "
}
