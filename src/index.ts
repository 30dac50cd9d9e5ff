export { Column, ColumnOptions } from './dataset/column';
export { ColumnDefinition, CsvDefinition, DatasetDefinition } from './dataset/contract';
export { CsvOptions, DataFormat } from './dataset/data-format';
export { Dataset, DatasetProps } from './dataset/dataset';
export { EmrCompute } from './emr-hive-dynamo-step/emr-compute';
export { EmrExistingClusterOptions } from './emr-hive-dynamo-step/existing-cluster';
export { EmrServerlessOptions } from './emr-hive-dynamo-step/serverless-options';
export { EmrHiveDynamoStep, EmrHiveDynamoStepProps } from './emr-hive-dynamo-step/emr-hive-dynamo-step';
export {
  EmrBootstrapAction,
  EmrConfiguration,
  EmrInstanceFleetsOptions,
  EmrOnDemandAllocationStrategy,
  EmrSpotAllocationStrategy,
} from './emr-hive-dynamo-step/emr-instance-fleets-options';
export { HiveTransform } from './emr-hive-dynamo-step/hive-transform';
export { RejectedFile, StagedFile, StagedFiles } from './etl-pipeline/contract';
export { EtlPipeline, EtlPipelineProps } from './etl-pipeline/etl-pipeline';
export { EtlTriggerDescription, IEtlTrigger, StartExecutionsOptions } from './etl-pipeline/etl-trigger';
export { StepResult } from './etl-step/contract';
export { EtlStep } from './etl-step/etl-step';
export { EtlStepBindOptions, EtlStepConfig, IEtlStep } from './etl-step/step';
export { JobFunctionOptions } from './etl-step/job-function-step';
export {
  LoaderFailure,
  LoaderInput,
  LoaderResult,
  TableLayout,
  WarehouseConnection,
} from './fargate-redshift-step/contract';
export { FargateTaskOptions } from './fargate-redshift-step/fargate-task-options';
export { FargateRedshiftStep, FargateRedshiftStepProps } from './fargate-redshift-step/fargate-redshift-step';
export { LoadMode } from './fargate-redshift-step/load-mode';
export { CreateTableOptions, DistributionStyle, RedshiftLoadOptions } from './fargate-redshift-step/load-options';
export {
  RedshiftClusterOptions,
  RedshiftConnectionOptions,
  RedshiftEndpointOptions,
  RedshiftServerlessOptions,
  RedshiftWarehouse,
} from './fargate-redshift-step/redshift-warehouse';
export { EtlFunctionOptions } from './function-options';
export { EventDelivery } from './s3-queue-trigger/event-delivery';
export { S3QueueTrigger } from './s3-queue-trigger/s3-queue-trigger';
export { S3QueueTriggerProps } from './s3-queue-trigger/s3-queue-trigger-props';
