package kafkatest_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/kafkatest"
)

func TestStart(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("NOT RUN with -short: it starts a broker")
	}
	var broker *kafkatest.Broker
	t.Run("runs", func(t *testing.T) {
		broker = kafkatest.Start(t)
		require.NotZero(t, broker.PID)
		for _, address := range []string{broker.Servers, broker.SASLServers} {
			conn, err := net.Dial("tcp", address)
			require.NoError(t, err)
			require.NoError(t, conn.Close())
		}
	})
	if broker == nil {
		return // skipped
	}
	_, err := net.Dial("tcp", broker.Servers)
	require.Error(t, err, "it ends with the test that has started it")
}
