package storetest_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/storetest"
)

func TestMoto_answers(t *testing.T) {
	t.Parallel()
	url := storetest.Moto(t)
	answer, err := http.Get(url + "/moto-api/")
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
}

func TestOpenBao_answersAndStops(t *testing.T) {
	t.Parallel()
	vault := storetest.OpenBao(t)
	answer, err := http.Get(vault.Address + "/v1/sys/seal-status")
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	vault.Stop(t)
	_, err = net.Dial("tcp", strings.TrimPrefix(vault.Address, "http://"))
	require.Error(t, err)
}
