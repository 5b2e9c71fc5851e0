package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// UnlockSpark returns the pipeline with a block "spark" that has its secrets, for
// what opens a session outside of a run. It returns p itself when the block refers
// to none. It blocks as expand does.
func (p *Pipeline) UnlockSpark(ctx context.Context, expand config.Expand) (*Pipeline, error) {
	u := unlocker{ctx: ctx, expand: expand}
	spark := p.Spark
	u.value("spark.remote", &spark.Remote)
	u.value("spark.token", &spark.Token)
	u.text("spark.token_file", &spark.TokenFile)
	u.text("spark.master", &spark.Master)
	spark.TokenCommand = slices.Clone(spark.TokenCommand)
	for i := range spark.TokenCommand {
		u.text(fmt.Sprintf("spark.token_command[%d]", i), &spark.TokenCommand[i])
	}
	if p.Spark.TLS != nil {
		tls := *p.Spark.TLS
		spark.TLS = &tls
		u.text("spark.tls.ca_file", &tls.CAFile)
		u.text("spark.tls.cert_file", &tls.CertFile)
		u.text("spark.tls.key_file", &tls.KeyFile)
	}
	spark.Conf = maps.Clone(spark.Conf)
	for _, key := range slices.Sorted(maps.Keys(spark.Conf)) {
		value := spark.Conf[key]
		u.text("spark.spark_conf."+key, &value)
		spark.Conf[key] = value
	}
	if len(u.faults) > 0 {
		return nil, errors.Join(u.faults...)
	}
	if !u.changed {
		return p, nil
	}
	out := *p
	out.Spark = spark
	return &out, nil
}

// unlocker puts secrets in the place of references.
type unlocker struct {
	ctx     context.Context
	expand  config.Expand
	changed bool
	faults  []error
}

func (u *unlocker) value(path string, v *secrets.Value) {
	refs, err := secrets.FindRefs(v.Reveal())
	if err == nil && len(refs) == 0 {
		return
	}
	if err == nil {
		*v, err = u.expand(u.ctx, v.Reveal())
	}
	if err != nil {
		u.faults = append(u.faults, fmt.Errorf("%s: %w", path, err))
	}
	u.changed = true
}

func (u *unlocker) text(path string, text *string) {
	v := secrets.NewValue(*text)
	u.value(path, &v)
	*text = v.Reveal()
}

// unlockSpark is [Pipeline.UnlockSpark] with the secrets of a run.
func (v *vault) unlockSpark(ctx context.Context, p *Pipeline) (*Pipeline, error) {
	return p.UnlockSpark(ctx, v.expand)
}
