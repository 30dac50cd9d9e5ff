package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsredshiftserverless"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	etl "github.com/cdk-etl-steps/cdk-etl-steps-go/cdketlsteps"
)

const warehouseName = "orders"

// newOrdersWarehouse makes a workgroup of Redshift Serverless, and the role with which it reads the staged files.
func newOrdersWarehouse(parent constructs.Construct, id string, vpc awsec2.IVpc) etl.RedshiftWarehouse {
	scope := constructs.NewConstruct(parent, jsii.String(id))
	removalPolicy := dataRemovalPolicy(scope)
	copyRole := awsiam.NewRole(scope, jsii.String("CopyRole"), &awsiam.RoleProps{
		Description: jsii.String("Redshift reads the staged files with it"),
		AssumedBy: awsiam.NewCompositePrincipal(
			awsiam.NewServicePrincipal(jsii.String("redshift.amazonaws.com"), nil),
			awsiam.NewServicePrincipal(jsii.String("redshift-serverless.amazonaws.com"), nil),
		),
	})
	awscdk.NewCfnOutput(awscdk.Stack_Of(scope), jsii.String("CopyRoleArn"), &awscdk.CfnOutputProps{
		Value:       copyRole.RoleArn(),
		Description: jsii.String("Must be associated with the warehouse"),
	})
	login := awssecretsmanager.NewSecret(scope, jsii.String("Login"), &awssecretsmanager.SecretProps{
		Description: jsii.String("Administrator of the namespace '" + warehouseName + "'"),
		GenerateSecretString: &awssecretsmanager.SecretStringGenerator{
			SecretStringTemplate: jsii.String(`{"username":"etl"}`),
			GenerateStringKey:    jsii.String("password"),
			PasswordLength:       jsii.Number(64),
			ExcludePunctuation:   jsii.Bool(true),
		},
		RemovalPolicy: removalPolicy,
	})
	awscdk.NewCfnOutput(awscdk.Stack_Of(scope), jsii.String("WarehouseSecretArn"), &awscdk.CfnOutputProps{
		Value:       login.SecretArn(),
		Description: jsii.String("The administrator of Redshift"),
	})
	namespace := awsredshiftserverless.NewCfnNamespace(scope, jsii.String("Namespace"),
		&awsredshiftserverless.CfnNamespaceProps{
			NamespaceName: jsii.String(warehouseName),
			DbName:        jsii.String(warehouseName),
			// references that CloudFormation resolves: the template holds no secret
			AdminUsername:     login.SecretValueFromJson(jsii.String("username")).UnsafeUnwrap(),
			AdminUserPassword: login.SecretValueFromJson(jsii.String("password")).UnsafeUnwrap(),
			IamRoles:          &[]interface{}{copyRole.RoleArn()},
			LogExports:        jsii.Strings("userlog", "connectionlog", "useractivitylog"),
		})
	namespace.ApplyRemovalPolicy(removalPolicy, nil)
	securityGroup := awsec2.NewSecurityGroup(scope, jsii.String("SecurityGroup"), &awsec2.SecurityGroupProps{
		Vpc:         vpc,
		Description: jsii.String("Redshift Serverless of the orders"),
	})
	subnetIds := []interface{}{}
	for _, subnet := range *vpc.PrivateSubnets() {
		subnetIds = append(subnetIds, subnet.SubnetId())
	}
	workgroup := awsredshiftserverless.NewCfnWorkgroup(scope, jsii.String("Workgroup"),
		&awsredshiftserverless.CfnWorkgroupProps{
			WorkgroupName:      jsii.String(warehouseName),
			NamespaceName:      namespace.NamespaceName(),
			BaseCapacity:       jsii.Number(8), // the least
			SubnetIds:          &subnetIds,
			SecurityGroupIds:   &[]interface{}{securityGroup.SecurityGroupId()},
			PubliclyAccessible: jsii.Bool(false),
			EnhancedVpcRouting: jsii.Bool(true), // COPY reads S3 through the endpoint of the VPC
			ConfigParameters: &[]*awsredshiftserverless.CfnWorkgroup_ConfigParameterProperty{{
				ParameterKey:   jsii.String("require_ssl"),
				ParameterValue: jsii.String("true"),
			}},
		})
	workgroup.AddDependency(namespace)
	return etl.RedshiftWarehouse_Serverless(&etl.RedshiftServerlessOptions{
		WorkgroupName:  jsii.String(warehouseName),
		WorkgroupArn:   workgroup.AttrWorkgroupWorkgroupArn(),
		Database:       jsii.String(warehouseName),
		CopyRole:       copyRole,
		Secret:         login,
		SecurityGroups: &[]awsec2.ISecurityGroup{securityGroup},
	})
}
