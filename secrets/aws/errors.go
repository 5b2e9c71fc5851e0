package aws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// kinds says what the codes of the service mean.
var kinds = map[string]error{
	"ResourceNotFoundException":   secrets.ErrNotFound,
	"AccessDeniedException":       secrets.ErrDenied,
	"AccessDenied":                secrets.ErrDenied,
	"DecryptionFailure":           secrets.ErrDenied,
	"ExpiredToken":                secrets.ErrDenied,
	"ExpiredTokenException":       secrets.ErrDenied,
	"IncompleteSignature":         secrets.ErrDenied,
	"InvalidClientTokenId":        secrets.ErrDenied,
	"InvalidSignatureException":   secrets.ErrDenied,
	"MissingAuthenticationToken":  secrets.ErrDenied,
	"NotAuthorized":               secrets.ErrDenied,
	"OptInRequired":               secrets.ErrDenied,
	"SignatureDoesNotMatch":       secrets.ErrDenied,
	"UnrecognizedClientException": secrets.ErrDenied,
	"InvalidParameterException":   secrets.ErrInvalid,
	"InvalidRequestException":     secrets.ErrInvalid,
	"ValidationException":         secrets.ErrInvalid,
	"LimitExceededException":      secrets.ErrThrottled,
	"RequestLimitExceeded":        secrets.ErrThrottled,
	"Throttling":                  secrets.ErrThrottled,
	"ThrottlingException":         secrets.ErrThrottled,
	"TooManyRequestsException":    secrets.ErrThrottled,
	"InternalServiceError":        secrets.ErrUnavailable,
	"InternalFailure":             secrets.ErrUnavailable,
	"ServiceUnavailable":          secrets.ErrUnavailable,
}

// explain says which error of package secrets one of the client is.
func explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		text := api.ErrorCode()
		if message := api.ErrorMessage(); message != "" {
			text += ": " + message
		}
		if kind := kindOf(api.ErrorCode(), err); kind != nil {
			return fmt.Errorf("%w: %s", kind, text)
		}
		return errors.New(text)
	}
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		// Not the text: it may repeat what was sent.
		if kind := kindOf("", err); kind != nil {
			return fmt.Errorf("%w: status %d", kind, response.HTTPStatusCode())
		}
		return fmt.Errorf("%w: the answer is not one of Secrets Manager; look at the endpoint", secrets.ErrUnavailable)
	}
	var network net.Error
	if errors.As(err, &network) {
		return fmt.Errorf("%w: %w", secrets.ErrUnavailable, network)
	}
	return fmt.Errorf("%w; the client has no credentials, or could not use them", err)
}

// kindOf goes by the code, and by the status where it is not known.
func kindOf(code string, err error) error {
	if kind := kinds[code]; kind != nil {
		return kind
	}
	var response *awshttp.ResponseError
	if !errors.As(err, &response) {
		return nil
	}
	switch status := response.HTTPStatusCode(); {
	case status == http.StatusTooManyRequests:
		return secrets.ErrThrottled
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return secrets.ErrDenied
	case status >= 500:
		return secrets.ErrUnavailable
	}
	return nil
}
