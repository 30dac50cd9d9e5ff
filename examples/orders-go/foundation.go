package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	etl "github.com/cdk-etl-steps/cdk-etl-steps-go/cdketlsteps"
)

// ordersFoundation is what outlives the pipeline, and may serve others: the network, the table and the warehouse.
type ordersFoundation struct {
	awscdk.Stack
	vpc       awsec2.Vpc
	table     awsdynamodb.Table
	warehouse etl.RedshiftWarehouse
}

func newOrdersFoundation(scope constructs.Construct, id string) *ordersFoundation {
	foundation := &ordersFoundation{}
	awscdk.NewStack_Override(foundation, scope, jsii.String(id), nil)
	foundation.vpc = awsec2.NewVpc(foundation, jsii.String("Vpc"), &awsec2.VpcProps{
		MaxAzs:      jsii.Number(3),
		NatGateways: jsii.Number(1), // for the container registry and the APIs of AWS; the data goes through the endpoints
		GatewayEndpoints: &map[string]*awsec2.GatewayVpcEndpointOptions{
			"S3":       {Service: awsec2.GatewayVpcEndpointAwsService_S3()},
			"DynamoDb": {Service: awsec2.GatewayVpcEndpointAwsService_DYNAMODB()},
		},
	})
	foundation.table = awsdynamodb.NewTable(foundation, jsii.String("Items"), &awsdynamodb.TableProps{
		PartitionKey: &awsdynamodb.Attribute{Name: jsii.String("order_id"), Type: awsdynamodb.AttributeType_STRING},
		BillingMode:  awsdynamodb.BillingMode_PAY_PER_REQUEST,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
		RemovalPolicy: dataRemovalPolicy(foundation),
	})
	foundation.warehouse = newOrdersWarehouse(foundation, "Warehouse", foundation.vpc)
	return foundation
}

// AvailabilityZones are three: Redshift Serverless needs them, and a stack that is deployed anywhere is taken to have
// two.
func (foundation *ordersFoundation) AvailabilityZones() *[]*string {
	zones := awscdk.Fn_GetAzs(foundation.Region())
	return &[]*string{
		awscdk.Fn_Select(jsii.Number(0), zones),
		awscdk.Fn_Select(jsii.Number(1), zones),
		awscdk.Fn_Select(jsii.Number(2), zones),
	}
}
