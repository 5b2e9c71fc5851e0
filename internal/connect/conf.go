package connect

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

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
		if have, getErr := c.conf(ctx, key); getErr == nil && have != nil && *have == conf[key] {
			continue
		}
		faults = append(faults, fmt.Errorf("set %s on the running server: %w", key, err))
	}
	return errors.Join(faults...)
}

// serverRefused tells an answer of the server from a broken connection.
func serverRefused(err error) bool {
	var spark *component.SparkError
	return errors.As(err, &spark) && spark.Class != ""
}

func (c *Conn) setPairs(ctx context.Context, conf map[string]string, keys ...string) error {
	set := &wire.ConfigRequest_Set{}
	for _, key := range keys {
		value := conf[key]
		set.Pairs = append(set.Pairs, &wire.KeyValue{Key: key, Value: &value})
	}
	_, err := c.configure(ctx, &wire.ConfigRequest_Operation{OpType: &wire.ConfigRequest_Operation_Set{Set: set}})
	return err
}

// conf returns the value of a property, or nil when it is not set.
func (c *Conn) conf(ctx context.Context, key string) (*string, error) {
	op := &wire.ConfigRequest_GetOption{Keys: []string{key}}
	resp, err := c.configure(ctx, &wire.ConfigRequest_Operation{OpType: &wire.ConfigRequest_Operation_GetOption{GetOption: op}})
	if err != nil {
		return nil, err
	}
	for _, pair := range resp.GetPairs() {
		if pair.GetKey() == key {
			return pair.Value, nil
		}
	}
	return nil, nil
}

func (c *Conn) configure(ctx context.Context, op *wire.ConfigRequest_Operation) (*wire.ConfigResponse, error) {
	req := &wire.ConfigRequest{SessionId: c.sessionID, UserContext: c.userContext(), ClientType: &c.agent, Operation: op}
	var resp wire.ConfigResponse
	if err := c.invoke(ctx, "Config", req, &resp); err != nil {
		return nil, err
	}
	return &resp, nil
}
