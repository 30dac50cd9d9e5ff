import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';

/**
 * Runs states in a Parallel of one branch: variables, output and failures stay their own. Their input goes on, with
 * their output at `resultPath`.
 */
export function isolatedStates(scope: Construct, name: string, states: sfn.IChainable, resultPath: string): sfn.Chain {
  const parallel = sfn.Parallel.jsonPath(scope, name, { resultPath }).branch(states);
  // a Parallel returns an array of its branches' outputs, and a ResultSelector can only make an object of it
  const unwrap = sfn.Pass.jsonPath(scope, `${name}: Result`, { inputPath: `${resultPath}[0]`, resultPath });
  return parallel.next(unwrap);
}
