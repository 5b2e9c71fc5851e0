package connect

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// DefaultPort is the port of a connection string without one.
const DefaultPort = 15002

// Address is a parsed connection string
//
//	sc://host[:port][/;key=value;key=value...]
//
// as the Spark Connect documentation defines it.
type Address struct {
	Host string
	Port int
	// TLS is use_ssl=true, or implied by a token.
	TLS bool
	// Token is the bearer token, or empty. It is never printed.
	Token string
	// UserID is user_id, or empty.
	UserID string
	// UserAgent is user_agent, or empty.
	UserAgent string
	// Headers are all other parameters, sent as gRPC metadata.
	Headers map[string]string
}

// String returns the address without parameters, so that no secret is in it.
func (a Address) String() string { return "sc://" + a.Endpoint() }

// Endpoint returns host:port.
func (a Address) Endpoint() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }

// Loopback reports whether the server is on this machine.
func (a Address) Loopback() bool {
	if strings.EqualFold(a.Host, "localhost") {
		return true
	}
	ip := net.ParseIP(a.Host)
	return ip != nil && ip.IsLoopback()
}

// ParseAddress parses a connection string. Its errors name what is wrong and
// never quote a parameter's value.
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

func splitHostPort(hostport string) (string, int, error) {
	if strings.ContainsAny(hostport, ";=@ \t\r\n?#") {
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
			return "", 0, fmt.Errorf("the host %q of the connection string cannot be read; write sc://host:port", hostport)
		}
	} else if strings.Contains(hostport, ":") {
		return "", 0, fmt.Errorf("the host %q of the connection string cannot be read; put an IPv6 address in brackets", hostport)
	}
	if host == "" {
		return "", 0, errors.New("the connection string has no host; write sc://host:port")
	}
	if strings.ContainsAny(host, "[]") || strings.HasPrefix(hostport, "[") && !strings.Contains(host, ":") {
		return "", 0, fmt.Errorf("the host %q of the connection string cannot be read; brackets go around an IPv6 address only", hostport)
	}
	if portText == "" {
		return host, DefaultPort, nil
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || port == 0 {
		return "", 0, fmt.Errorf("the port %q of the connection string is not a number from 1 to 65535", portText)
	}
	return host, int(port), nil
}

func (a *Address) parseParams(text string) error {
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ";") {
		if part == "" {
			continue
		}
		key, value, ok := strings.Cut(part, "=")
		if !ok || key == "" {
			return errors.New("a parameter of the connection string is not key=value; parameters are separated by semicolons")
		}
		if seen[key] {
			return fmt.Errorf("the parameter %q stands twice in the connection string", key)
		}
		seen[key] = true
		value, err := url.PathUnescape(value)
		if err != nil {
			return fmt.Errorf("the value of the parameter %q of the connection string has a wrong %%-escape", key)
		}
		if err := a.setParam(key, value); err != nil {
			return err
		}
	}
	if a.Token != "" && !seen["use_ssl"] {
		a.TLS = true
	}
	if a.Token != "" && !a.TLS && !a.Loopback() {
		return errors.New("a token must not travel unencrypted: remove use_ssl=false from the connection string")
	}
	return nil
}

func (a *Address) setParam(key, value string) error {
	switch key {
	case "use_ssl":
		on, err := strconv.ParseBool(value)
		if err != nil {
			return errors.New(`the parameter "use_ssl" of the connection string wants true or false`)
		}
		a.TLS = on
	case "token":
		a.Token = value
	case "user_id":
		a.UserID = value
	case "user_agent":
		a.UserAgent = value
	case "session_id":
		return errors.New(`the parameter "session_id" of the connection string is not supported yet: every connection makes a session of its own`)
	default:
		return a.setHeader(key, value)
	}
	return nil
}

// setHeader takes what gRPC takes as metadata, so that a wrong header is an
// error here and not at the first call.
func (a *Address) setHeader(key, value string) error {
	lower := strings.ToLower(key)
	for _, r := range lower {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_.", r) {
			return fmt.Errorf("the parameter %q of the connection string cannot be a header: letters, digits, - _ . only", key)
		}
	}
	if strings.HasPrefix(lower, "grpc-") {
		return fmt.Errorf("the parameter %q of the connection string cannot be a header: gRPC keeps names with grpc- for itself", key)
	}
	for _, r := range value {
		if r < 0x20 || r > 0x7e {
			return fmt.Errorf("the value of the header %q in the connection string holds a character that no header can carry", key)
		}
	}
	if a.Headers == nil {
		a.Headers = map[string]string{}
	}
	a.Headers[lower] = value
	return nil
}
