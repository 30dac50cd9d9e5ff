// Functions log as JSON lines; between the results of tests they would only hide a failure. POWERTOOLS_LOG_LEVEL=DEBUG shows them.
process.env.POWERTOOLS_LOG_LEVEL ??= 'SILENT';

// CloudFormation's own rules take ten seconds in each process; the example's templates are checked against them (test/examples).
process.env.CDK_VALIDATION ??= 'false';
