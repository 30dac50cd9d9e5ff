package main

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// dataRemovalPolicy keeps data when the stacks are deleted, unless you only try the example out
// (-c deleteDataWithStacks=true).
func dataRemovalPolicy(scope constructs.Construct) awscdk.RemovalPolicy {
	if fmt.Sprint(scope.Node().TryGetContext(jsii.String("deleteDataWithStacks"))) == "true" {
		return awscdk.RemovalPolicy_DESTROY
	}
	return awscdk.RemovalPolicy_RETAIN
}
