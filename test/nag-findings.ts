import { AwsSolutionsChecks } from 'cdk-nag';
import type { Construct } from 'constructs';

/**
 * What the AwsSolutions rules find in a synthesized stack and nobody has acknowledged: `<rule> <path of the
 * construct>`.
 */
export function nagFindings(scope: Construct): string[] {
  return new AwsSolutionsChecks()
    .validateScope(scope)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    );
}
