package dataflow

import "context"

// Conf are the Spark properties of a session, as they are while it runs. It is
// safe for concurrent use. Each method blocks for one round trip.
//
// A key that speaks of a password, a secret, a token, a credential or a key
// holds a secret: its value appears in no error.
type Conf struct{ spark *Session }

// Conf returns the properties of the session.
func (s *Session) Conf() Conf { return Conf{s} }

// Get returns the value of a property and whether it has one: that which was
// set, or else Spark's default.
func (c Conf) Get(ctx context.Context, key string) (value string, ok bool, err error) {
	return c.spark.conn.Conf(ctx, key)
}

// Set sets properties, in one round trip when the server accepts them all. One
// that cannot be set at run time is an error, unless it has the wanted value
// already; the error names each such key, and the others are set.
func (c Conf) Set(ctx context.Context, properties map[string]string) error {
	c.spark.concealProperties(properties)
	return c.spark.conn.SetConf(ctx, properties)
}

// Unset gives properties the defaults that Spark has built in: not those which
// the server was started with, which sessions get only at their beginning. A
// property that is not set is no error.
func (c Conf) Unset(ctx context.Context, keys ...string) error {
	return c.spark.conn.UnsetConf(ctx, keys...)
}

// All returns the properties whose keys begin with the prefix, "" for all.
// Values may be secrets; log them with care.
func (c Conf) All(ctx context.Context, prefix string) (map[string]string, error) {
	return c.spark.conn.AllConf(ctx, prefix)
}

// IsModifiable reports whether the property can be set on a running session. It
// is false for a key that Spark does not know, although such keys can be set.
func (c Conf) IsModifiable(ctx context.Context, key string) (bool, error) {
	return c.spark.conn.IsModifiable(ctx, key)
}
