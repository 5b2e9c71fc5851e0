package tree_test

import (
	"fmt"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

func Example() {
	pos := tree.Pos{File: "pipeline.yaml", Line: 2, Column: 6}
	text, err := tree.ParseTemplate("${dir}/orders-${?STAGE}", pos)
	if err != nil {
		fmt.Println(err)
		return
	}
	root := tree.NewObject([]tree.Member{
		{Key: "out", Value: text},
		{Key: "dir", Value: tree.NewScalar(tree.String, "/data", pos)},
	}, pos)
	over := tree.NewObject([]tree.Member{{Key: "dir", Value: tree.NewScalar(tree.String, "/mnt", pos)}}, pos)
	value, err := tree.Resolve(tree.Merge(root, over), func(name string) (string, bool) { return "dev", name == "STAGE" })
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(value.Get("out").Text)
	// Output: /mnt/orders-dev
}

func ExampleResolve_error() {
	pos := tree.Pos{File: "pipeline.yaml", Line: 3, Column: 9}
	root := tree.NewObject([]tree.Member{{Key: "token", Value: tree.NewSubstitution([]string{"TOKEN"}, false, pos)}}, pos)
	_, err := tree.Resolve(root, nil)
	fmt.Println(err)
	// Output: pipeline.yaml:3:9: token: ${TOKEN} has no value: set the environment variable TOKEN, define the key TOKEN, or write ${?TOKEN}
}
