// Command orders synthesizes the whole pipeline: files become items in DynamoDB and rows in Redshift.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	foundation := newOrdersFoundation(app, "OrdersFoundation")
	newOrdersPipeline(app, "OrdersPipeline", foundation)
	app.Synth(nil)
}
