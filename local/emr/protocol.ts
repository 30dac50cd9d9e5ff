import type { IncomingMessage, ServerResponse } from 'http';
import type { EmrFaults } from './faults';

/** An error as EMR answers it. */
export class EmrFault extends Error {
  constructor(
    readonly type:
      'ValidationException' | 'InvalidRequestException' | 'ThrottlingException' | 'UnknownOperationException',
    message: string,
  ) {
    super(message);
  }
}

export type Operation = (input: never) => unknown;

const TARGET = /^ElasticMapReduce\.(\w+)$/;

/**
 * Answers one request of AWS JSON 1.1: the operation in a header, input and output as JSON, times as seconds since
 * 1970.
 */
export async function answer(
  operations: Record<string, Operation>,
  faults: EmrFaults,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let status = 200;
  let body: unknown;
  try {
    const name = TARGET.exec(String(request.headers['x-amz-target']))?.[1];
    if (name === undefined || !Object.hasOwn(operations, name)) {
      throw new EmrFault(
        'UnknownOperationException',
        `The local EMR does not know ${request.headers['x-amz-target']}.`,
      );
    }
    const input = JSON.parse(await text(request)) as never;
    const fault = await faults.call?.(name);
    if (fault === 'throttled') throw new EmrFault('ThrottlingException', 'Rate exceeded');
    if (fault === 'failed') throw new Error('An internal error occurred.');
    body = operations[name](input) ?? {};
    if (fault === 'answer lost') {
      request.socket.destroy();
      return;
    }
  } catch (error) {
    status = error instanceof EmrFault ? 400 : 500;
    const type = error instanceof EmrFault ? error.type : 'InternalServerException';
    const { message } = error as Error;
    body = type === 'InvalidRequestException' ? { __type: type, Message: message } : { __type: type, message };
  }
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify(body, secondsForTimes));
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** JSON.stringify hands a Date over as text already; only `this` still has it. */
function secondsForTimes(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const original = this[key];
  return original instanceof Date ? original.getTime() / 1000 : value;
}
