import { ExecutionAlreadyExists, ExecutionDoesNotExist } from '@aws-sdk/client-sfn';
import type { ExecutionInput, RunOutcome } from '../../../src/file-ledger/contract';
import { STATE_MACHINE } from '../fake-aws';

const ARN = STATE_MACHINE.replace('stateMachine', 'execution');

export const executionArnOf = (name: string): string => `${ARN}:${name}`;

/** How an execution ends. */
export interface End {
  readonly status: RunOutcome;
  readonly error?: string;
  readonly cause?: string;
}

export interface Execution {
  readonly name: string;
  readonly input: ExecutionInput;
  readonly started: number;
  status: 'RUNNING' | RunOutcome;
  end?: End;
  stopped?: number;
}

/** Step Functions. Each name is one execution for ever; how it ended never changes. */
export class Executions {
  public readonly all = new Map<string, Execution>();

  /**
   * @param now seconds since 1970
   * @param isShown whether DescribeExecution already knows an execution that has started: it may be late
   * @param started called before an execution exists
   */
  constructor(
    private readonly now: () => number,
    private readonly isShown: () => boolean,
    private readonly started: (input: ExecutionInput) => void,
  ) {}

  public perform(operation: string, input: any): unknown {
    switch (operation) {
      case 'StartExecution':
        return this.start(input);
      case 'DescribeExecution':
        return this.describe(input);
      default:
        throw new Error(`Step Functions does not know ${operation}`);
    }
  }

  public running(): Execution[] {
    return [...this.all.values()].filter(({ status }) => status === 'RUNNING');
  }

  public isRunning(name: string): boolean {
    return this.all.get(name)?.status === 'RUNNING';
  }

  public end(execution: Execution, end: End): void {
    if (execution.status !== 'RUNNING') throw new Error(`${execution.name} has ended already`);
    Object.assign(execution, { status: end.status, end, stopped: this.now() });
  }

  private start({ stateMachineArn, name, input }: any) {
    if (stateMachineArn !== STATE_MACHINE) throw new Error(`no state machine ${stateMachineArn}`);
    const existing = this.all.get(name);
    // the same name with the same input is answered as the first call was, as long as the execution runs
    if (existing && (existing.status !== 'RUNNING' || JSON.stringify(existing.input) !== input)) {
      throw new ExecutionAlreadyExists({ message: name, $metadata: {} });
    }
    if (existing) return { executionArn: executionArnOf(name), startDate: existing.started };
    const parsed = JSON.parse(input) as ExecutionInput;
    this.started(parsed);
    this.all.set(name, { name, input: parsed, started: this.now(), status: 'RUNNING' });
    return { executionArn: executionArnOf(name), startDate: this.now() };
  }

  private describe({ executionArn }: any) {
    const execution = this.all.get(executionArn.slice(ARN.length + 1));
    if (!execution || (execution.status === 'RUNNING' && !this.isShown())) {
      throw new ExecutionDoesNotExist({ message: executionArn, $metadata: {} });
    }
    const { status, end, started, stopped } = execution;
    return {
      executionArn,
      stateMachineArn: STATE_MACHINE,
      status,
      startDate: started,
      stopDate: stopped,
      error: end?.error,
      cause: end?.cause,
    };
  }
}
