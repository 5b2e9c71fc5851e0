// Package objectstore keeps checkpoints in a storage that speaks the protocol of
// Amazon S3.
//
//	store, err := objectstore.Open("s3://bucket/checkpoints?region=eu-central-1", nil)
//	...
//	defer store.Close()
//	runner, err := pipeline.NewSimplePipelineRunner(session, &pipeline.RunnerOptions{
//		Checkpoint: &pipeline.CheckpointOptions{Store: store},
//	})
//
// [Open] only reads the location. The bucket must exist. What is kept below the
// prefix, and how runs are locked, is said at [checkpoint.ObjectStore].
//
// # Locations
//
// A location is s3://bucket/prefix; the scheme s3a means the same. Parameters
// may follow:
//
//   - region is that of the bucket. Without it AWS_REGION and AWS_DEFAULT_REGION
//     count, and then Amazon is asked; other services get us-east-1.
//   - endpoint is the URL of another service than Amazon's, such as
//     http://127.0.0.1:9000. Without it AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL
//     count.
//   - path_style is true where the bucket is part of the path and false where it
//     is part of the host name; by default it is true with an endpoint.
//   - profile is the part of the file with shared credentials that is used.
//   - lease is how long a lock outlives its process, such as 1m; see
//     [checkpoint.ObjectOptions].
//
// A location never has credentials.
//
// # Credentials
//
// They are those of [Options], or else the first that are found in:
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; the profile of
// ~/.aws/credentials or AWS_SHARED_CREDENTIALS_FILE, which may be a
// credential_process; the role of the pod, the task or the machine
// (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and
// _FULL_URI, the metadata of EC2, which AWS_EC2_METADATA_DISABLED=true leaves
// out). No error shows them.
//
// The rights needed are s3:GetObject, s3:PutObject, s3:DeleteObject and
// s3:ListBucket below the prefix.
//
// # Services
//
// A service must keep to If-None-Match and If-Match when it writes, as Amazon S3
// and MinIO do. One that ignores them is refused with
// [checkpoint.ErrUnconditional] before anything is written. Amazon S3 also keeps to
// If-Match when it removes; MinIO does not, so there a released lock stays as a
// small object.
//
// # Errors
//
// What the service answers is a [*ServiceError]. No credentials is an
// [ErrNoCredentials].
//
// # Concurrency
//
// A [Store] is safe for concurrent use.
package objectstore
