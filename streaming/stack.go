package streaming

import (
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
)

// parseStack reads the text of a Java stack trace: an exception with its message and
// its frames, and after "Caused by:" the next.
func parseStack(text string) []component.SparkCause {
	var out []component.SparkCause
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		cause, isCause := strings.CutPrefix(line, "Caused by: ")
		frame, isFrame := strings.CutPrefix(line, "\tat ")
		if isCause || len(out) == 0 {
			out = append(out, parseCause(cause))
			continue
		}
		switch last := &out[len(out)-1]; {
		case isFrame:
			last.Stack = append(last.Stack, frame)
		case len(last.Stack) == 0: // the message goes on
			last.Message += "\n" + line
		}
	}
	for i := range out {
		out[i].Message = strings.TrimSpace(out[i].Message)
		out[i].ErrorClass, out[i].SQLState = classOf(out[i].Message)
	}
	return out
}

// parseCause reads "java.lang.X: message".
func parseCause(line string) component.SparkCause {
	class, message, _ := strings.Cut(line, ": ")
	return component.SparkCause{Class: class, Message: message}
}

// classOf reads the class and the state that stand in a message of Spark's own,
// "[CLASS] text SQLSTATE: 12345".
func classOf(message string) (class, state string) {
	rest, ok := strings.CutPrefix(message, "[")
	if !ok {
		return "", ""
	}
	class, text, ok := strings.Cut(rest, "] ")
	if !ok || class == "" || strings.Trim(class, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") != "" {
		return "", ""
	}
	if _, after, found := strings.Cut(text, " SQLSTATE: "); found && len(after) >= 5 {
		state = after[:5]
	}
	return class, state
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
