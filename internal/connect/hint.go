package connect

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// classHints say what to do about error classes that beginners meet.
var classHints = map[string]string{
	"CANNOT_MODIFY_CONFIG":             "it can be set only where the server is started; set it there or leave it out",
	"INVALID_HANDLE.SESSION_CLOSED":    "the server has closed the session; open a new one",
	"INVALID_HANDLE.SESSION_CHANGED":   "the server was restarted and has a new, empty session; open a new one",
	"INVALID_HANDLE.SESSION_NOT_FOUND": "the server no longer knows the session, it was restarted or idle for too long; open a new one",
}

// hint is the advice for an error, or empty. Transport errors carry no class,
// so that their text is all there is to tell two beginner's mistakes apart; the
// advice is for people and nothing branches on it.
func (l *link) hint(spark *component.SparkError) string {
	if text := classHints[spark.Class]; text != "" {
		return text
	}
	if spark.Class != "" {
		return missingSource(spark)
	}
	if hint := storageHint(spark); hint != "" {
		return hint
	}
	text := spark.Message
	if hint := l.security.hint(text, l.version.Load() != nil); hint != "" {
		return hint
	}
	switch {
	case strings.Contains(text, "does not look like a TLS handshake"):
		return "the server speaks plain text: write use_ssl=false in the connection string, or put TLS in front of the server"
	case strings.Contains(text, "error reading server preface") && l.version.Load() == nil: // or it is dying
		return "something answers there that is no Spark Connect server without TLS: check the port, or add use_ssl=true"
	case spark.Code == "Unauthenticated":
		return l.security.token.hint(text)
	case spark.Code != "Unavailable":
		return ""
	case l.version.Load() == nil:
		return "is a Spark Connect server listening there?"
	case l.opts.ServerLog != "":
		return "the Spark Connect server went away; its log is " + l.opts.ServerLog
	}
	return fmt.Sprintf("the Spark Connect server at %s went away; its log says why", l.addr.Endpoint())
}

func stackFrame(f *wire.FetchErrorDetailsResponse_StackTraceElement) string {
	line := ""
	if f.GetLineNumber() > 0 {
		line = ":" + strconv.Itoa(int(f.GetLineNumber()))
	}
	return fmt.Sprintf("%s.%s(%s%s)", f.GetDeclaringClass(), f.GetMethodName(), f.GetFileName(), line)
}
