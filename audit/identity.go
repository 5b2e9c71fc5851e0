package audit

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"os"
	"os/user"
	"sync"
	"time"
)

// identity is who this process is.
type identity struct {
	user, host string
	pid        int
}

// self finds it once.
var self = sync.OnceValue(func() identity {
	id := identity{pid: os.Getpid()}
	if account, err := user.Current(); err == nil {
		id.user = account.Username
	}
	id.user = cmp.Or(id.user, os.Getenv("USER"), os.Getenv("USERNAME"))
	if host, err := os.Hostname(); err == nil {
		id.host = host
	}
	return id
})

// stamp fills what every event has.
func stamp(e Event, now func() time.Time) Event {
	e.SchemaVersion = SchemaVersion
	if e.ID == "" {
		e.ID = randomHex(8)
	}
	if e.Time.IsZero() {
		e.Time = Time{now()}
	}
	e.Time = At(e.Time.Time)
	e.User, e.Host, e.PID = cmp.Or(e.User, self().user), cmp.Or(e.Host, self().host), cmp.Or(e.PID, self().pid)
	return e
}

// own is an event of a sink about itself.
func own(action Action, status Status, resource string, now func() time.Time, metadata map[string]string) Event {
	return stamp(Event{Action: action, Status: status, Actor: "audit", Resource: resource, Metadata: metadata}, now)
}

func randomHex(bytes int) string {
	random := make([]byte, bytes)
	_, _ = rand.Read(random) // never fails
	return hex.EncodeToString(random)
}
