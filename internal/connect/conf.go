package connect

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// SetConf sets Spark properties of the session. It takes one round trip when
// the server accepts them all. What cannot be set at run time is an error that
// names every such key, unless the server has the wanted value already.
func (c *Conn) SetConf(ctx context.Context, conf map[string]string) error {
	if len(conf) == 0 {
		return nil
	}
	keys := slices.Sorted(maps.Keys(conf))
	if keys[0] == "" {
		return errors.New("a property has no name")
	}
	err := c.setPairs(ctx, conf, keys...)
	if err == nil || !serverRefused(err) {
		return err
	}
	var faults []error
	for _, key := range keys {
		err := c.setPairs(ctx, conf, key)
		if err == nil {
			continue
		}
		if !serverRefused(err) {
			return err
		}
		if have, ok, getErr := c.Conf(ctx, key); getErr == nil && ok && have == conf[key] {
			continue
		}
		faults = append(faults, fmt.Errorf("set %s on the running server: %w", key, err))
	}
	return errors.Join(faults...)
}

// serverRefused tells an answer of the server from a broken connection. Spark
// 4.0 gives the one for a bad value no class.
func serverRefused(err error) bool {
	var spark *component.SparkError
	return errors.As(err, &spark) && (spark.Class != "" || spark.JavaClass != "")
}

func (c *Conn) setPairs(ctx context.Context, conf map[string]string, keys ...string) error {
	set := &wire.ConfigRequest_Set{}
	for _, key := range keys {
		value := conf[key]
		set.Pairs = append(set.Pairs, &wire.KeyValue{Key: key, Value: &value})
	}
	_, err := c.Configure(ctx, &wire.ConfigRequest_Operation{OpType: &wire.ConfigRequest_Operation_Set{Set: set}})
	return withoutSecrets(err, conf, keys)
}

// Conf returns the value of a property and whether it has one, set or by
// default.
func (c *Conn) Conf(ctx context.Context, key string) (string, bool, error) {
	op := &wire.ConfigRequest_GetOption{Keys: []string{key}}
	resp, err := c.Configure(ctx, &wire.ConfigRequest_Operation{OpType: &wire.ConfigRequest_Operation_GetOption{GetOption: op}})
	if err != nil {
		return "", false, fmt.Errorf("read %s: %w", key, err)
	}
	for _, pair := range resp.GetPairs() {
		if pair.GetKey() == key {
			return pair.GetValue(), pair.Value != nil, nil
		}
	}
	return "", false, nil
}

// AllConf returns the properties whose keys begin with the prefix, under their
// whole keys. An empty prefix is for all.
func (c *Conn) AllConf(ctx context.Context, prefix string) (map[string]string, error) {
	op := &wire.ConfigRequest_GetAll{}
	if prefix != "" {
		op.Prefix = &prefix
	}
	resp, err := c.Configure(ctx, &wire.ConfigRequest_Operation{OpType: &wire.ConfigRequest_Operation_GetAll{GetAll: op}})
	if err != nil {
		return nil, fmt.Errorf("read the properties %s*: %w", prefix, err)
	}
	all := make(map[string]string, len(resp.GetPairs()))
	for _, pair := range resp.GetPairs() {
		all[prefix+pair.GetKey()] = pair.GetValue() // the server cuts the prefix off
	}
	return all, nil
}

// UnsetConf gives properties of the session the defaults that Spark has built
// in. What the server does not let go is an error that names the keys.
func (c *Conn) UnsetConf(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	op := &wire.ConfigRequest_Unset{Keys: keys}
	_, err := c.Configure(ctx, &wire.ConfigRequest_Operation{OpType: &wire.ConfigRequest_Operation_Unset{Unset: op}})
	if err != nil {
		return fmt.Errorf("unset %s: %w", strings.Join(keys, ", "), err)
	}
	return nil
}

// IsModifiable reports whether a property can be set in the session. One that
// the server does not know cannot.
func (c *Conn) IsModifiable(ctx context.Context, key string) (bool, error) {
	op := &wire.ConfigRequest_IsModifiable{Keys: []string{key}}
	resp, err := c.Configure(ctx, &wire.ConfigRequest_Operation{OpType: &wire.ConfigRequest_Operation_IsModifiable{IsModifiable: op}})
	if err != nil {
		return false, fmt.Errorf("ask about %s: %w", key, err)
	}
	for _, pair := range resp.GetPairs() {
		if pair.GetKey() == key {
			return pair.GetValue() == "true", nil
		}
	}
	return false, nil
}

// Configure reads or changes the session's properties. It blocks for one round
// trip.
func (c *Conn) Configure(ctx context.Context, op *wire.ConfigRequest_Operation) (*wire.ConfigResponse, error) {
	req := &wire.ConfigRequest{SessionId: c.sessionID, UserContext: c.userContext(), ClientType: &c.agent, Operation: op}
	var resp wire.ConfigResponse
	if err := c.invoke(ctx, "Config", req, &resp); err != nil {
		return nil, err
	}
	return &resp, nil
}
