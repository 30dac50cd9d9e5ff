export function missingPrerequisites(
  ask?: (command: string, ...commandArguments: string[]) => string | undefined,
  nodeVersion?: string,
  platform?: string,
): string[];

export function writeProblem(folder: string): string | undefined;

/** Tried in this order; the first that is new enough is taken. */
export const PYTHON_COMMANDS: string[];
