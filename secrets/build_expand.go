package secrets

import (
	"context"
	"errors"
	"fmt"
)

// expand returns the settings with secrets in place of the references in them.
func (c ProviderConfig) expand(ctx context.Context, simple map[string]Provider) (ProviderConfig, error) {
	resolver := Resolver{providers: simple}
	e := expander{resolve: func(ref Ref) (Value, error) {
		provider, err := resolver.provider(ref.Provider)
		if err != nil {
			return Value{}, asError(ref, err)
		}
		secret, err := fetch(ctx, provider, ref)
		return secret.Value, asError(ref, err)
	}}
	if c.Vault != nil {
		vault := *c.Vault
		e.texts(&vault.Address, &vault.Namespace, &vault.Mount, &vault.TokenFile, &vault.CAFile, &vault.CertFile, &vault.KeyFile, &vault.ServerName)
		e.values(&vault.Token)
		if vault.AppRole != nil {
			role := *vault.AppRole
			e.texts(&role.SecretIDFile, &role.Mount)
			e.values(&role.RoleID, &role.SecretID)
			vault.AppRole = &role
		}
		if vault.Kubernetes != nil {
			role := *vault.Kubernetes
			e.texts(&role.Role, &role.JWTFile, &role.Mount)
			vault.Kubernetes = &role
		}
		c.Vault = &vault
	}
	if c.AWS != nil {
		aws := *c.AWS
		e.texts(&aws.Region, &aws.Profile, &aws.Endpoint)
		c.AWS = &aws
	}
	return c, errors.Join(e.faults...)
}

// expander resolves references by the providers that need no settings that are
// secret.
type expander struct {
	resolve func(Ref) (Value, error)
	faults  faults
}

func (e *expander) texts(list ...*string) {
	for _, text := range list {
		value := NewValue(*text)
		e.values(&value)
		*text = value.Reveal()
	}
}

func (e *expander) values(list ...*Value) {
	for _, value := range list {
		refs, err := FindRefs(value.Reveal())
		if err == nil && len(refs) == 0 {
			continue
		}
		out, err := Expand(value.Reveal(), e.resolve)
		if err != nil {
			e.faults = append(e.faults, fmt.Errorf("a setting of the provider: %w", err))
			continue
		}
		*value = out
	}
}
