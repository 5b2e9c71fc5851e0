// Package componenttest checks that a component keeps the contract of
// [component.PipelineComponent].
//
// Call [Run] from a test of the component:
//
//	func TestWait(t *testing.T) {
//		componenttest.Run(t, func() component.PipelineComponent { return Wait{For: time.Hour} })
//	}
//
// The suite needs no Spark: it runs components with a context that has ended. A
// component that works on Spark gets a Runtime whose session cannot be opened
// any more:
//
//	rt := dataflow.WithSession(component.Runtime{}, func(ctx context.Context) (*dataflow.Session, error) {
//		return nil, context.Cause(ctx)
//	})
//	componenttest.RunWith(t, rt, newComponent)
package componenttest
