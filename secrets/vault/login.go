package vault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openbao/openbao/api/v2"

	"github.com/sparkpipe/sparkpipe/secrets"
)

const (
	defaultJWTFile = "/var/run/secrets/kubernetes.io/serviceaccount/token"
	// leastWait is between two attempts to renew a token.
	leastWait = 500 * time.Millisecond
)

// login is a way to a token.
type login struct {
	// token gives a token, with what is known of how long it lives.
	token func(ctx context.Context, client *api.Client) (*api.SecretAuth, error)
	// again is true when another try may give another token, own when the token is
	// one that nobody else has.
	again, own bool
}

func newLogin(cfg secrets.VaultConfig, env string) login {
	switch {
	case cfg.AppRole != nil:
		return login{token: appRole(*cfg.AppRole), again: true, own: true}
	case cfg.Kubernetes != nil:
		return login{token: kubernetes(*cfg.Kubernetes), again: true, own: true}
	case cfg.TokenFile != "":
		return login{again: true, token: func(ctx context.Context, client *api.Client) (*api.SecretAuth, error) {
			token, err := readFile("the file of the token", cfg.TokenFile)
			if err != nil {
				return nil, err
			}
			return lookUp(ctx, client, token)
		}}
	}
	token := cmp.Or(cfg.Token.Reveal(), env)
	return login{token: func(ctx context.Context, client *api.Client) (*api.SecretAuth, error) {
		return lookUp(ctx, client, token)
	}}
}

// lookUp asks how long a given token lives. A token that may not ask is taken as
// one that lives on.
func lookUp(ctx context.Context, client *api.Client, token string) (*api.SecretAuth, error) {
	if token == "" {
		return nil, fmt.Errorf("%w: there is no token; set token, token_file, app_role or kubernetes, or the environment variable VAULT_TOKEN", secrets.ErrDenied)
	}
	auth := &api.SecretAuth{ClientToken: token}
	client.SetToken(token)
	info, err := client.Auth().Token().LookupSelfWithContext(ctx)
	var answer *api.ResponseError
	if errors.As(err, &answer) && answer.StatusCode == statusForbidden {
		return auth, nil
	}
	if err != nil {
		return nil, err
	}
	if ttl, err := info.TokenTTL(); err == nil {
		auth.LeaseDuration = int(ttl / time.Second)
	}
	auth.Renewable, _ = info.TokenIsRenewable()
	return auth, nil
}

func appRole(role secrets.VaultAppRole) func(context.Context, *api.Client) (*api.SecretAuth, error) {
	return func(ctx context.Context, client *api.Client) (*api.SecretAuth, error) {
		secret := role.SecretID.Reveal()
		if role.SecretIDFile != "" {
			var err error
			if secret, err = readFile("the file of the secret of the role", role.SecretIDFile); err != nil {
				return nil, err
			}
		}
		data := map[string]any{"role_id": role.RoleID.Reveal()}
		if secret != "" {
			data["secret_id"] = secret
		}
		return write(ctx, client, trimSlashes(cmp.Or(role.Mount, "approle")), data)
	}
}

func kubernetes(role secrets.VaultKubernetes) func(context.Context, *api.Client) (*api.SecretAuth, error) {
	return func(ctx context.Context, client *api.Client) (*api.SecretAuth, error) {
		token, err := readFile("the file of the service account", cmp.Or(role.JWTFile, defaultJWTFile))
		if err != nil {
			return nil, err
		}
		return write(ctx, client, trimSlashes(cmp.Or(role.Mount, "kubernetes")), map[string]any{"role": role.Role, "jwt": token})
	}
}

// write logs in at a mount.
func write(ctx context.Context, client *api.Client, mount string, data map[string]any) (*api.SecretAuth, error) {
	answer, err := client.Logical().WriteWithContext(ctx, "auth/"+mount+"/login", data)
	if err != nil {
		return nil, err
	}
	if answer == nil || answer.Auth == nil || answer.Auth.ClientToken == "" {
		return nil, fmt.Errorf("%w: the login gave no token", secrets.ErrDenied)
	}
	return answer.Auth, nil
}
