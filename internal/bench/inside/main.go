package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	var in io.Reader = os.Stdin
	if len(os.Args) > 1 {
		in = strings.NewReader(strings.Join(os.Args[1:], " "))
	}
	if err := serve(context.Background(), in, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "inside:", err)
		os.Exit(1)
	}
}

// serve answers requests until the input ends.
func serve(ctx context.Context, in io.Reader, out io.Writer) (err error) {
	var s sessions
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		text := ""
		took, err := answer(ctx, &s, strings.Fields(lines.Text()))
		if err != nil {
			text = "error: " + strings.ReplaceAll(err.Error(), "\n", " ")
		} else {
			text = strconv.FormatFloat(took.Seconds(), 'g', -1, 64)
		}
		if _, err := fmt.Fprintln(out, text); err != nil {
			return err
		}
	}
	return lines.Err()
}

func answer(ctx context.Context, s *sessions, request []string) (time.Duration, error) {
	if len(request) < 2 {
		return 0, fmt.Errorf("the request %q is too short", request)
	}
	switch request[0] {
	case "runner":
		return runner(ctx, request[1:])
	case "parallel":
		return s.parallel(ctx, request[1:])
	case "query":
		return s.query(ctx, request[1:])
	case "stream":
		return s.stream(ctx, request[1:])
	case "quality":
		return s.quality(ctx, request[1:])
	case "jdbc":
		return s.jdbc(ctx, request[1:])
	case "rows":
		return s.rows(ctx, request[1:])
	case "upload":
		return s.upload(ctx, request[1:])
	case "export":
		return s.export(ctx, request[1])
	case "import":
		return s.load(ctx, request[1])
	default:
		return 0, fmt.Errorf("unknown request %q", request[0])
	}
}

// positive reads a number of things to do.
func positive(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is no number above 0", text)
	}
	return n, nil
}
