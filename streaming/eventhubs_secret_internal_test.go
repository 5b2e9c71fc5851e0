package streaming

import (
	"crypto/aes"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEventHubsConnectionString does what the connector does to read it.
func TestEventHubsConnectionString(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "x", "0123456789abcdef", "Endpoint=sb://a;EntityPath=ü"} {
		sent, err := encryptForEventHubs(text, "2.3.15")
		require.NoError(t, err)
		data, err := base64.StdEncoding.DecodeString(sent)
		require.NoError(t, err)
		key, err := pbkdf2.Key(sha256.New, "2.3.15", []byte("2.3.15"), 1000, 32)
		require.NoError(t, err)
		block, err := aes.NewCipher(key)
		require.NoError(t, err)
		for i := 0; i < len(data); i += aes.BlockSize {
			block.Decrypt(data[i:], data[i:])
		}
		require.Equal(t, text, string(data[:len(data)-int(data[len(data)-1])]))
	}
}
