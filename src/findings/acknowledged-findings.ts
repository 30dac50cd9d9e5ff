// What checkers find in the library's own resources, and why it stands: cdk-nag (AwsSolutions), cfn-lint, checkov.

/** A finding about resources of one type. */
export interface ResourceFinding {
  readonly resourceType: string;
  readonly rule: string;
  /** Which finding of the rule, where it may have several of one resource. */
  readonly finding?: string;
  readonly reason: string;
}

/** A wildcard in a policy, which cdk-nag finds as AwsSolutions-IAM5. */
export interface WildcardFinding {
  /** The ARN as cdk-nag spells it, with `<LogicalId.Arn>` for a reference. */
  readonly resource: RegExp;
  /** All that the statement may allow, else the finding is not acknowledged. */
  readonly actions: RegExp;
  readonly reason: string;
}

const ORDER_OF_CDK =
  'The CDK orders a resource after all of a role, its policies too; cfn-lint sees that the role alone is ordered.';

const FUNCTION = 'AWS::Lambda::Function';

/** Of every construct of the library. */
export const RESOURCE_FINDINGS: ResourceFinding[] = [
  { resourceType: FUNCTION, rule: 'W3005', reason: ORDER_OF_CDK },
  { resourceType: 'AWS::StepFunctions::StateMachine', rule: 'W3005', reason: ORDER_OF_CDK },
  { resourceType: 'Custom::StopRuns', rule: 'W3005', reason: ORDER_OF_CDK },
  {
    resourceType: FUNCTION,
    rule: 'AwsSolutions-L1',
    reason: 'Functions run on the version of Node.js that their bundles are made for and tested with.',
  },
  {
    resourceType: FUNCTION,
    rule: 'CKV_AWS_115',
    reason: 'A reserved concurrency would be taken from the account: the event source bounds what runs at once.',
  },
  {
    resourceType: FUNCTION,
    rule: 'CKV_AWS_116',
    reason: 'Files that could not be entered stay in the queue or its dead-letter queue; the sweep repeats all else.',
  },
  {
    resourceType: FUNCTION,
    rule: 'CKV_AWS_117',
    reason:
      'Functions call APIs of AWS alone, by TLS and IAM. In a VPC they would need endpoints and reach nothing more.',
  },
  {
    resourceType: FUNCTION,
    rule: 'CKV_AWS_173',
    reason: 'The environment holds names of resources, no secret; Lambda encrypts it with a key of its own.',
  },
  {
    resourceType: 'AWS::Logs::LogGroup',
    rule: 'CKV_AWS_158',
    reason: 'Logs hold names of files and no rows; CloudWatch encrypts them with a key of its own.',
  },
  {
    resourceType: 'AWS::SQS::Queue',
    rule: 'CKV_AWS_27',
    reason: "SQS encrypts the events with a key of its own; 'encryptionKey' names another.",
  },
  {
    resourceType: 'AWS::DynamoDB::Table',
    rule: 'CKV_AWS_119',
    reason: "DynamoDB encrypts the ledger with a key of its own; 'encryptionKey' names another.",
  },
  {
    resourceType: 'AWS::S3::Bucket',
    rule: 'AwsSolutions-S1',
    reason:
      'Only functions of the pipeline use this bucket, under names that the run id makes unique; its results are ' +
      'logged and kept in the ledger. Whoever needs server access logs gives the trigger a workBucket that has them.',
  },
  {
    resourceType: 'AWS::S3::Bucket',
    rule: 'CKV_AWS_18',
    reason: 'As AwsSolutions-S1: give the trigger a workBucket that has access logs, if you need them.',
  },
  {
    resourceType: 'AWS::S3::Bucket',
    rule: 'CKV_AWS_21',
    reason:
      'Names hold the run id, so nothing is overwritten by another; copies of files are deleted when they are old.',
  },
  {
    resourceType: 'AWS::KMS::Key',
    rule: 'CKV_AWS_33',
    reason: "EC2 Spot's own role cannot be named before its first use: a condition names it in place of the principal.",
  },
];

/** Of what the CDK makes for the notifications of a bucket. */
export const NOTIFICATION_FINDINGS: ResourceFinding[] = [
  { resourceType: 'Custom::S3BucketNotifications', rule: 'W3005', reason: ORDER_OF_CDK },
  ...RESOURCE_FINDINGS.filter(({ resourceType }) => resourceType === FUNCTION),
  {
    resourceType: 'AWS::IAM::Role',
    rule: 'AwsSolutions-IAM4',
    finding: 'Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
    reason: "The CDK's own function for the notifications of buckets writes its log with it.",
  },
];

/** The same for buckets that the app does not own. */
export const NOTIFICATION_WILDCARD: WildcardFinding = {
  resource: /^\*$/,
  actions: /^s3:(Get|Put)BucketNotification$/,
  reason: "The CDK's own function configures any bucket of the stack with it.",
};

/** Folders of runs in the work bucket. */
export const RUN_FOLDERS: WildcardFinding = {
  resource: /\/runs\/[^:]*$/,
  actions: /^s3:/,
  reason: 'Each run has a folder of its own.',
};

const WITHOUT_RESOURCE = new RegExp(
  `^(${[
    'logs:(Create|Get|Update|Delete|List)LogDeliver(y|ies)',
    'logs:(PutResourcePolicy|DescribeResourcePolicies|DescribeLogGroups)',
    'xray:(Put|Get)\\w+',
    'ec2:Describe\\w+',
    'ecr:GetAuthorizationToken',
    'ecs:ListTasks',
    'elasticmapreduce:(RunJobFlow|ListClusters)',
  ].join('|')})$`,
);

export const WILDCARD_FINDINGS: WildcardFinding[] = [
  RUN_FOLDERS,
  {
    resource: /(^<\w+\.Arn>|:s3:::[^/]+)\/.*\*$/,
    actions: /^s3:GetObject(Version)?$/,
    reason: 'Files have any names below the prefix.',
  },
  {
    resource: /\/clusters\/[^:]*\*$/,
    actions: /^s3:/,
    reason: 'Each cluster that is kept has logs of its own.',
  },
  {
    resource: /:states:.*:execution:.*:\*$/,
    actions: /^states:(Describe|Stop)Execution$/,
    reason: 'Each attempt of a run is an execution of its own.',
  },
  {
    resource: /^<\w+\.Arn>:\*$/,
    actions: /^lambda:InvokeFunction$/,
    reason: 'Executions go on with the function versions they began with.',
  },
  {
    resource: /:ecs:.*:task-definition\/\w+:\*$/,
    actions: /^ecs:RunTask$/,
    reason: 'Executions go on with the task definition they began with.',
  },
  {
    resource: /:ecs:.*:task\/.*\/\*$/,
    actions: /^ecs:(TagResource|DescribeTasks|StopTask)$/,
    reason: 'Tasks get their ids when they start.',
  },
  {
    resource: /:(elasticmapreduce:.*:cluster\/\*|emr-serverless:.*\/jobruns\/\*)$/,
    actions: /^(elasticmapreduce|emr-serverless):/,
    reason: "Clusters and job runs get their ids when they start; a tag says which are the step's.",
  },
  {
    resource: /:ec2:.*:((launch-template|instance|volume|network-interface|fleet)\/\*|image\/ami-\*|subnet\/.*)$/,
    actions: /^ec2:/,
    reason: 'What EMR makes gets its id then, tags say which it is; images and shared subnets are of another account.',
  },
  {
    resource: /:role\/aws-service-role\/elasticmapreduce\.amazonaws\.com\*\/AWSServiceRoleForEMRCleanup\*$/,
    actions: /^iam:CreateServiceLinkedRole$/,
    reason: "The name of a role of EMR's own differs between partitions.",
  },
  {
    resource: /^\*$/,
    actions: WITHOUT_RESOURCE,
    reason: 'These actions know no resource; RunJobFlow is bounded by a tag.',
  },
];
