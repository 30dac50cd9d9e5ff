import { Token } from 'aws-cdk-lib';
import type { IEtlStep } from './step';

/** At most 40 characters: state names, cluster names and tokens are made of it. */
const STEP_ID = /^[A-Za-z0-9_-]{1,40}$/;

/** Folders of a run that are no step's: runs/<runId>/input/ and runs/<runId>/staging/. */
const TAKEN = ['input', 'staging'];

/**
 * Ids become names of states, JSONPaths and S3 folders.
 * @throws Error if the id is a token, has other characters or is a folder of the pipeline's
 */
export function validateStepId(stepId: string): void {
  if (typeof stepId !== 'string') {
    throw new Error(`A step must have a 'stepId', a text of 1 to 40 of A-Z a-z 0-9 _ -, got ${stepId}. Give it one.`);
  }
  if (Token.isUnresolved(stepId)) {
    throw new Error(
      `The id of a step must be concrete text, got a token (${stepId}). Use a text that is known when the app runs.`,
    );
  }
  if (!STEP_ID.test(stepId)) {
    throw new Error(
      `The id of a step must have 1 to 40 of the characters A-Z a-z 0-9 _ -, got '${stepId}'. Rename the step.`,
    );
  }
  if (TAKEN.includes(stepId)) {
    throw new Error(
      `The id of a step must not be ${TAKEN.join(' or ')}, folders of a run that are the pipeline's, got ` +
        `'${stepId}'. Rename the step.`,
    );
  }
}

/**
 * A list may be made by code that leaves something out.
 * @throws Error if a step of it is none
 */
export function validatePresence(name: string, steps: readonly (IEtlStep | undefined)[]): void {
  const index = steps.findIndex(step => !step);
  if (index < 0) return;
  throw new Error(
    `${name} must hold steps only, got ${steps[index]} at place ${index + 1} of ${steps.length}. Leave it out, or make the step before the pipeline.`,
  );
}
