package dataflow

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/sparkpipe/sparkpipe/internal/options"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// DefaultStoreRegion is the region of an [ObjectStore] that has an endpoint and
// names none.
const DefaultStoreRegion = "us-east-1"

// ObjectStore says where an object store is and who the cluster is there. The zero
// value leaves both to the server, as its own settings have it. What is set here
// goes with the one read or write, and no property of the session is set for it.
//
// The cluster keeps the first settings with which it has used a bucket for as long
// as it runs, so whoever shares a server shares its access to a bucket.
type ObjectStore struct {
	// Endpoint is the URL of a store that is not the cloud's own, as the cluster
	// reaches it, for example http://minio:9000.
	Endpoint string `koanf:"endpoint" doc:"URL of a store that is not the cloud's own, as the cluster reaches it, such as http://minio:9000"`
	// Region is that of the bucket, for S3. Default DefaultStoreRegion with an
	// Endpoint, otherwise what the server says.
	Region string `koanf:"region" doc:"S3: region of the bucket; by default us-east-1 with an endpoint, otherwise what the server says"`
	// PathStyle has the bucket in the path of a URL and not in the name of the host,
	// for S3. Nil is true with an Endpoint, otherwise what the server says.
	PathStyle *bool `koanf:"path_style" doc:"S3: the bucket stands in the path of URLs and not in the name of the host; by default true with an endpoint"`
	// Credentials says where the cluster finds credentials, when they are not given
	// here. Empty is what the server says.
	Credentials StoreCredentials `koanf:"credentials" enum:"environment,profile,instance,web_identity,chain,anonymous" doc:"where the cluster finds credentials; by default what the server says: environment, profile, instance, web_identity and chain are those of the AWS SDK on the cluster; Google Cloud Storage has instance and anonymous"`
	// AccessKey and SecretKey are credentials for S3, both or none; SessionToken goes
	// with those that end.
	AccessKey    secrets.Value `koanf:"access_key" doc:"S3: id of the key"`
	SecretKey    secrets.Value `koanf:"secret_key" doc:"S3: the key itself"`
	SessionToken secrets.Value `koanf:"session_token" doc:"S3: session token of temporary credentials"`
	// KeyFile is a file on the cluster with the JSON key of a service account, and
	// KeyJSON its text, for Google Cloud Storage. At most one is set.
	KeyFile string        `koanf:"key_file" doc:"Google Cloud Storage: file on the cluster with the JSON key of a service account"`
	KeyJSON secrets.Value `koanf:"key_json" doc:"Google Cloud Storage: text of that file, instead"`
}

// StoreCredentials is a place where the cluster finds credentials.
type StoreCredentials string

// The places. All are on the machines of the cluster and not on this one.
const (
	// StoreCredentialsEnvironment are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
	StoreCredentialsEnvironment StoreCredentials = "environment"
	// StoreCredentialsProfile is a profile of ~/.aws/credentials.
	StoreCredentialsProfile StoreCredentials = "profile"
	// StoreCredentialsInstance is the account of the machine.
	StoreCredentialsInstance StoreCredentials = "instance"
	// StoreCredentialsWebIdentity is the token file of Kubernetes.
	StoreCredentialsWebIdentity StoreCredentials = "web_identity"
	// StoreCredentialsChain is the default chain of the AWS SDK.
	StoreCredentialsChain StoreCredentials = "chain"
	// StoreCredentialsAnonymous sends none.
	StoreCredentialsAnonymous StoreCredentials = "anonymous"
)

const sdkProviders = "software.amazon.awssdk.auth.credentials."

// s3Providers are the classes by which Hadoop finds credentials.
var s3Providers = map[StoreCredentials]string{
	StoreCredentialsEnvironment: sdkProviders + "EnvironmentVariableCredentialsProvider",
	StoreCredentialsProfile:     sdkProviders + "ProfileCredentialsProvider",
	StoreCredentialsInstance:    "org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider",
	StoreCredentialsWebIdentity: sdkProviders + "WebIdentityTokenFileCredentialsProvider",
	StoreCredentialsChain:       sdkProviders + "DefaultCredentialsProvider",
	StoreCredentialsAnonymous:   "org.apache.hadoop.fs.s3a.AnonymousAWSCredentialsProvider",
}

// isSet reports whether anything is said of the store.
func (o ObjectStore) isSet() bool { return o != ObjectStore{} }

// check reports what does not go together or not with the paths, under the keys of
// files.
func (o ObjectStore) check(f *options.Faults, paths []string) {
	for _, path := range paths {
		if storeOf(path) == storeS3 && strings.Contains(authorityOf(path), "@") {
			f.Add("credentials do not belong into a path, where logs and plans show them; write access_key and secret_key")
		}
	}
	if !o.isSet() {
		return
	}
	o.checkEndpoint(f)
	switch kind, err := oneStore(paths); {
	case err != nil:
		f.Append(err)
	case kind == storeS3:
		o.checkS3(f)
	default:
		o.checkGCS(f)
	}
}

func (o ObjectStore) checkEndpoint(f *options.Faults) {
	if o.Endpoint == "" {
		return
	}
	u, err := url.Parse(o.Endpoint)
	switch {
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		f.Add("endpoint is no URL; write http://host:port or https://host:port")
	case u.User != nil:
		f.Add("endpoint holds a user; write access_key and secret_key")
	case u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		f.Add("endpoint is more than http://host:port or https://host:port; the bucket belongs into the path")
	}
}

func (o ObjectStore) checkS3(f *options.Faults) {
	switch {
	case o.AccessKey.IsZero() != o.SecretKey.IsZero():
		f.Add("access_key and secret_key want each other")
	case !o.SessionToken.IsZero() && o.AccessKey.IsZero():
		f.Add("session_token wants access_key and secret_key")
	case o.Credentials != "" && !o.AccessKey.IsZero():
		f.Add("credentials and access_key exclude each other")
	}
	if _, ok := s3Providers[o.Credentials]; !ok && o.Credentials != "" {
		f.Add("credentials is %q; write environment, profile, instance, web_identity, chain or anonymous", string(o.Credentials))
	}
	if o.KeyFile != "" || !o.KeyJSON.IsZero() {
		f.Add("key_file and key_json are of Google Cloud Storage, and the path is one of S3; write access_key and secret_key")
	}
}

func (o ObjectStore) checkGCS(f *options.Faults) {
	if o.Region != "" || o.PathStyle != nil || !o.AccessKey.IsZero() || !o.SecretKey.IsZero() || !o.SessionToken.IsZero() {
		f.Add("region, path_style, access_key, secret_key and session_token are of S3, and the path is one of Google Cloud Storage; write key_file or key_json")
	}
	switch o.Credentials {
	case "", StoreCredentialsInstance, StoreCredentialsAnonymous:
	default:
		f.Add("credentials is %q; Google Cloud Storage has instance and anonymous, key_file and key_json", string(o.Credentials))
	}
	given := []string{"credentials", string(o.Credentials), "key_file", o.KeyFile, "key_json", o.KeyJSON.String()}
	f.AtMostOne(given...)
	if !o.KeyJSON.IsZero() {
		_, err := o.serviceAccount()
		f.Err("key_json", err)
	}
}

// hadoop are the options of Hadoop's file system for the paths, which are of one
// store.
func (o ObjectStore) hadoop(paths []string) options.Set {
	if kind, err := oneStore(paths); err == nil && kind == storeGCS {
		return o.gcsOptions()
	}
	return o.s3Options(paths)
}

func (o ObjectStore) s3Options(paths []string) options.Set {
	set := options.Set{}
	set.Text("fs.s3a.endpoint", o.Endpoint)
	set.Text("fs.s3a.endpoint.region", o.Region)
	set.Choice("fs.s3a.path.style.access", o.PathStyle)
	if o.Endpoint != "" {
		set["fs.s3a.endpoint.region"] = cmp.Or(o.Region, DefaultStoreRegion)
		if o.PathStyle == nil {
			set.Flag("fs.s3a.path.style.access", true)
		}
	}
	set.Text("fs.s3a.aws.credentials.provider", s3Providers[o.Credentials])
	set.Secret("fs.s3a.access.key", o.AccessKey)
	set.Secret("fs.s3a.secret.key", o.SecretKey)
	set.Secret("fs.s3a.session.token", o.SessionToken)
	if !o.AccessKey.IsZero() { // and not those that the environment of the server has
		kind := "SimpleAWSCredentialsProvider"
		if !o.SessionToken.IsZero() {
			kind = "TemporaryAWSCredentialsProvider"
		}
		set["fs.s3a.aws.credentials.provider"] = "org.apache.hadoop.fs.s3a." + kind
	}
	for _, path := range paths {
		if strings.HasPrefix(strings.ToLower(path), "s3:") {
			set["fs.s3.impl"] = "org.apache.hadoop.fs.s3a.S3AFileSystem"
		}
	}
	return set
}

// gcsOptions are those of the connector of Google, of which version 2 has a key
// for each kind of credentials and version 3 a type.
func (o ObjectStore) gcsOptions() options.Set {
	set := options.Set{}
	set.Text("fs.gs.storage.root.url", o.Endpoint)
	set.Text("fs.gs.auth.service.account.json.keyfile", o.KeyFile)
	switch {
	case o.KeyFile != "":
		set["fs.gs.auth.type"] = "SERVICE_ACCOUNT_JSON_KEYFILE"
	case o.Credentials == StoreCredentialsAnonymous:
		set["fs.gs.auth.type"] = "UNAUTHENTICATED"
		set["fs.gs.auth.service.account.enable"], set["fs.gs.auth.null.enable"] = "false", "true"
	case o.Credentials == StoreCredentialsInstance:
		set["fs.gs.auth.type"] = "COMPUTE_ENGINE"
	case !o.KeyJSON.IsZero():
		account, _ := o.serviceAccount() // checked before
		set.Text("fs.gs.auth.service.account.email", account.Email)
		set.Text("fs.gs.auth.service.account.private.key.id", account.ID)
		set.Text("fs.gs.auth.service.account.private.key", account.Key)
	}
	return set
}

// serviceAccount is what a JSON key says.
type serviceAccount struct {
	Email string `json:"client_email"`
	ID    string `json:"private_key_id"`
	Key   string `json:"private_key"`
}

// serviceAccount reads KeyJSON. Its errors do not quote it.
func (o ObjectStore) serviceAccount() (serviceAccount, error) {
	var account serviceAccount
	if err := json.Unmarshal([]byte(o.KeyJSON.Reveal()), &account); err != nil {
		return account, errors.New("it is not the JSON key of a service account")
	}
	if account.Email == "" || account.ID == "" || account.Key == "" {
		return account, errors.New("client_email, private_key_id or private_key is missing in the JSON key")
	}
	return account, nil
}

// The stores that are known by the scheme of a path.
const (
	storeS3  = "s3"
	storeGCS = "gcs"
)

// storeOf is the store of a path, or empty.
func storeOf(path string) string {
	scheme, _, isURL := strings.Cut(path, "://")
	if !isURL {
		return ""
	}
	switch strings.ToLower(scheme) {
	case "s3", "s3a", "s3n":
		return storeS3
	case "gs":
		return storeGCS
	}
	return ""
}

// authorityOf is what stands between the scheme and the path of a URL.
func authorityOf(path string) string {
	_, rest, _ := strings.Cut(path, "://")
	authority, _, _ := strings.Cut(rest, "/")
	return authority
}

// oneStore is the store of all paths.
func oneStore(paths []string) (string, error) {
	kind := ""
	for _, path := range paths {
		switch of := storeOf(path); {
		case of == "":
			return "", fmt.Errorf("%s is on no object store that is known here, so that endpoint and credentials mean nothing; write s3a://, s3:// or gs://", shownPath(path))
		case kind != "" && kind != of:
			return "", errors.New("the paths are of different stores, which have different endpoints and credentials; read them one by one")
		default:
			kind = of
		}
	}
	return kind, nil
}
