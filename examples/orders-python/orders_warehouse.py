import json

from aws_cdk import (
    CfnOutput,
    Stack,
    aws_ec2 as ec2,
    aws_iam as iam,
    aws_redshiftserverless as redshiftserverless,
    aws_secretsmanager as secretsmanager,
)
from cdk_etl_steps import RedshiftWarehouse
from constructs import Construct

from removal_policy import data_removal_policy

NAME = "orders"


class OrdersWarehouse(Construct):
    """A workgroup of Redshift Serverless, and the role with which it reads the staged files."""

    def __init__(self, scope: Construct, id: str, *, vpc: ec2.IVpc) -> None:
        super().__init__(scope, id)
        removal_policy = data_removal_policy(self)
        copy_role = iam.Role(
            self,
            "CopyRole",
            description="Redshift reads the staged files with it",
            assumed_by=iam.CompositePrincipal(
                iam.ServicePrincipal("redshift.amazonaws.com"),
                iam.ServicePrincipal("redshift-serverless.amazonaws.com"),
            ),
        )
        CfnOutput(
            Stack.of(self),
            "CopyRoleArn",
            value=copy_role.role_arn,
            description="Must be associated with the warehouse",
        )
        login = secretsmanager.Secret(
            self,
            "Login",
            description=f"Administrator of the namespace '{NAME}'",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({"username": "etl"}, separators=(",", ":")),
                generate_string_key="password",
                password_length=64,
                exclude_punctuation=True,
            ),
            removal_policy=removal_policy,
        )
        CfnOutput(
            Stack.of(self),
            "WarehouseSecretArn",
            value=login.secret_arn,
            description="The administrator of Redshift",
        )
        namespace = redshiftserverless.CfnNamespace(
            self,
            "Namespace",
            namespace_name=NAME,
            db_name=NAME,
            # references that CloudFormation resolves: the template holds no secret
            admin_username=login.secret_value_from_json("username").unsafe_unwrap(),
            admin_user_password=login.secret_value_from_json("password").unsafe_unwrap(),
            iam_roles=[copy_role.role_arn],
            log_exports=["userlog", "connectionlog", "useractivitylog"],
        )
        namespace.apply_removal_policy(removal_policy)
        security_group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=vpc, description="Redshift Serverless of the orders"
        )
        workgroup = redshiftserverless.CfnWorkgroup(
            self,
            "Workgroup",
            workgroup_name=NAME,
            namespace_name=namespace.namespace_name,
            base_capacity=8,  # the least
            subnet_ids=[subnet.subnet_id for subnet in vpc.private_subnets],
            security_group_ids=[security_group.security_group_id],
            publicly_accessible=False,
            enhanced_vpc_routing=True,  # COPY reads S3 through the endpoint of the VPC
            config_parameters=[
                redshiftserverless.CfnWorkgroup.ConfigParameterProperty(
                    parameter_key="require_ssl", parameter_value="true"
                )
            ],
        )
        workgroup.add_dependency(namespace)
        self.connection = RedshiftWarehouse.serverless(
            workgroup_name=NAME,
            workgroup_arn=workgroup.attr_workgroup_workgroup_arn,
            database=NAME,
            copy_role=copy_role,
            secret=login,
            security_groups=[security_group],
        )
