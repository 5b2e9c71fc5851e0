package audit

import (
	"regexp"
	"strings"
)

// pattern is a form that secrets have. It is only tried on texts with one of its
// hints in them; without hints on all. Group 1, if there is one, is what is
// hidden.
type pattern struct {
	hints []string
	what  *regexp.Regexp
}

// builtinPatterns are forms that are secret whatever stands before them.
var builtinPatterns = []pattern{
	{[]string{"-----BEGIN"}, regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:[\s\S]*?-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|[\s\S]*)`)},
	{[]string{"eyJ"}, regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){0,3}`)},
	{[]string{"AKIA", "ASIA", "ABIA", "ACCA"}, regexp.MustCompile(`\bA(?:KI|SI|BI|CC)A[A-Z0-9]{16}\b`)},
	{[]string{"earer ", "EARER "}, regexp.MustCompile(`(?i)\bbearer\s+([A-Za-z0-9._~+/=-]{6,})`)},
	{[]string{"gh", "github_pat_"}, regexp.MustCompile(`\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})`)},
	{[]string{"xox"}, regexp.MustCompile(`\bxox[abeprs]-[A-Za-z0-9-]{10,}`)},
	{[]string{"hvs.", "hvb.", "hvr."}, regexp.MustCompile(`\bhv[sbr]\.[A-Za-z0-9_-]{20,}`)},
	{[]string{"dapi"}, regexp.MustCompile(`\bdapi[0-9a-f]{32}(?:-\d+)?\b`)},
	{[]string{"AIza"}, regexp.MustCompile(`\bAIza[A-Za-z0-9_-]{35}`)},
	{[]string{"ya29."}, regexp.MustCompile(`\bya29\.[A-Za-z0-9_-]{10,}`)},
}

// hide applies one pattern.
func (p pattern) hide(text, mask string) string {
	if !p.hinted(text) {
		return text
	}
	if p.what.NumSubexp() == 0 {
		return p.what.ReplaceAllLiteralString(text, mask)
	}
	var out strings.Builder
	last := 0
	for _, at := range p.what.FindAllStringSubmatchIndex(text, -1) {
		from, to := at[2], at[3]
		if from < 0 {
			from, to = at[0], at[1]
		}
		if from < last {
			continue
		}
		out.WriteString(text[last:from])
		out.WriteString(mask)
		last = to
	}
	return out.String() + text[last:]
}

func (p pattern) hinted(text string) bool {
	if len(p.hints) == 0 {
		return true
	}
	for _, hint := range p.hints {
		if strings.Contains(text, hint) {
			return true
		}
	}
	return false
}

// oracleUser is user/password@ of Oracle's thin and OCI drivers.
var oracleUser = regexp.MustCompile(`(?i)(jdbc:oracle:[a-z0-9]+:[^/@\s"':]+/)([^\s]+)@`)

// hideURLs hides what stands before the @ of a URL: the password, or all of it
// where a single word is usually a token.
func hideURLs(text, mask string) string {
	if strings.Contains(text, "/") && strings.Contains(strings.ToLower(text), "jdbc:oracle:") {
		text = oracleUser.ReplaceAllString(text, "${1}"+strings.ReplaceAll(mask, "$", "$$")+"@")
	}
	var out strings.Builder
	for {
		scheme, rest, found := strings.Cut(text, "://")
		out.WriteString(scheme)
		if !found {
			return out.String()
		}
		out.WriteString("://")
		end := userInfoEnd(rest)
		out.WriteString(hiddenUserInfo(scheme, rest[:end], mask))
		text = rest[end:]
	}
}

// userInfoEnd returns where the @ of the user information stands, or 0.
func userInfoEnd(rest string) int {
	run := strings.IndexAny(rest, " \t\r\n\"'`<>|\\")
	if run < 0 {
		run = len(rest)
	}
	run = beforeNextURL(rest[:run])
	authority := strings.IndexAny(rest[:run], "/?#")
	if authority < 0 {
		authority = run
	}
	if at := strings.LastIndexByte(rest[:authority], '@'); at >= 0 {
		// A password with a slash that is not escaped ends behind the authority.
		if later := strings.LastIndexByte(rest[:run], '@'); strings.Contains(rest[:at], ":") && later > at {
			return later
		}
		return at
	}
	user, port, found := strings.Cut(rest[:authority], ":")
	if found && user != "" && !strings.HasPrefix(user, "[") && strings.Trim(port, "0123456789,;:") != "" {
		return max(0, strings.LastIndexByte(rest[:run], '@'))
	}
	return 0
}

// beforeNextURL is the length of the text up to a second URL in it.
func beforeNextURL(run string) int {
	next := strings.Index(run, "://")
	if next < 0 {
		return len(run)
	}
	return strings.LastIndexFunc(run[:next], func(r rune) bool { return !isNameRune(r) && r != '+' }) + 1
}

func hiddenUserInfo(scheme, info, mask string) string {
	user, _, hasPassword := strings.Cut(info, ":")
	scheme = strings.ToLower(scheme)
	switch {
	case info == "":
		return ""
	case hasPassword:
		return user + ":" + mask
	case strings.HasSuffix(scheme, "http") || strings.HasSuffix(scheme, "https"):
		return mask // a token
	}
	return info
}
