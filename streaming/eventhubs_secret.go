package streaming

import (
	"crypto/aes"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// eventHubsRounds and eventHubsKeySize are those of the connector.
const (
	eventHubsRounds  = 1000
	eventHubsKeySize = 32
)

// encryptForEventHubs writes a connection string as the connector wants it: AES in
// blocks of their own, under a key that is made of the connector's version. That
// keeps nothing secret, as everybody knows the key.
func encryptForEventHubs(text, version string) (string, error) {
	key, err := pbkdf2.Key(sha256.New, version, []byte(version), eventHubsRounds, eventHubsKeySize)
	if err != nil {
		return "", fmt.Errorf("key of the connection string: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", fmt.Errorf("cipher of the connection string: %w", err)
	}
	data := []byte(text)
	pad := aes.BlockSize - len(data)%aes.BlockSize
	for range pad {
		data = append(data, byte(pad))
	}
	for i := 0; i < len(data); i += aes.BlockSize {
		block.Encrypt(data[i:], data[i:])
	}
	return base64.StdEncoding.EncodeToString(data), nil
}
