package config

import (
	"context"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// Reference is a text of a file that refers to secrets, such as
// "secret://vault/orders#password".
type Reference struct {
	// Where is the place of the text as file:line:column, and Path its key path.
	Where, Path string
	// Text is what the file says there. It is no secret.
	Text string
}

// Expand gives a text in which the secrets stand for the references to them. It
// is the method Expand of [secrets.Resolver].
type Expand func(ctx context.Context, text string) (secrets.Value, error)

// References returns the texts in the section that refer to secrets, in the order
// of the file.
func (s Section) References() []Reference {
	var list []Reference
	eachReference(s.path, s.value, func(path string, v *tree.Value) {
		list = append(list, Reference{Where: v.Pos.String(), Path: path, Text: v.Text})
	})
	return list
}

// Resolve returns the section with the secrets that it refers to. What they are
// is not looked at again: a secret that looks like a reference or a substitution
// stays as it is. The error is an [*Errors] with every reference that could not
// be resolved and its place. It blocks as expand does.
func (s Section) Resolve(ctx context.Context, expand Expand) (Section, error) {
	if s.value == nil {
		return s, nil
	}
	var f faults
	s.value = resolveReferences(ctx, expand, &f, s.path, s.value)
	return s, f.err()
}

// Watch returns the section and a function that tells, after it was decoded,
// whether a reference that is not resolved stands where its text matters:
// anywhere but in a [secrets.Value]. Then what checks the text would judge the
// reference and not the secret.
func (s Section) Watch() (Section, func() bool) {
	seen := false
	s.open = &seen
	return s, func() bool { return seen }
}

// isReference reports whether a value refers to secrets.
func isReference(v *tree.Value) bool {
	return v.Kind == tree.String && !v.Secret && refers(v.Text)
}

func refers(text string) bool {
	return strings.HasPrefix(text, "secret://") || strings.Contains(text, "${secret:")
}

// eachReference calls f for every reference below the value.
func eachReference(path string, v *tree.Value, f func(path string, v *tree.Value)) {
	switch {
	case v == nil:
	case v.Kind == tree.Array:
		for i, item := range v.Items {
			eachReference(index(path, i), item, f)
		}
	case v.Kind == tree.Object:
		for i := range v.Fields {
			eachReference(join(path, v.Fields[i].Key), v.Fields[i].Value, f)
		}
	case isReference(v):
		f(path, v)
	}
}

// resolveReferences returns the value with secrets for references. What has none
// is not copied.
func resolveReferences(ctx context.Context, expand Expand, f *faults, path string, v *tree.Value) *tree.Value {
	switch {
	case v.Kind == tree.Array:
		items := slices.Clone(v.Items)
		for i, item := range items {
			items[i] = resolveReferences(ctx, expand, f, index(path, i), item)
		}
		return v.WithItems(items)
	case v.Kind == tree.Object:
		fields := slices.Clone(v.Fields)
		for i := range fields {
			fields[i].Value = resolveReferences(ctx, expand, f, join(path, fields[i].Key), fields[i].Value)
		}
		return v.WithFields(fields)
	case !isReference(v):
		return v
	}
	secret, err := expand(ctx, v.Text)
	if err != nil {
		f.addCause(v.Pos, path, err)
		return v
	}
	return &tree.Value{Kind: tree.String, Pos: v.Pos, Text: secret.Reveal(), FromEnv: true, Secret: true}
}

// references checks the references of the file: what they look like, and that
// each stands where a secret can.
func (b *builder) references() {
	eachReference("", b.root.value, func(path string, v *tree.Value) {
		switch _, err := secrets.FindRefs(v.Text); {
		case err != nil:
			b.addCause(v.Pos, path, err)
		case !mayRefer(path):
			b.add(v.Pos, path, "a secret cannot stand here",
				"references are for the settings of components, and for the blocks spark, hooks, secrets and checkpoint")
		}
	})
}

// topBlocks are the blocks of the root whose settings may be secrets.
var topBlocks = []string{"spark", "spark_conf", "hooks", "checkpoint", "secrets"}

// mayRefer reports whether a secret can stand at a key path: not in what names,
// orders or describes things.
func mayRefer(path string) bool {
	root, rest, _ := strings.Cut(path, ".")
	root, _, _ = strings.Cut(root, "[")
	key := func() string {
		first, _, _ := strings.Cut(rest, ".")
		first, _, _ = strings.Cut(first, "[")
		return normalKey(first)
	}
	switch root = normalKey(root); root {
	case "components":
		return key() == "config"
	case "sequences":
		return key() == "args" || key() == "target" && !strings.EqualFold(rest, "target.type")
	case "sources":
		_, setting, _ := strings.Cut(rest, ".")
		first, _, _ := strings.Cut(setting, ".")
		return setting != "" && !slices.Contains([]string{"type", "alias", "quality"}, normalKey(first))
	case "pipeline":
		_, setting, _ := strings.Cut(rest, ".")
		setting, _, _ = strings.Cut(setting, ".")
		return key() == "checkpoint" || key() == "pipeline_components" && normalKey(setting) == "instance_config"
	}
	return slices.Contains(topBlocks, root)
}
