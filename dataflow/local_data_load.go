package dataflow

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/spark-connect-go/v40/spark/sql"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/columnar"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// cachedChunk is the size up to which data is cached in one piece. More makes a
// union of several, so that never all of it is in memory here.
const cachedChunk = 32 << 20

// localData is data of this machine on its way to Spark.
type localData struct {
	schema  *arrow.Schema
	def     schema.Definition
	batches iter.Seq2[arrow.Record, error] // of batchRows and batchBytes at most
}

// loader is one load.
type loader struct {
	session *Session
	opts    LocalDataOptions
	schema  *arrow.Schema
	def     schema.Definition
	sent    schema.Definition // as Spark takes the data
	ddl     string            // the same for the server
	finish  bool              // the columns are to be cast or named when they are there
	next    func() (arrow.Record, error, bool)
	head    []arrow.Record // read and retained
	size    int64          // of the head
	ended   bool           // the head is all there is
}

func (s *Session) load(ctx context.Context, data localData, opts *LocalDataOptions) (sql.DataFrame, error) {
	l := loader{session: s, schema: data.schema, def: data.def}
	if opts != nil {
		l.opts = *opts
	}
	if err := l.describe(); err != nil {
		return nil, err
	}
	next, stop := iter.Pull2(data.batches)
	defer stop()
	l.next = next
	defer l.drop()
	frame, err := l.send(ctx)
	if err != nil {
		return nil, err
	}
	return l.finished(ctx, frame)
}

func (l *loader) send(ctx context.Context) (sql.DataFrame, error) {
	switch l.opts.Strategy {
	case LocalDataStrategyAuto:
		return l.auto(ctx)
	case LocalDataStrategyInline:
		return l.inline(ctx)
	case LocalDataStrategyCached:
		return l.cached(ctx)
	case LocalDataStrategyStaged:
		place, err := l.place(ctx)
		if err != nil {
			return nil, fmt.Errorf("stage the data: %w", err)
		}
		return l.staged(ctx, place)
	}
	return nil, fmt.Errorf("there is no LocalDataStrategy %d", l.opts.Strategy)
}

// fill reads on until the head is larger than limit or all there is.
func (l *loader) fill(limit int64) error {
	for !l.ended && l.size <= limit {
		batch, err, ok := l.next()
		if !ok {
			l.ended = true
			break
		}
		if err != nil {
			return err
		}
		batch.Retain()
		l.head = append(l.head, batch)
		l.size += columnar.SizeOf(batch)
	}
	return nil
}

// drop gives the head up.
func (l *loader) drop() {
	for _, batch := range l.head {
		batch.Release()
	}
	l.head, l.size = nil, 0
}

func (l *loader) auto(ctx context.Context) (sql.DataFrame, error) {
	if err := l.fill(InlineLimit); err != nil {
		return nil, err
	}
	if l.ended && l.size <= InlineLimit {
		return l.inline(ctx)
	}
	place, err := l.place(ctx)
	if err == nil {
		return l.staged(ctx, place)
	}
	if ctx.Err() != nil {
		return nil, err
	}
	l.session.logger.Warn("local data is sent as a cached relation, which Spark reads slowly, since it cannot be staged", zap.Error(err))
	return l.cached(ctx)
}

// maxInline is what fits into a message beside the rest of a plan.
const maxInline = 100 << 20

func (l *loader) inline(context.Context) (sql.DataFrame, error) {
	if err := l.fill(maxInline); err != nil {
		return nil, err
	}
	if !l.ended {
		return nil, fmt.Errorf("more than %d MiB of data do not fit into a plan; take another LocalDataStrategy", maxInline>>20)
	}
	rel, err := l.localRelation()
	if err != nil {
		return nil, err
	}
	return l.session.relation(&wire.Relation{RelType: &wire.Relation_LocalRelation{LocalRelation: rel}})
}

// localRelation makes the relation of the head. Without rows it is the schema
// alone: Spark asks for one then.
func (l *loader) localRelation() (*wire.LocalRelation, error) {
	rel := &wire.LocalRelation{Schema: &l.ddl}
	if len(l.head) == 0 {
		return rel, nil
	}
	var err error
	rel.Data, err = arrowStream(l.schema, l.head)
	return rel, err
}

// cached sends the data in chunks that are found by their content.
func (l *loader) cached(ctx context.Context) (sql.DataFrame, error) {
	var frames []sql.DataFrame
	for {
		if err := l.fill(cachedChunk); err != nil {
			return nil, err
		}
		if len(l.head) == 0 && len(frames) > 0 {
			break
		}
		rel, err := l.localRelation()
		if err != nil {
			return nil, err
		}
		l.drop()
		frame, err := l.session.cachedRelation(ctx, rel)
		if err != nil {
			return nil, err
		}
		frames = append(frames, frame)
		if l.ended {
			break
		}
	}
	return union(ctx, frames), nil
}

// union unites frames in order. A tree that is no deeper than it must be keeps
// far from the server's limit of nested messages.
func union(ctx context.Context, frames []sql.DataFrame) sql.DataFrame {
	for len(frames) > 1 {
		var pairs []sql.DataFrame
		for i := 0; i < len(frames); i += 2 {
			if i+1 < len(frames) {
				pairs = append(pairs, frames[i].UnionAll(ctx, frames[i+1]))
			} else {
				pairs = append(pairs, frames[i])
			}
		}
		frames = pairs
	}
	return frames[0]
}

// cachedRelation sends the relation unless the session has it.
func (s *Session) cachedRelation(ctx context.Context, rel *wire.LocalRelation) (sql.DataFrame, error) {
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(rel)
	if err != nil {
		return nil, fmt.Errorf("marshal the data: %w", err)
	}
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:])
	name := "cache/" + hash
	have, err := s.conn.ArtifactsExist(ctx, name)
	if err != nil {
		return nil, err
	}
	if !have[0] {
		artifact := connect.Artifact{Name: name, Data: bytes.NewReader(data), Size: int64(len(data))}
		// Somebody else on the session may have been faster with the same content.
		if err := s.conn.AddArtifacts(ctx, connect.Artifacts(artifact)); err != nil && !errors.Is(err, connect.ErrArtifactExists) {
			return nil, err
		}
	}
	return s.relation(&wire.Relation{RelType: &wire.Relation_CachedLocalRelation{
		CachedLocalRelation: &wire.CachedLocalRelation{Hash: hash},
	}})
}
