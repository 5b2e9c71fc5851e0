// Package checkpointtest checks that a store of checkpoints keeps the contract
// of [checkpoint.Store].
//
//	func TestStore(t *testing.T) {
//		checkpointtest.Run(t, func(t *testing.T) (one, other checkpoint.Store) {
//			url := emptyDatabase(t)
//			return open(t, url), open(t, url)
//		})
//	}
package checkpointtest
