import { randomBytes } from 'crypto';

// A runId is its time, for people and for the order of the sweep, and 64 random bits, for being new.
const RUN_ID = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z-[0-9a-f]{16}$/;

export function newRunId(now: Date): string {
  return `${now.toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(8).toString('hex')}`;
}

/** When the run was planned. */
export function runTime(runId: string): Date {
  const time = RUN_ID.exec(runId);
  if (!time) throw new Error(`A run id must look like 20260131T235959Z-0123456789abcdef, got '${runId}'.`);
  const [, year, month, day, hour, minute, second] = time;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** Attempt 1, 2, … of a run is the execution of this name. */
export function executionName(runId: string, attempt: number): string {
  return `${runId}-${attempt}`;
}

/** The run that an execution is an attempt of; undefined for one that somebody else has started. */
export function runOfExecution(name: string): string | undefined {
  const [, runId] = /^(.*)-[1-9]\d*$/.exec(name) ?? [];
  return runId && RUN_ID.test(runId) ? runId : undefined;
}

export function executionArn(stateMachineArn: string, name: string): string {
  return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
}
