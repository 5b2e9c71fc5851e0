package sqltext

import (
	"fmt"
	"strings"
)

// reason words what a statement is instead of a query.
func reason(verb string) string {
	if verb == "BEGIN" {
		return "it is a script"
	}
	if !verbs[verb] {
		return fmt.Sprintf("it begins with %q, which is no query", verb)
	}
	article := "a"
	if strings.IndexByte("AEIO", verb[0]) >= 0 || strings.HasPrefix(verb, "UN") || verb == "UPDATE" {
		article = "an"
	}
	return "it is " + article + " " + verb + " statement"
}

// verbs are the keywords that begin a statement that is no query.
var verbs = map[string]bool{
	"INSERT": true, "CREATE": true, "REPLACE": true, "MERGE": true, "UPDATE": true, "DELETE": true, "DROP": true,
	"ALTER": true, "TRUNCATE": true, "CACHE": true, "UNCACHE": true, "CLEAR": true, "LOAD": true, "MSCK": true,
	"REPAIR": true, "EXPLAIN": true, "DESCRIBE": true, "DESC": true, "ANALYZE": true, "SET": true, "RESET": true,
	"USE": true, "SHOW": true, "REFRESH": true, "COMMENT": true, "ADD": true, "LIST": true, "DECLARE": true,
	"CALL": true, "EXECUTE": true, "GRANT": true, "REVOKE": true, "EXPORT": true, "IMPORT": true, "LOCK": true,
	"UNLOCK": true, "START": true, "COMMIT": true, "ROLLBACK": true, "DFS": true, "OPTIMIZE": true, "VACUUM": true,
	"RESTORE": true, "COPY": true, "CONVERT": true, "UNDROP": true, "REORG": true, "FETCH": true, "OPEN": true, "CLOSE": true,
}
