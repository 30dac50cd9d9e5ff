import { ERROR, STEP_ENV } from '../etl-step/contract';
import { operatorCommand } from '../operator/contract';

/** An error whose name the state machine and the ledger act on: Lambda reports `name` as the error of the task. */
export class EtlError extends Error {
  constructor(name: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

/** Passes by itself: the caller tries again. */
export class TransientError extends EtlError {
  constructor(message: string, options?: ErrorOptions) {
    super(ERROR.transient, message, options);
  }
}

/** AWS has no room for the compute: launch it elsewhere. */
export class CapacityError extends EtlError {
  constructor(message: string, options?: ErrorOptions) {
    super(ERROR.capacity, message, options);
  }
}

/** The files are at fault. */
export class DataError extends EtlError {
  /**
   * @param files ids of the files at fault in the ledger, if they are known; the message then becomes JSON that carries
   * them
   */
  constructor(message: string, files: string[] = [], options?: ErrorOptions) {
    super(ERROR.data, files.length === 0 ? message : JSON.stringify({ message, files }), options);
  }
}

/**
 * Somebody must change something; the message says what, and how to go on then: the pipeline pauses, and the files
 * wait.
 */
export class ConfigurationError extends EtlError {
  constructor(message: string, options?: ErrorOptions) {
    super(ERROR.configuration, `${message}${howToGoOn()}`, options);
  }
}

function howToGoOn(): string {
  const functionName = process.env[STEP_ENV.operatorFunction];
  return functionName ? ` Then resume: ${operatorCommand(functionName, { operation: 'resume' })}` : '';
}
