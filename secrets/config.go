package secrets

import (
	"maps"
	"slices"
	"time"
)

// The kinds of providers that a [Config] knows.
const (
	KindEnv   = "env"
	KindFile  = "file"
	KindExec  = "exec"
	KindVault = "vault"
	KindAWS   = "aws"

	kindAWSLong = "aws_secrets_manager"
)

// Config is the block "secrets" of a configuration file. The zero value is valid:
// it has the provider env, and every provider that the program can make without
// settings. References always name their provider; the keys that stand in the
// block itself set up the providers vault and aws and the one that Provider names.
type Config struct {
	// Provider is whose paths SecretPrefix is for.
	Provider string `koanf:"provider" default:"env" enum:"env,file,exec,vault,aws|aws_secrets_manager" doc:"the provider that secret_prefix is for"`
	// VaultURL, VaultToken and VaultNamespace are the Address, Token and Namespace of
	// the provider vault.
	VaultURL       string `koanf:"vault_url" doc:"URL of the server of the provider vault; by default VAULT_ADDR"`
	VaultToken     Value  `koanf:"vault_token" doc:"token for the provider vault; by default VAULT_TOKEN"`
	VaultNamespace string `koanf:"vault_namespace" doc:"namespace of the provider vault; by default VAULT_NAMESPACE"`
	// AWSRegion is the Region of the provider aws.
	AWSRegion string `koanf:"aws_region" doc:"region of the provider aws; by default what the environment and the files of AWS say"`
	// SecretPrefix goes before every path of Provider.
	SecretPrefix string `koanf:"secret_prefix" doc:"goes before every path of the provider"`
	// CacheTTLSeconds is how many seconds a secret is used before its provider is
	// asked again; nil is 300, 0 keeps nothing.
	CacheTTLSeconds *int `koanf:"cache_ttl_seconds" doc:"seconds until the provider is asked again; by default 300, 0 keeps nothing"`
	// Providers are further providers under the names that references have for them,
	// or the settings of one that has its kind for a name.
	Providers map[string]ProviderConfig `koanf:"providers" doc:"providers by the names that references have for them"`
	// Cache says how long secrets are kept.
	Cache CacheConfig `koanf:"cache" doc:"how long secrets are kept"`
}

// ProviderConfig is one provider. Exactly one of its blocks is set; a provider
// that has its kind for a name, such as "file", needs none.
type ProviderConfig struct {
	// Prefix goes before every path.
	Prefix string       `koanf:"prefix" doc:"goes before every path"`
	Env    *EnvConfig   `koanf:"env" doc:"environment variables"`
	File   *FileConfig  `koanf:"file" doc:"files of a folder"`
	Exec   *ExecConfig  `koanf:"exec" doc:"a program that prints secrets"`
	Vault  *VaultConfig `koanf:"vault" doc:"the engine KV of HashiCorp Vault or OpenBao"`
	AWS    *AWSConfig   `koanf:"aws" alias:"aws_secrets_manager" doc:"AWS Secrets Manager"`
}

// EnvConfig is an [Env]. It has no settings.
type EnvConfig struct{}

// FileConfig is a [File].
type FileConfig struct {
	// Root is the folder.
	Root string `koanf:"root" required:"true" doc:"folder with the files"`
	// AllowReadable takes files that others than their owner may read.
	AllowReadable bool `koanf:"allow_readable" doc:"take files that others than their owner may read"`
}

// ExecConfig is an [Exec].
type ExecConfig struct {
	// Command and Args are the program and its arguments.
	Command string   `koanf:"command" required:"true" doc:"program to run"`
	Args    []string `koanf:"args" doc:"its arguments; {path}, {key}, {version} and {ref} stand for parts of the reference"`
	// Timeout bounds one call; 0 is [DefaultExecTimeout].
	Timeout time.Duration `koanf:"timeout" default:"10s" doc:"how long one call may take"`
}

// AWSConfig is AWS Secrets Manager, for package secrets/aws.
type AWSConfig struct {
	// Region and Profile are by default what the environment and the shared files of
	// AWS say.
	Region  string `koanf:"region" doc:"region; by default what the environment and the files of AWS say"`
	Profile string `koanf:"profile" doc:"profile of the files of AWS"`
	// Endpoint is another URL of the service.
	Endpoint string `koanf:"endpoint" doc:"another URL of the service"`
	// Timeout bounds one request; 0 is 10 s.
	Timeout time.Duration `koanf:"timeout" default:"10s" doc:"how long one request may take"`
}

// CacheConfig says how long secrets are kept. nil and 0 are the defaults of
// [ResolverOptions].
type CacheConfig struct {
	// TTL is how long a secret is used before its provider is asked again; 0 keeps
	// nothing.
	TTL *time.Duration `koanf:"ttl" doc:"how long a secret is used before its provider is asked again; by default 5m, 0 keeps nothing"`
	// Jitter is the share of the TTL that is taken off by chance.
	Jitter *float64 `koanf:"jitter" doc:"share of ttl that is taken off by chance, from 0 to 1; by default 0.1"`
	// NegativeTTL is how long it is remembered that a secret is not there.
	NegativeTTL *time.Duration `koanf:"negative_ttl" doc:"how long it is remembered that a secret is not there; by default 5s"`
	// StaleFor is how much longer a secret is used while its provider is not
	// available.
	StaleFor time.Duration `koanf:"stale_for" doc:"how much longer a secret is used while its provider is not available; by default not at all"`
}

// Validate reports every fault, each with its key first.
func (c Config) Validate() error {
	var f faults
	known := []string{"", KindEnv, KindFile, KindExec, KindVault, KindAWS, kindAWSLong}
	f.check(slices.Contains(known, c.Provider), "provider: %q is none of env, file, exec, vault and aws", c.Provider)
	f.check(c.CacheTTLSeconds == nil || *c.CacheTTLSeconds >= 0, "cache_ttl_seconds: cannot be negative")
	f.check(c.CacheTTLSeconds == nil || *c.CacheTTLSeconds <= maxSeconds, "cache_ttl_seconds: is more than %d, ten years", maxSeconds)
	f.check(c.CacheTTLSeconds == nil || c.Cache.TTL == nil, "cache_ttl_seconds: says the same as cache.ttl; keep one of them")
	f.add("vault_url", checkURL(c.VaultURL))
	f.add("cache", c.Cache.Validate())
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(c.Providers)) {
		key := "providers: " + name
		f.check(isName(name), "%s: a name is one word of lower-case letters, digits, _ and -", key)
		other := seen[canonical(name)]
		f.check(other == "", "%s: is another name of %s; keep one of them", key, other)
		seen[canonical(name)] = name
		f.add(key, c.Providers[name].validate(canonical(name)))
	}
	c.checkTwice(&f)
	return f.err()
}

const maxSeconds = 10 * 365 * 24 * 3600

// checkTwice reports settings of the block itself that a provider also has.
func (c Config) checkTwice(f *faults) {
	vault, aws := c.Providers[KindVault], c.lookup(KindAWS)
	f.check(c.VaultURL == "" || vault.Vault == nil, "vault_url: the provider vault has a block under providers; write address there")
	f.check(c.VaultToken.IsZero() || vault.Vault == nil, "vault_token: the provider vault has a block under providers; write token there")
	f.check(c.VaultNamespace == "" || vault.Vault == nil, "vault_namespace: the provider vault has a block under providers; write namespace there")
	f.check(c.AWSRegion == "" || aws.AWS == nil, "aws_region: the provider aws has a block under providers; write region there")
	of := c.defaultKind()
	f.check(c.SecretPrefix == "" || c.lookup(of).Prefix == "", "secret_prefix: the provider %s has a prefix under providers; keep one of them", of)
	_, file := c.Providers[KindFile]
	_, program := c.Providers[KindExec]
	f.check(of != KindFile || file, "provider: file wants its folder: providers.file.file.root")
	f.check(of != KindExec || program, "provider: exec wants its program: providers.exec.exec.command")
}

// lookup finds a provider by either of its names.
func (c Config) lookup(name string) ProviderConfig {
	if p, ok := c.Providers[name]; ok || name != KindAWS {
		return p
	}
	return c.Providers[kindAWSLong]
}

func (c Config) defaultKind() string {
	if c.Provider == "" {
		return KindEnv
	}
	return canonical(c.Provider)
}

// Validate reports every fault.
func (c CacheConfig) Validate() error {
	var f faults
	f.check(c.TTL == nil || *c.TTL >= 0, "ttl: cannot be negative")
	f.check(c.Jitter == nil || *c.Jitter >= 0 && *c.Jitter <= 1, "jitter: is a share of ttl, from 0 to 1")
	f.check(c.NegativeTTL == nil || *c.NegativeTTL >= 0, "negative_ttl: cannot be negative")
	f.check(c.StaleFor >= 0, "stale_for: cannot be negative")
	return f.err()
}

// Kind is the kind of the provider, by its block and else by its name; empty when
// there is none, or more than one.
func (c ProviderConfig) Kind(name string) string {
	kinds := c.blocks()
	switch {
	case len(kinds) == 1:
		return kinds[0]
	case len(kinds) == 0 && slices.Contains([]string{KindEnv, KindVault, KindAWS}, canonical(name)):
		return canonical(name)
	}
	return ""
}

func (c ProviderConfig) blocks() []string {
	var out []string
	for _, block := range []struct {
		kind string
		set  bool
	}{{KindEnv, c.Env != nil}, {KindFile, c.File != nil}, {KindExec, c.Exec != nil}, {KindVault, c.Vault != nil}, {KindAWS, c.AWS != nil}} {
		if block.set {
			out = append(out, block.kind)
		}
	}
	return out
}

func (c ProviderConfig) validate(name string) error {
	var f faults
	kind := c.Kind(name)
	f.check(kind != "", "wants exactly one of the blocks env, file, exec, vault and aws")
	standard := slices.Contains([]string{KindEnv, KindFile, KindExec, KindVault, KindAWS}, name)
	f.check(kind == "" || !standard || kind == name, "is of the kind %s; a provider of that name is of the kind %s", kind, name)
	if c.File != nil {
		f.check(c.File.Root != "", "file.root: is empty")
	}
	if c.Exec != nil {
		f.check(c.Exec.Command != "", "exec.command: is empty")
		f.check(c.Exec.Timeout >= 0, "exec.timeout: cannot be negative")
	}
	if c.Vault != nil {
		f.add("vault", c.Vault.Validate())
	}
	if c.AWS != nil {
		f.add("aws", c.AWS.Validate())
	}
	return f.err()
}

// Validate reports every fault.
func (c AWSConfig) Validate() error {
	var f faults
	f.add("endpoint", checkURL(c.Endpoint))
	f.check(c.Timeout >= 0, "timeout: cannot be negative")
	return f.err()
}

// resolverOptions are the settings of the cache.
func (c Config) resolverOptions() ResolverOptions {
	o := ResolverOptions{StaleFor: c.Cache.StaleFor}
	if c.CacheTTLSeconds != nil {
		o.TTL = orNone(time.Duration(*c.CacheTTLSeconds) * time.Second)
	}
	if c.Cache.TTL != nil {
		o.TTL = orNone(*c.Cache.TTL)
	}
	if c.Cache.NegativeTTL != nil {
		o.NegativeTTL = orNone(*c.Cache.NegativeTTL)
	}
	if c.Cache.Jitter != nil {
		o.Jitter = *c.Cache.Jitter
		if o.Jitter == 0 {
			o.Jitter = -1
		}
	}
	return o
}

// orNone turns the 0 of a file, which is none, into that of [ResolverOptions].
func orNone(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}
