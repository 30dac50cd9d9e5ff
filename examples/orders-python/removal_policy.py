from aws_cdk import RemovalPolicy
from constructs import Construct


def data_removal_policy(scope: Construct) -> RemovalPolicy:
    """Data stays when the stacks are deleted, unless you only try the example out (-c deleteDataWithStacks=true)."""
    delete = str(scope.node.try_get_context("deleteDataWithStacks")).lower() == "true"
    return RemovalPolicy.DESTROY if delete else RemovalPolicy.RETAIN
