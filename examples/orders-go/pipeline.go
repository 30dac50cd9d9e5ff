package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	etl "github.com/cdk-etl-steps/cdk-etl-steps-go/cdketlsteps"
)

// newOrdersPipeline makes the stack in which files below orders/ become items in DynamoDB and rows in Redshift.
func newOrdersPipeline(scope constructs.Construct, id string, foundation *ordersFoundation) awscdk.Stack {
	stack := awscdk.NewStack(scope, jsii.String(id), nil)
	removalPolicy := dataRemovalPolicy(stack)
	landing := awss3.NewBucket(stack, jsii.String("Landing"), &awss3.BucketProps{
		Versioned:         jsii.Bool(true), // a file that is uploaded again while it is being loaded is another file
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		EnforceSSL:        jsii.Bool(true),
		RemovalPolicy:     removalPolicy,
		AutoDeleteObjects: jsii.Bool(removalPolicy == awscdk.RemovalPolicy_DESTROY),
	})
	trigger := etl.NewS3QueueTrigger(stack, jsii.String("Uploads"), &etl.S3QueueTriggerProps{
		Bucket:        landing,
		Prefix:        jsii.String("orders/"),
		RemovalPolicy: removalPolicy,
	})
	steps := []etl.IEtlStep{
		etl.NewEmrHiveDynamoStep(stack, jsii.String("ToDynamo"), &etl.EmrHiveDynamoStepProps{
			Table:   foundation.table,
			Compute: etl.EmrCompute_InstanceFleets(&etl.EmrInstanceFleetsOptions{Vpc: foundation.vpc}),
		}),
		etl.NewFargateRedshiftStep(stack, jsii.String("ToRedshift"), &etl.FargateRedshiftStepProps{
			Vpc:       foundation.vpc,
			Warehouse: foundation.warehouse,
			Schema:    jsii.String("analytics"),
			Table:     jsii.String("orders"),
		}),
	}
	if stack.Node().TryGetContext(jsii.String("announceRuns")) != nil {
		steps = append(steps, newAnnounceStep(stack, "Announce"))
	}
	pipeline := etl.NewEtlPipeline(stack, jsii.String("Orders"), &etl.EtlPipelineProps{
		Dataset: ordersDataset(),
		Trigger: trigger,
		Steps:   &steps,
	})

	output := func(name string, value *string, description string) {
		awscdk.NewCfnOutput(stack, jsii.String(name), &awscdk.CfnOutputProps{
			Value:       value,
			Description: jsii.String(description),
		})
	}
	output("LandingBucket", landing.BucketName(), "Put files below orders/")
	output("ItemsTable", foundation.table.TableName(), "The orders in DynamoDB")
	output("StateMachineArn", pipeline.StateMachine().StateMachineArn(), "One execution for each attempt of each run")
	output("LedgerTable", trigger.LedgerTable().TableName(), "What became of each file and each run")
	output("WorkBucket", trigger.WorkBucket().BucketName(), "Results and rejected rows of each run, below runs/")
	output("OperatorFunction", trigger.OperatorFunction().FunctionName(), "Takes the commands of docs/operate.md")
	output("QueueUrl", trigger.Queue().QueueUrl(), "Events of the landing bucket")
	return stack
}
