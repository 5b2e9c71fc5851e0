package objectstore

import (
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// metadataTimeout bounds the question for the role of the machine: off the cloud
// nobody answers it.
const metadataTimeout = 3 * time.Second

// keys returns the credentials of the options, or the chain that looks for them.
func keys(p *place, opts *Options) *credentials.Credentials {
	if opts.AccessKeyID != "" {
		return credentials.NewStaticV4(opts.AccessKeyID, opts.SecretAccessKey.Reveal(), opts.SessionToken.Reveal())
	}
	chain := &credentials.Chain{Providers: []credentials.Provider{
		&credentials.EnvAWS{}, &credentials.FileAWSCredentials{Profile: p.profile},
	}}
	if p.profile != "" { // the one that was asked for by name
		chain.Providers = chain.Providers[1:]
	}
	if !strings.EqualFold(os.Getenv("AWS_EC2_METADATA_DISABLED"), "true") || hasRole() {
		chain.Providers = append(chain.Providers, &credentials.IAM{Client: &http.Client{
			// It is asked once an hour, and a connection that is kept would be all that is left of it.
			Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
			Timeout:   metadataTimeout,
		}})
	}
	return credentials.New(&found{chain})
}

// hasRole reports whether the environment names a role of a pod or a task.
func hasRole() bool {
	for _, name := range []string{"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"} {
		if os.Getenv(name) != "" {
			return true
		}
	}
	return false
}

// found is a chain that must find something: without credentials the library
// would send requests that are not signed.
type found struct{ *credentials.Chain }

// Retrieve implements [credentials.Provider].
func (f *found) Retrieve() (credentials.Value, error) { return f.RetrieveWithCredContext(nil) }

// RetrieveWithCredContext implements [credentials.Provider].
func (f *found) RetrieveWithCredContext(cc *credentials.CredContext) (credentials.Value, error) {
	value, err := f.Chain.RetrieveWithCredContext(cc)
	if err == nil && (value.AccessKeyID == "" || value.SecretAccessKey == "") {
		err = ErrNoCredentials
	}
	return value, err
}
