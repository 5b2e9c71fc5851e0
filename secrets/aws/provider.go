package aws

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// DefaultTimeout is the one of a [secrets.AWSConfig] that sets none.
const DefaultTimeout = 10 * time.Second

// maxBackoff is the longest wait between two of the three tries of a request.
const maxBackoff = time.Second

// Provider reads from the Secrets Manager of one region. Make it with [New].
type Provider struct {
	client *secretsmanager.Client
}

var _ secrets.Provider = (*Provider)(nil)

// New returns a provider. It reads the environment and the shared files of AWS,
// and asks no service.
func New(ctx context.Context, cfg secrets.AWSConfig) (*Provider, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("aws: %w", err)
	}
	options := []func(*config.LoadOptions) error{
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = maxBackoff })
		}),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(cmp.Or(cfg.Timeout, DefaultTimeout))),
	}
	if cfg.Region != "" {
		options = append(options, config.WithRegion(cfg.Region))
	}
	if cfg.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(cfg.Profile))
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("aws: read the settings of AWS: %w", err)
	}
	if loaded.Region == "" {
		return nil, errors.New("aws: region: is missing; set it, or the environment variable AWS_REGION")
	}
	client := secretsmanager.NewFromConfig(loaded, func(o *secretsmanager.Options) {
		if cfg.Endpoint != "" {
			o.BaseEndpoint = &cfg.Endpoint
		}
	})
	return &Provider{client}, nil
}

// Maker makes providers of the kind aws; see [secrets.BuildOptions].
func Maker(ctx context.Context, cfg secrets.ProviderConfig) (secrets.Provider, error) {
	if cfg.AWS == nil {
		return nil, errors.New("aws: the block aws is missing")
	}
	return New(ctx, *cfg.AWS)
}

// Fetch implements [secrets.Provider].
func (p *Provider) Fetch(ctx context.Context, ref secrets.Ref) (secrets.Secret, error) {
	input := &secretsmanager.GetSecretValueInput{SecretId: &ref.Path}
	if ref.Version != "" {
		input.VersionId = &ref.Version
	}
	if ref.Stage != "" {
		input.VersionStage = &ref.Stage
	}
	output, err := p.client.GetSecretValue(ctx, input)
	if err != nil {
		return secrets.Secret{}, &secrets.Error{Op: "read", Ref: ref, Err: explain(ctx, err)}
	}
	out := secrets.Secret{}
	if output.VersionId != nil {
		out.Version = *output.VersionId
	}
	document := secrets.NewValue(string(output.SecretBinary))
	if output.SecretString != nil {
		document = secrets.NewValue(*output.SecretString)
	}
	if out.Value, err = secrets.Member(document, ref.Key); err != nil {
		return secrets.Secret{}, &secrets.Error{Op: "read", Ref: ref, Err: err}
	}
	return out, nil
}
