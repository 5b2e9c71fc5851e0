// Package secretstest has the tests that every provider of secrets passes.
//
//	func TestConformance(t *testing.T) {
//		secretstest.Run(t, func(t *testing.T) secretstest.Fixture {
//			store := newStore(t)
//			return secretstest.Fixture{
//				Provider: store,
//				Put: func(t *testing.T, value string) secrets.Ref { … },
//				Missing: secrets.Ref{Provider: "mine", Path: "not/there"},
//			}
//		})
//	}
//
// [RequireHidden] is for tests of anything that handles secrets: it looks for a
// secret in whatever was printed, in all the forms that programs write texts in.
package secretstest
