package storetest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/storetest"
)

func TestS3_answers(t *testing.T) {
	t.Parallel()
	service := storetest.S3(t)
	answer, err := http.Get(service.Endpoint + "/bucket/object")
	require.NoError(t, err)
	defer answer.Body.Close()
	require.GreaterOrEqual(t, answer.StatusCode, 400, "nothing without credentials")
	require.NotEmpty(t, service.AccessKey)
	require.NotEmpty(t, service.SecretKey)
}

func TestPostgres_needsAPassword(t *testing.T) {
	t.Parallel()
	require.True(t, strings.HasPrefix(storetest.Postgres(t), "postgres://"))
}
