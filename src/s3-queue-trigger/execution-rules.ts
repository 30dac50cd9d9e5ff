import { CustomResource, Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct, IDependable } from 'constructs';
import { orderDeletion } from './deletion-order';
import type { TriggerFunctions } from './trigger-functions';

/** Of CloudFormation, for a function that dies without an answer: Lambda calls it again after 1 and after 2 minutes. */
const TEARDOWN_SERVICE_TIMEOUT = Duration.minutes(20);

/** Calls the functions when an execution has ended and once a minute, and stops the runs before anything is deleted. */
export function followExecutions(
  trigger: Construct,
  functions: TriggerFunctions,
  stateMachine: IStateMachine,
  needed: IDependable[],
): void {
  new events.Rule(trigger, 'ExecutionEnded', {
    description: `Executions of ${stateMachine.node.path} that ended`,
    eventPattern: {
      source: ['aws.states'],
      detailType: ['Step Functions Execution Status Change'],
      detail: {
        stateMachineArn: [stateMachine.stateMachineArn],
        status: ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'],
      },
    },
    targets: [new targets.LambdaFunction(functions.advance)],
  });
  const schedule = new events.Rule(trigger, 'EveryMinute', {
    description: `Runs the sweep of ${trigger.node.path}`,
    schedule: events.Schedule.rate(Duration.minutes(1)),
    targets: [new targets.LambdaFunction(functions.sweep)],
  });
  const { arrivals, teardown } = functions;
  orderDeletion({
    gates: [schedule, ...arrivals.node.findAll().filter(child => child instanceof lambda.CfnEventSourceMapping)],
    first: new CustomResource(trigger, 'StopRuns', {
      resourceType: 'Custom::StopRuns',
      serviceToken: teardown.functionArn,
      serviceTimeout: TEARDOWN_SERVICE_TIMEOUT,
    }),
    needed: [trigger, stateMachine, ...needed],
  });
}
