// Functions log as JSON lines; between the results of tests they would only hide a failure. POWERTOOLS_LOG_LEVEL=DEBUG
// shows them.
process.env.POWERTOOLS_LOG_LEVEL ??= 'SILENT';

// CloudFormation's own rules take ten seconds in each process; the example's templates are checked against them
// (test/examples).
process.env.CDK_VALIDATION ??= 'false';

// The SDK's advice to use Node.js 22, once per process; the functions run on 22.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
