import { Logger } from '@aws-lambda-powertools/logger';

/** Structured log, under the function's name; POWERTOOLS_LOG_LEVEL sets what is logged. */
export const logger = new Logger({
  serviceName: process.env.POWERTOOLS_SERVICE_NAME ?? process.env.AWS_LAMBDA_FUNCTION_NAME,
});
