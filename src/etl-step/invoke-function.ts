import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IFunction, IVersion } from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import * as tasks from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { ERROR } from './contract';

export interface InvokeFunctionProps {
  readonly handler: IFunction;
  readonly payload: { [key: string]: unknown };
  readonly outputs: string;
  readonly assign?: { [variable: string]: unknown };
}

/** Calls a function, in JSONata, and calls it again after what passes by itself. */
export class InvokeFunction extends tasks.LambdaInvoke {
  constructor(scope: Construct, name: string, props: InvokeFunctionProps) {
    super(scope, name, {
      queryLanguage: sfn.QueryLanguage.JSONATA,
      lambdaFunction: props.handler,
      payload: sfn.TaskInput.fromObject(props.payload),
      outputs: props.outputs,
      assign: props.assign,
      retryOnServiceExceptions: false,
    });
    const { lambda } = props.handler as Partial<IVersion>;
    if (lambda) {
      // not this version alone: executions that began before a deployment go on with the version they began with
      const ofAllVersions = { actions: ['lambda:InvokeFunction'], resources: [`${lambda.functionArn}:*`] };
      this.taskPolicies!.splice(0, 1, new iam.PolicyStatement(ofAllVersions));
    }
    this.addRetry({
      errors: [
        ERROR.transient,
        // https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception
        'Lambda.ClientExecutionTimeoutException',
        'Lambda.ServiceException',
        'Lambda.AWSLambdaException',
        'Lambda.SdkClientException',
        'Lambda.TooManyRequestsException',
        // the function died or ran out of time: each action can be repeated
        'Lambda.Unknown',
        'Sandbox.Timedout',
      ],
      // in all about a quarter of an hour, spread so that many runs do not come back at once
      interval: Duration.seconds(5),
      backoffRate: 2,
      maxAttempts: 8,
      maxDelay: Duration.minutes(5),
      jitterStrategy: sfn.JitterType.FULL,
    });
  }
}
