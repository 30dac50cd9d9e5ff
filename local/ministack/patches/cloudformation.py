"""Resource types of CloudFormation."""

import uuid

from ministack.services import s3
from ministack.services.cloudformation import provisioners


def apply():
    handlers = provisioners._RESOURCE_HANDLERS
    # Tags of a bucket: the function behind autoDeleteObjects looks for its own one. MiniStack's buckets come without.
    _wrap_create(handlers["AWS::S3::Bucket"], _bucket_with_tags)
    # CidrBlock is an attribute of a VPC (Fn::GetAtt); security group rules use it.
    _wrap_create(handlers["AWS::EC2::VPC"], _vpc_with_cidr_block)
    # Types that MiniStack does not know, though an app needs no more of them here than an id.
    for resource_type, prefix, attributes in (
        ("AWS::EC2::EIP", "eipalloc-", ("AllocationId",)),
        ("AWS::EC2::NatGateway", "nat-", ("NatGatewayId",)),
        ("AWS::EC2::SecurityGroupEgress", "sgr-", ()),
        ("AWS::EC2::SecurityGroupIngress", "sgr-", ()),
        ("AWS::EMR::SecurityConfiguration", "security-configuration-", ()),
    ):
        handlers.setdefault(resource_type, _only_an_id(prefix, attributes))


def _wrap_create(handler, wrap):
    handler["create"] = wrap(handler["create"])


def _bucket_with_tags(create):
    def create_bucket(logical_id, properties, stack):
        name, attributes = create(logical_id, properties, stack)
        if properties.get("Tags"):
            s3._bucket_tags[name] = {tag["Key"]: tag["Value"] for tag in properties["Tags"]}
        return name, attributes

    return create_bucket


def _vpc_with_cidr_block(create):
    def create_vpc(logical_id, properties, stack):
        vpc_id, attributes = create(logical_id, properties, stack)
        return vpc_id, {**attributes, "CidrBlock": properties.get("CidrBlock")}

    return create_vpc


def _only_an_id(prefix, attributes):
    def create(logical_id, properties, stack):
        physical_id = f"{prefix}{uuid.uuid4().hex[:17]}"
        return physical_id, dict.fromkeys(("Id", *attributes), physical_id)

    return {"create": create, "delete": lambda physical_id, properties: None}
