// Package secrets holds texts that must not be seen: passwords, tokens, and URLs
// with either in them.
//
// A [Value] travels through settings, logs and errors like any other value, but
// every way of printing or marshalling it says [REDACTED]. It is filled from a
// configuration file or with [NewValue], and opened with [Value.Reveal] at the
// last line before it is used:
//
//	password := secrets.NewValue(os.Getenv("DB_PASSWORD"))
//	log.Printf("connect as %s with %v", user, password) // ... with [REDACTED]
//	db.Connect(user, password.Reveal())
//
// # Concurrency
//
// A Value is safe for concurrent use and may be compared with ==.
package secrets
