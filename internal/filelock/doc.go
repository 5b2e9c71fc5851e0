// Package filelock locks files between processes, and makes the names in a folder
// last.
//
//	file, err := os.OpenFile("orders.lock", os.O_CREATE|os.O_RDWR, 0o600)
//	...
//	free, err := filelock.Try(file)
//	if err != nil || !free {
//		return err // somebody else has it
//	}
//	defer filelock.Unlock(file)
//
// A lock belongs to the open file: the same process does not get it twice through two
// of them. The system gives it back when the process ends, in whatever way, so it
// cannot be stale. What is in the file may be read by those who do not have the lock.
//
// # Errors
//
// On a system without such locks Try returns [errors.ErrUnsupported].
//
// # Concurrency
//
// The functions are safe for concurrent use with different files.
package filelock
