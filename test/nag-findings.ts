import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Construct } from 'constructs';

/** What the AwsSolutions rules find below a construct and nobody has acknowledged: `<rule> <path of the construct>`. */
export function nagFindings(scope: Construct): string[] {
  Template.fromStack(Stack.of(scope)); // the library acknowledges its own findings at synthesis
  return new AwsSolutionsChecks()
    .validateScope(scope)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    );
}
