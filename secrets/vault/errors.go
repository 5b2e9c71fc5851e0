package vault

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/openbao/openbao/api/v2"

	"github.com/sparkpipe/sparkpipe/secrets"
)

const (
	statusForbidden = http.StatusForbidden
	// maxMessage bounds what is repeated of the server's words, in bytes.
	maxMessage = 300
)

// explain says which error of package secrets one of the client is.
func (p *Provider) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var answer *api.ResponseError
	if !errors.As(err, &answer) {
		return noAnswer(err)
	}
	message := p.message(answer)
	switch status := answer.StatusCode; {
	case status == http.StatusNotFound:
		return fmt.Errorf("%w: %s", secrets.ErrNotFound, message)
	case status == statusForbidden, status == http.StatusUnauthorized:
		return fmt.Errorf("%w: %s", secrets.ErrDenied, message)
	case status == http.StatusTooManyRequests:
		return fmt.Errorf("%w: %s", secrets.ErrThrottled, message)
	case status == http.StatusServiceUnavailable && p.sealed(ctx):
		return fmt.Errorf("%w: %s", secrets.ErrSealed, message)
	case status >= 500, status == http.StatusPreconditionFailed:
		return fmt.Errorf("%w: %s", secrets.ErrUnavailable, message)
	}
	return errors.New(message)
}

// explainLogin is explain for a login: there a request that is not found or not
// understood is one that is refused.
func (p *Provider) explainLogin(ctx context.Context, err error) error {
	var answer *api.ResponseError
	if errors.Is(err, secrets.ErrDenied) {
		return err
	}
	if ctx.Err() == nil && errors.As(err, &answer) && (answer.StatusCode == http.StatusBadRequest || answer.StatusCode == http.StatusNotFound) {
		return fmt.Errorf("%w: %s", secrets.ErrDenied, p.message(answer))
	}
	return p.explain(ctx, err)
}

// noAnswer tells errors of the connection from answers that are none of a Vault.
func noAnswer(err error) error {
	var certificate *tls.CertificateVerificationError
	var request *url.Error
	var network net.Error
	switch {
	case errors.As(err, &certificate):
		return fmt.Errorf("%w; set ca_file to trust the authority of the server", err)
	case errors.Is(err, http.ErrSchemeMismatch):
		return errors.New("the server speaks plain HTTP; write http:// in its address")
	case errors.As(err, &request):
		return fmt.Errorf("%w: %s %s: %w", secrets.ErrUnavailable, strings.ToLower(request.Op), withoutUser(request.URL), request.Err)
	case errors.As(err, &network):
		return fmt.Errorf("%w: %w", secrets.ErrUnavailable, network)
	}
	// The text of any other may repeat what the server sent.
	return fmt.Errorf("%w: the answer is not one of a Vault; look at the address", secrets.ErrUnavailable)
}

func withoutUser(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "the server"
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// message is what the server says, on one line and without the token.
func (p *Provider) message(answer *api.ResponseError) string {
	text := fmt.Sprintf("status %d", answer.StatusCode)
	if answer.RawError || len(answer.Errors) == 0 {
		return text
	}
	words := strings.Join(strings.Fields(strings.Join(answer.Errors, "; ")), " ")
	if len(words) > maxMessage {
		words = strings.ToValidUTF8(words[:maxMessage], "") + "…"
	}
	var mask secrets.Mask
	mask.Add(secrets.NewValue(p.client.Token()))
	return mask.Text(text + ": " + words)
}

// sealed asks the server, which tells everybody.
func (p *Provider) sealed(ctx context.Context) bool {
	bounded, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	status, err := p.client.Sys().SealStatusWithContext(bounded)
	return err == nil && status != nil && status.Sealed
}

// linear is the wait between two tries of a request.
func linear(least, most time.Duration, attempt int, _ *http.Response) time.Duration {
	return min(most, least*time.Duration(attempt+1))
}
