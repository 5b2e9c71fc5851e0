package connect

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
)

func TestErrorsOfSecretPropertiesHideTheirValues(t *testing.T) {
	t.Parallel()
	const secret = `s3nt(inel`
	conf := map[string]string{"my.password": " " + secret + " ", "my.token": "s3nt", "my.size": "12"}
	server := &component.SparkError{
		Class: "INVALID_CONF_VALUE", Message: "The value 'S3NT(INEL' of my.password is bad, so is 12 and s3nt.", ErrorID: "e",
		Parameters: map[string]string{"confValue": secret, "confName": "my.password", "n": "12"},
		Fetch: func(context.Context) ([]component.SparkCause, error) {
			return []component.SparkCause{{Message: "bad: " + secret}}, component.ErrNoDetails
		},
	}
	hidden := withoutSecrets(errors.Join(server), conf, []string{"my.password", "my.size", "my.token"})
	require.EqualError(t, hidden, "[INVALID_CONF_VALUE] The value '[REDACTED]' of my.password is bad, so is 12 and [REDACTED].")
	var got *component.SparkError
	require.ErrorAs(t, hidden, &got)
	require.Equal(t, map[string]string{"confValue": "[REDACTED]", "confName": "my.password", "n": "12"}, got.Parameters)
	causes, err := got.Causes(t.Context())
	require.ErrorIs(t, err, component.ErrNoDetails)
	require.Equal(t, []component.SparkCause{{Message: "bad: [REDACTED]"}}, causes)
	require.Contains(t, server.Message, "S3NT", "the error of others is left alone")

	require.Equal(t, error(server), withoutSecrets(server, conf, []string{"my.size"}), "nothing to hide")
	require.NoError(t, withoutSecrets(nil, conf, []string{"my.password"}))
	require.Equal(t, context.Canceled, withoutSecrets(context.Canceled, conf, []string{"my.password"}))
	bytes := withoutSecrets(&component.SparkError{Message: "bad \xff"}, map[string]string{"my.key": "\xff"}, []string{"my.key"})
	require.NotContains(t, bytes.Error(), "\xff")
}
