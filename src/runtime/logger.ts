import { Logger } from '@aws-lambda-powertools/logger';

/** Structured log of the function; POWERTOOLS_LOG_LEVEL configures it. */
export const logger = new Logger({ serviceName: process.env.AWS_LAMBDA_FUNCTION_NAME });
