package storetest_test

import (
	"net"
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

func TestGCS_hasTheBuckets(t *testing.T) {
	t.Parallel()
	answer, err := http.Get(storetest.GCS(t, "one") + "/storage/v1/b/one")
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
}

func TestPostgres_needsAPassword(t *testing.T) {
	t.Parallel()
	require.True(t, strings.HasPrefix(storetest.Postgres(t), "postgres://"))
}

func TestMariaDB_answersAndStops(t *testing.T) {
	t.Parallel()
	db := storetest.MariaDB(t)
	conn, err := net.Dial("tcp", db.Addr)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	db.Stop(t)
	_, err = net.Dial("tcp", db.Addr)
	require.Error(t, err)
}
