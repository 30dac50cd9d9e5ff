import { Token } from 'aws-cdk-lib';

const GIB = 1024;

/**
 * Memory, in MiB, that Fargate offers with each size of CPU:
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
 */
const MEMORY: { readonly [cpu: number]: number[] } = {
  256: [512, GIB, 2 * GIB],
  512: range(GIB, 4 * GIB, GIB),
  1024: range(2 * GIB, 8 * GIB, GIB),
  2048: range(4 * GIB, 16 * GIB, GIB),
  4096: range(8 * GIB, 30 * GIB, GIB),
  8192: range(16 * GIB, 60 * GIB, 4 * GIB),
  16384: range(32 * GIB, 120 * GIB, 8 * GIB),
};

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: (to - from) / step + 1 }, (_, index) => from + index * step);
}

/** The least memory that goes with this CPU; a guess if there is no such size, or if it is a token. */
export function leastMemory(cpu: number): number {
  return MEMORY[cpu]?.[0] ?? 2 * GIB;
}

/** @throws Error if Fargate has no task of this size */
export function validateFargateSize(cpu: number, memoryLimitMiB: number): void {
  if (Token.isUnresolved(cpu) || Token.isUnresolved(memoryLimitMiB)) return;
  const memory = MEMORY[cpu];
  if (!memory) {
    throw new Error(`'cpu' must be one of ${Object.keys(MEMORY).join(', ')} (1024 is one vCPU), got ${cpu}.`);
  }
  if (!memory.includes(memoryLimitMiB)) {
    throw new Error(
      `'memoryLimitMiB' must be one of ${memory.join(', ')} with a 'cpu' of ${cpu}, got ${memoryLimitMiB}. ` +
        'Change one of the two.',
    );
  }
}
