package objectstore

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"
)

// ErrNoCredentials means that credentials were found nowhere.
var ErrNoCredentials = errors.New("no credentials for the object storage: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, " +
	"fill ~/.aws/credentials, or give the machine a role")

// ServiceError is an error that the service answered.
type ServiceError struct {
	// Code is the service's name of it, such as "AccessDenied".
	Code string
	// Status is the HTTP status.
	Status int
	// Message is what the service says.
	Message string
}

// Error implements error.
func (e *ServiceError) Error() string {
	text := fmt.Sprintf("%s (%s, HTTP status %d)", strings.TrimSuffix(e.Message, "."), e.Code, e.Status)
	if hint := hints[e.Code]; hint != "" {
		text += "; " + hint
	}
	return text
}

// Retryable reports whether the same request may succeed later.
func (e *ServiceError) Retryable() bool {
	return e.Status >= http.StatusInternalServerError && e.Status != http.StatusNotImplemented ||
		e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout || e.conflict()
}

// conflict reports whether another write came in between. Services name that in
// many ways.
func (e *ServiceError) conflict() bool { return e.Status == http.StatusConflict }

// hints say what to do about the mistakes that are made first.
var hints = map[string]string{
	"NoSuchBucket":                       "make the bucket first",
	"AccessDenied":                       "the credentials need s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket below the prefix",
	"InvalidAccessKeyId":                 "look at AWS_ACCESS_KEY_ID, AWS_PROFILE and the endpoint",
	"SignatureDoesNotMatch":              "look at AWS_SECRET_ACCESS_KEY and at the region",
	"AuthorizationHeaderMalformed":       "give the region of the bucket as ?region=",
	"PermanentRedirect":                  "give the region of the bucket as ?region=",
	"RequestTimeTooSkewed":               "set the clock of this machine",
	"XMinioInvalidObjectName":            "use another prefix",
	"MethodNotAllowed":                   "look at the endpoint: this is not the API of S3",
	"InvalidBucketName":                  "use another bucket",
	"IllegalLocationConstraintException": "give the region of the bucket as ?region=",
}

// fault turns an error of the library into ours.
func (b *bucket) fault(err error) error {
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) {
		return err
	}
	return &ServiceError{Code: b.clean(answer.Code), Status: answer.StatusCode, Message: b.clean(answer.Message)}
}

// clean takes our credentials out of what a service says.
func (b *bucket) clean(text string) string {
	value, err := b.credentials.GetWithContext(nil)
	if err != nil {
		return text
	}
	for _, secret := range []string{value.SecretAccessKey, value.SessionToken, value.AccessKeyID} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[REDACTED]")
		}
	}
	return text
}
