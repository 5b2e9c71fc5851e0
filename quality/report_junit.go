package quality

import (
	"context"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// JUnitReporter writes a file in the form of JUnit, which CI systems show: a test
// suite for each report, a test case for each rule. Rules of the action fail that
// failed are failures, rules that could not be evaluated errors; what other rules
// found stands in the output of their case. The file holds the reports of this
// process and is written anew, in one step, with each. It is safe for concurrent
// use.
type JUnitReporter struct{ file document }

// NewJUnitReporter returns a reporter for the file, which is made, with its folder,
// for the first report.
func NewJUnitReporter(path string) (*JUnitReporter, error) {
	if err := filePath("reports for JUnit", path); err != nil {
		return nil, err
	}
	return &JUnitReporter{document{path: path, write: junit}}, nil
}

// Report implements [Reporter].
func (j *JUnitReporter) Report(_ context.Context, r *Report) error {
	if err := j.file.add(r); err != nil {
		return fmt.Errorf("report the checks for JUnit: %w", err)
	}
	return nil
}

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
	Output     string          `xml:"system-out,omitempty"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name    string      `xml:"name,attr"`
	Class   string      `xml:"classname,attr"`
	Time    string      `xml:"time,attr"`
	Failure *junitFault `xml:"failure"`
	Error   *junitFault `xml:"error"`
	Output  string      `xml:"system-out,omitempty"`
}

type junitFault struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

func junit(reports []*Report) ([]byte, error) {
	all := junitSuites{Name: "data quality"}
	var took time.Duration
	for _, r := range reports {
		suite := junitSuiteOf(r)
		all.Suites = append(all.Suites, suite)
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Errors += suite.Errors
		took += r.Duration
	}
	all.Time = seconds(took)
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return nil, err
	}
	return append([]byte(xml.Header), append(text, '\n')...), nil
}

func junitSuiteOf(r *Report) junitSuite {
	title := titleOf(r)
	suite := junitSuite{
		Name: title, Tests: len(r.Results), Time: seconds(r.Duration), Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05"),
		Output: strings.Join(r.Notes, "\n"),
		Properties: []junitProperty{
			{"pipeline", r.Pipeline}, {"run_id", r.RunID}, {"published", strconv.FormatBool(r.Published)},
			{"dropped", strconv.FormatInt(r.Dropped, 10)}, {"quarantined", strconv.FormatInt(r.Quarantined, 10)},
		},
	}
	for i := range r.Results {
		res := &r.Results[i]
		c := junitCase{Name: res.Rule, Class: r.Pipeline + "." + title, Time: "0"}
		fault := &junitFault{Message: res.Message, Type: res.Kind, Text: res.Check + ": " + res.Message}
		switch {
		case res.Status == StatusError:
			c.Error = fault
			suite.Errors++
		case res.Status == StatusFailed && actionOf(res.Action) == ActionFail:
			c.Failure = fault
			suite.Failures++
		case res.Message != "":
			c.Output = fmt.Sprintf("%s: %s", actionOf(res.Action), res.Message)
		}
		suite.Cases = append(suite.Cases, c)
	}
	return suite
}

func seconds(d time.Duration) string { return strconv.FormatFloat(max(0, d).Seconds(), 'f', 3, 64) }
