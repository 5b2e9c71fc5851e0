package dataflow

import (
	"context"
	"errors"
	"fmt"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// storeBounds are the tries of Hadoop where nobody has said how many: with its own
// it takes up to half an hour until it tells that a store does not answer.
var storeBounds = map[string]string{"fs.s3a.attempts.maximum": "1", "fs.s3a.retry.limit": "2"}

// reach gives the options for the paths, and makes sure that the server shows no
// credentials in its pages. The zero value costs nothing; otherwise it is a round
// trip, and two more the first time in a session.
func (o ObjectStore) reach(ctx context.Context, spark *Session, paths []string) (options.Set, error) {
	if !o.isSet() {
		return nil, nil
	}
	set := o.hadoop(paths)
	spark.Conceal(o.AccessKey, o.SecretKey, o.SessionToken, o.KeyJSON)
	ask := []string{protocolKey}
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
	return set, spark.ConcealOptions(ctx, set)
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
