from typing import List

from aws_cdk import Fn, Stack, aws_dynamodb as dynamodb, aws_ec2 as ec2
from constructs import Construct

from orders_warehouse import OrdersWarehouse
from removal_policy import data_removal_policy


class OrdersFoundation(Stack):
    """What outlives the pipeline, and may serve others: the network, the table and the warehouse."""

    def __init__(self, scope: Construct, id: str, **kwargs) -> None:
        super().__init__(scope, id, **kwargs)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=3,
            nat_gateways=1,  # for the container registry and the APIs of AWS; the data goes through the endpoints
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
                "DynamoDb": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.DYNAMODB),
            },
        )
        self.table = dynamodb.Table(
            self,
            "Items",
            partition_key=dynamodb.Attribute(name="order_id", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=data_removal_policy(self),
        )
        self.warehouse = OrdersWarehouse(self, "Warehouse", vpc=self.vpc).connection

    @property
    def availability_zones(self) -> List[str]:
        """Redshift Serverless needs three zones, and a stack that is deployed anywhere is taken to have two."""
        return [Fn.select(index, Fn.get_azs(self.region)) for index in range(3)]
