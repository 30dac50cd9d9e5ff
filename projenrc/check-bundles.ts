// Fails the build if a bundle contains the CDK: it would add megabytes and seconds to every cold start.
import { readBundles } from './bundles';

const FORBIDDEN = /node_modules\/(aws-cdk-lib|constructs)\//;

const offenders = readBundles(process.argv[2]).flatMap(({ metafile, inputs }) =>
  inputs
    .filter(input => FORBIDDEN.test(input))
    .slice(0, 1)
    .map(input => `${metafile}: ${input}`),
);
if (offenders.length > 0) {
  console.error(
    "Runtime code must not import the CDK. Look for an import of a construct's file below src/**/runtime/:\n" +
      offenders.join('\n'),
  );
  process.exit(1);
}
