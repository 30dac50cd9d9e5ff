import { setMaxListeners } from 'events';
import { isMainThread, parentPort, Worker, workerData } from 'worker_threads';
import { BrokenGzipError } from './object-bytes';
import { Part, PartResult, runPart, ScanContext } from './part';

// Parts on several threads. A thread runs the program's one bundle again, which serves parts if it finds itself in a
// thread.

/** Does parts, as many at a time as it is given. */
export interface PartRunner {
  run(part: Part): Promise<PartResult>;
  /** Ends it, whatever it is doing. */
  close(): Promise<void>;
}

type Progress = (bytes: number) => void;

/** @param threads with one, the work is done in this one */
export function startRunner(context: ScanContext, threads: number, progress: Progress): PartRunner {
  if (threads > 1) return new ThreadedRunner(context, threads, progress);
  const stop = new AbortController();
  setMaxListeners(0, stop.signal); // each part listens
  return {
    run: part => runPart(context, part, { signal: stop.signal, progress }),
    close: async () => stop.abort(),
  };
}

interface Request {
  readonly id: number;
  readonly part: Part;
}

interface Reply {
  readonly id: number;
  readonly progress?: number;
  readonly result?: PartResult;
  readonly error?: SentError;
}

interface Waiting {
  resolve(result: PartResult): void;
  reject(error: unknown): void;
}

class Thread {
  readonly waiting = new Map<number, Waiting>();
  private readonly worker: Worker;

  constructor(context: ScanContext, progress: Progress) {
    this.worker = new Worker(__filename, { workerData: context });
    this.worker.on('message', (reply: Reply) => {
      if (reply.progress !== undefined) return progress(reply.progress);
      const waiting = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      if (reply.error) waiting?.reject(receivedError(reply.error));
      else waiting?.resolve(reply.result!);
    });
    this.worker.on('error', error => this.fail(error));
    this.worker.on('exit', code => this.fail(new Error(`A thread that reads files ended with code ${code}.`)));
  }

  run(request: Request): Promise<PartResult> {
    return new Promise((resolve, reject) => {
      this.waiting.set(request.id, { resolve, reject });
      this.worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private fail(error: unknown): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

class ThreadedRunner implements PartRunner {
  private readonly threads: Thread[];
  private requests = 0;

  constructor(context: ScanContext, threads: number, progress: Progress) {
    this.threads = Array.from({ length: threads }, () => new Thread(context, progress));
  }

  run(part: Part): Promise<PartResult> {
    const idlest = this.threads.reduce((best, thread) => (thread.waiting.size < best.waiting.size ? thread : best));
    return idlest.run({ id: this.requests++, part });
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map(thread => thread.close()));
  }
}

/** What a thread does: parts, until it is ended. */
export function serveParts(): void {
  if (isMainThread) throw new Error('Parts are served in a thread.');
  const port = parentPort!;
  const reply = (message: Reply): void => port.postMessage(message);
  const { signal } = new AbortController(); // never aborted: the thread is ended as a whole
  setMaxListeners(0, signal);
  port.on('message', ({ id, part }: Request) => {
    runPart(workerData as ScanContext, part, { signal, progress: bytes => reply({ id, progress: bytes }) }).then(
      result => reply({ id, result }),
      error => reply({ id, error: sentError(error) }),
    );
  });
}

/** Errors lose their fields and classes on the way between threads; these are the ones that tell them apart. */
interface SentError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly $metadata?: object;
  readonly brokenGzip?: string;
}

function sentError(error: unknown): SentError {
  const { name, message, code, $metadata } = error as Error & SentError;
  return {
    name,
    message: message ?? String(error),
    code,
    $metadata: $metadata && { ...$metadata },
    ...(error instanceof BrokenGzipError && { brokenGzip: error.key, message: (error.cause as Error).message }),
  };
}

function receivedError({ brokenGzip, message, ...fields }: SentError): Error {
  return brokenGzip === undefined
    ? Object.assign(new Error(message), fields)
    : new BrokenGzipError(brokenGzip, new Error(message));
}
