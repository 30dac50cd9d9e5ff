from aws_cdk import CfnOutput, RemovalPolicy, Stack, aws_s3 as s3
from cdk_etl_steps import EmrCompute, EmrHiveDynamoStep, EtlPipeline, FargateRedshiftStep, S3QueueTrigger
from constructs import Construct

from announce_step import AnnounceStep
from orders_dataset import ORDERS
from orders_foundation import OrdersFoundation
from removal_policy import data_removal_policy


class OrdersPipeline(Stack):
    """Files that are put below `orders/` become items in DynamoDB and rows in Redshift."""

    def __init__(self, scope: Construct, id: str, *, foundation: OrdersFoundation, **kwargs) -> None:
        super().__init__(scope, id, **kwargs)
        removal_policy = data_removal_policy(self)
        landing = s3.Bucket(
            self,
            "Landing",
            versioned=True,  # a file that is uploaded again while it is being loaded is another file
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            removal_policy=removal_policy,
            auto_delete_objects=removal_policy == RemovalPolicy.DESTROY,
        )
        trigger = S3QueueTrigger(self, "Uploads", bucket=landing, prefix="orders/", removal_policy=removal_policy)
        steps = [
            EmrHiveDynamoStep(
                self,
                "ToDynamo",
                table=foundation.table,
                compute=EmrCompute.instance_fleets(vpc=foundation.vpc),
            ),
            FargateRedshiftStep(
                self,
                "ToRedshift",
                vpc=foundation.vpc,
                warehouse=foundation.warehouse,
                schema="analytics",
                table="orders",
            ),
        ]
        if self.node.try_get_context("announceRuns"):
            steps.append(AnnounceStep(self, "Announce"))
        pipeline = EtlPipeline(self, "Orders", dataset=ORDERS, trigger=trigger, steps=steps)

        outputs = {
            "LandingBucket": (landing.bucket_name, "Put files below orders/"),
            "ItemsTable": (foundation.table.table_name, "The orders in DynamoDB"),
            "StateMachineArn": (
                pipeline.state_machine.state_machine_arn,
                "One execution for each attempt of each run",
            ),
            "LedgerTable": (trigger.ledger_table.table_name, "What became of each file and each run"),
            "WorkBucket": (trigger.work_bucket.bucket_name, "Results and rejected rows of each run, below runs/"),
            "OperatorFunction": (
                trigger.operator_function.function_name,
                "Takes the commands of docs/operate.md",
            ),
            "QueueUrl": (trigger.queue.queue_url, "Events of the landing bucket"),
        }
        for name, (value, description) in outputs.items():
            CfnOutput(self, name, value=value, description=description)
