import { createRequire } from 'module';
import { compileFunction } from 'vm';
import { requestTo, type Server } from './http';

/** What a function of AWS Lambda exports. */
export type Handler = (event: unknown, context: { getRemainingTimeInMillis(): number }) => Promise<unknown>;

/** Everything that a function takes from outside, and that a simulation decides. */
export interface Surroundings {
  readonly environment: Record<string, string | undefined>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Buffer;
  readonly server: Server;
}

const PARAMETERS = ['exports', 'module', 'require', 'process', 'Date'];
const load = createRequire(__filename);

/** Runs the text of a bundle, as Lambda does at a cold start, with the simulation's own network, clock and chance. */
export function startBundle(text: string, { environment, now, randomBytes, server }: Surroundings): Handler {
  const request = requestTo(server);
  const replaced: Record<string, unknown> = {
    http: { ...load('http'), request },
    https: { ...load('https'), request },
    crypto: { ...load('crypto'), randomBytes },
    // pauses only make a caller wait; a simulation makes it wait at its calls
    'timers/promises': { setTimeout: async () => undefined },
    // the clients look for profiles there, and there are none
    'fs/promises': {
      readFile: async () => {
        throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      },
    },
  };
  class SimulatedDate extends Date {
    public static now(): number {
      return now();
    }

    constructor(...values: [] | [number]) {
      super(...((values.length === 0 ? [now()] : values) as [number]));
    }
  }
  const module = { exports: {} as { handler: Handler } };
  const run = compileFunction(text, PARAMETERS);
  const simulatedProcess = Object.assign(Object.create(process) as typeof process, { env: environment });
  run(
    module.exports,
    module,
    (name: string) => {
      const plain = name.replace(/^node:/, '');
      return plain === 'process' ? simulatedProcess : (replaced[plain] ?? load(plain));
    },
    simulatedProcess,
    SimulatedDate,
  );
  return module.exports.handler;
}
