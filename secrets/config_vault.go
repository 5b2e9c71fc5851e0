package secrets

import (
	"errors"
	"net/url"
	"time"
)

// VaultConfig is the engine KV of a HashiCorp Vault or an OpenBao, for package
// secrets/vault. One way to log in is set at most; with none the token is that of
// the environment variable VAULT_TOKEN.
type VaultConfig struct {
	// Address is the URL of the server; default the environment variable VAULT_ADDR.
	Address string `koanf:"address" doc:"URL of the server; by default VAULT_ADDR"`
	// Namespace is the one of everything that is asked; default VAULT_NAMESPACE.
	Namespace string `koanf:"namespace" doc:"namespace; by default VAULT_NAMESPACE"`
	// Mount is where the engine is.
	Mount string `koanf:"mount" default:"secret" doc:"mount of the engine KV"`
	// KVVersion is that of the engine; 0 asks the server.
	KVVersion int `koanf:"kv_version" doc:"version of the engine KV, 1 or 2; by default the server is asked"`
	// Token is a token, TokenFile the file that has it, which is read again when the
	// token has ended.
	Token     Value  `koanf:"token" doc:"token; by default VAULT_TOKEN"`
	TokenFile string `koanf:"token_file" doc:"file that holds the token; it is read again when the token has ended"`
	// AppRole and Kubernetes are ways to log in.
	AppRole    *VaultAppRole    `koanf:"app_role" alias:"approle" doc:"log in by AppRole"`
	Kubernetes *VaultKubernetes `koanf:"kubernetes" doc:"log in with the token of a Kubernetes service account"`
	// CAFile, CertFile, KeyFile and ServerName are for TLS. Defaults are those of the
	// system and of the environment variables VAULT_CACERT, VAULT_CLIENT_CERT,
	// VAULT_CLIENT_KEY and VAULT_TLS_SERVER_NAME.
	CAFile     string `koanf:"ca_file" doc:"PEM file with the authorities to trust"`
	CertFile   string `koanf:"cert_file" doc:"PEM file with the certificate to show"`
	KeyFile    string `koanf:"key_file" doc:"PEM file with its key"`
	ServerName string `koanf:"server_name" doc:"name that the server's certificate must be for"`
	// Timeout bounds one request; 0 is 10 s.
	Timeout time.Duration `koanf:"timeout" default:"10s" doc:"how long one request may take"`
}

// VaultAppRole logs in with a role and its secret.
type VaultAppRole struct {
	// RoleID is no secret by itself, and is treated as one.
	RoleID Value `koanf:"role_id" required:"true" doc:"id of the role"`
	// SecretID is the secret of the role, SecretIDFile the file that has it. Roles
	// without one need neither.
	SecretID     Value  `koanf:"secret_id" doc:"secret of the role"`
	SecretIDFile string `koanf:"secret_id_file" doc:"file that holds the secret of the role"`
	// Mount is where the method is.
	Mount string `koanf:"mount" default:"approle" doc:"mount of the method"`
}

// VaultKubernetes logs in with the token of a service account.
type VaultKubernetes struct {
	// Role is the role to log in as.
	Role string `koanf:"role" required:"true" doc:"role to log in as"`
	// JWTFile is the token of the service account.
	JWTFile string `koanf:"jwt_file" default:"/var/run/secrets/kubernetes.io/serviceaccount/token" doc:"file with the token of the service account"`
	// Mount is where the method is.
	Mount string `koanf:"mount" default:"kubernetes" doc:"mount of the method"`
}

// Validate reports every fault.
func (c VaultConfig) Validate() error {
	var f faults
	f.add("address", checkURL(c.Address))
	f.check(c.KVVersion >= 0 && c.KVVersion <= 2, "kv_version: is %d; there are 1 and 2", c.KVVersion)
	f.check(c.Timeout >= 0, "timeout: cannot be negative")
	ways := 0
	for _, set := range []bool{!c.Token.IsZero(), c.TokenFile != "", c.AppRole != nil, c.Kubernetes != nil} {
		if set {
			ways++
		}
	}
	f.check(ways <= 1, "token: there is more than one of token, token_file, app_role and kubernetes; keep one")
	f.check((c.CertFile == "") == (c.KeyFile == ""), "cert_file: a certificate and its key come together: cert_file and key_file")
	if role := c.AppRole; role != nil {
		f.check(!role.RoleID.IsZero(), "app_role.role_id: is empty")
		f.check(role.SecretID.IsZero() || role.SecretIDFile == "", "app_role.secret_id: says the same as secret_id_file; keep one of them")
	}
	if role := c.Kubernetes; role != nil {
		f.check(role.Role != "", "kubernetes.role: is empty")
	}
	return f.err()
}

// checkURL refuses what is no URL of a service. The error does not repeat it: it
// may hold a password. References to secrets are for later.
func checkURL(text string) error {
	if refs, err := FindRefs(text); text == "" || err == nil && len(refs) > 0 {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return errors.New("is no URL; write https://host:port")
	case u.User != nil:
		return errors.New("holds a user or a password; they belong elsewhere")
	}
	return nil
}
