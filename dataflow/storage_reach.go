package dataflow

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// redactionKey is the property with a regular expression of what Spark hides in
// texts of its own, such as the statements in its web pages and event logs.
const redactionKey = "spark.sql.redaction.string.regex"

// hiddenOptions finds the options of a plan that Spark writes there as text. Spark
// hides options in the plans that it prints, but not in the statement.
const hiddenOptions = `(?i)key: "[^"]*(?:passw|secret|token|credential|key|jaas)[^"]*"\s+value: "(?:[^"\\]++|\\.)*+"`

// storeBounds are the tries of Hadoop where nobody has said how many: with its own
// it takes up to half an hour until it tells that a store does not answer.
var storeBounds = map[string]string{"fs.s3a.attempts.maximum": "1", "fs.s3a.retry.limit": "2"}

// reach gives the options for the paths, and makes sure that the server shows no
// credentials in its pages. The zero value costs nothing; otherwise it is a round
// trip, and one more the first time in a session.
func (o ObjectStore) reach(ctx context.Context, spark *Session, paths []string) (options.Set, error) {
	if !o.isSet() {
		return nil, nil
	}
	set := o.hadoop(paths)
	spark.Conceal(o.AccessKey, o.SecretKey, o.SessionToken, o.KeyJSON)
	spark.concealAll(set)
	ask := []string{redactionKey, protocolKey}
	for key := range storeBounds {
		ask = append(ask, key, "spark.hadoop."+key)
	}
	have, err := spark.properties(ctx, ask)
	if err != nil {
		return nil, err
	}
	for key, value := range storeBounds {
		if _, known := set["fs.s3a.endpoint"]; known && have[key] == "" && have["spark.hadoop."+key] == "" {
			set[key] = value
		}
	}
	if _, known := set["fs.gs.storage.root.url"]; known && have[protocolKey] != cloudProtocol {
		// Hadoop 3.4 has one for this store of which Spark's own protocol knows nothing.
		set["mapreduce.outputcommitter.factory.scheme.gs"] = "org.apache.hadoop.mapreduce.lib.output.FileOutputCommitterFactory"
	}
	return set, spark.hideOptions(ctx, have[redactionKey])
}

// The property with the class by which Spark commits files, and the one that the
// committers of object stores want.
const (
	protocolKey   = "spark.sql.sources.commitProtocolClass"
	cloudProtocol = "org.apache.spark.internal.io.cloud.PathOutputCommitProtocol"
)

// ErrPartitionsKept is returned for an overwrite of single partitions on a server
// that would leave their old files beside the new ones without a word: one whose
// property spark.sql.sources.commitProtocolClass is the PathOutputCommitProtocol of
// Spark's module for clouds. Nothing has been written.
var ErrPartitionsKept = errors.New("the server would keep the old files of the partitions beside the new ones")

// replacesPartitions makes sure, with a round trip, that an overwrite of single
// partitions is one.
func (s *Session) replacesPartitions(ctx context.Context) error {
	have, err := s.properties(ctx, []string{protocolKey})
	if err != nil || have[protocolKey] != cloudProtocol {
		return err
	}
	return fmt.Errorf("%w, since its %s is %s; set it to org.apache.spark.sql.execution.datasources.SQLHadoopMapReduceCommitProtocol, which spark_conf can",
		ErrPartitionsKept, protocolKey, cloudProtocol)
}

// hideOptions adds hiddenOptions to what Spark hides already. It stays so for the
// session: its later statements hold the options again. A server that does not let
// it be set goes on showing them, which is worth a line in the log and no more.
func (s *Session) hideOptions(ctx context.Context, have string) error {
	if strings.Contains(have, hiddenOptions) {
		return nil
	}
	pattern := hiddenOptions
	if have != "" {
		pattern = "(?:" + have + ")|(?:" + hiddenOptions + ")"
	}
	err := s.conn.SetConf(ctx, map[string]string{redactionKey: pattern})
	if err != nil && classOf(err) != "" {
		s.logger.Warn("the web pages and event logs of the server show credentials, since it cannot be told to hide them", zap.String("property", redactionKey), zap.Error(err))
		return nil
	}
	return err
}

// properties asks for several properties at once; those without a value are empty.
func (s *Session) properties(ctx context.Context, keys []string) (map[string]string, error) {
	op := &wire.ConfigRequest_GetOption{Keys: keys}
	resp, err := s.conn.Configure(ctx, &wire.ConfigRequest_Operation{OpType: &wire.ConfigRequest_Operation_GetOption{GetOption: op}})
	if err != nil {
		return nil, err
	}
	have := make(map[string]string, len(keys))
	for _, pair := range resp.GetPairs() {
		have[pair.GetKey()] = pair.GetValue()
	}
	return have, nil
}
