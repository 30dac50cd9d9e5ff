import { InvalidParameterException } from '@aws-sdk/client-ecs';
import { LOADER_CONTAINER } from '../../../src/fargate-redshift-step/contract';

const CLUSTER = 'arn:aws:ecs:eu-west-1:111122223333:cluster/etl';

export interface Task {
  readonly taskArn: string;
  readonly startedBy: string;
  /** The execution it works for. */
  readonly execution: string;
  desiredStatus: 'RUNNING' | 'STOPPED';
  lastStatus: 'RUNNING' | 'STOPPED';
  stopCode?: string;
  containers: { name: string; exitCode?: number }[];
}

/** ECS: one task for each client token; a task that is stopped takes until the next tick to end. */
export class Tasks {
  public readonly all = new Map<string, Task>();
  private readonly tokens = new Map<string, string>();

  constructor(private readonly stopped: (task: Task) => void) {}

  public perform(operation: string, input: any): unknown {
    if (input.cluster !== CLUSTER) throw new Error(`no cluster ${input.cluster}`);
    switch (operation) {
      case 'RunTask':
        return this.run(input);
      case 'DescribeTasks':
        return {
          tasks: input.tasks.filter((arn: string) => this.all.has(arn)).map((arn: string) => this.all.get(arn)),
          failures: [],
        };
      case 'ListTasks':
        return {
          taskArns: [...this.all.values()]
            .filter(task => task.startedBy === input.startedBy && task.desiredStatus === input.desiredStatus)
            .map(({ taskArn }) => taskArn),
        };
      case 'StopTask':
        return this.stop(input);
      default:
        throw new Error(`ECS does not know ${operation}`);
    }
  }

  public running(): Task[] {
    return [...this.all.values()].filter(({ lastStatus }) => lastStatus === 'RUNNING');
  }

  public exit(task: Task, exitCode: number): void {
    Object.assign(task, {
      desiredStatus: 'STOPPED',
      lastStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited',
      containers: [{ name: LOADER_CONTAINER, exitCode }],
    });
  }

  /** Tasks that were stopped end. */
  public pass(): void {
    for (const task of this.running()) {
      if (task.desiredStatus === 'STOPPED') Object.assign(task, { lastStatus: 'STOPPED', stopCode: 'UserInitiated' });
    }
  }

  private run({ clientToken, startedBy }: any) {
    const known = this.tokens.get(clientToken);
    if (known) return { tasks: [this.all.get(known)], failures: [] };
    const taskArn = `${CLUSTER.replace('cluster', 'task')}/${this.all.size + 1}`;
    const [, runId, attempt] = startedBy.split('/');
    const task: Task = {
      taskArn,
      startedBy,
      execution: `${runId}-${attempt}`,
      desiredStatus: 'RUNNING',
      lastStatus: 'RUNNING',
      containers: [{ name: LOADER_CONTAINER }],
    };
    this.all.set(taskArn, task);
    this.tokens.set(clientToken, taskArn);
    return { tasks: [task], failures: [] };
  }

  private stop({ task: arn }: any) {
    const task = this.all.get(arn);
    if (!task) throw new InvalidParameterException({ message: 'The referenced task was not found.', $metadata: {} });
    if (task.desiredStatus === 'RUNNING') {
      this.stopped(task);
      task.desiredStatus = 'STOPPED';
    }
    return { task };
  }
}

export const TASK_ARGUMENTS = {
  cluster: CLUSTER,
  taskDefinition: 'arn:aws:ecs:eu-west-1:111122223333:task-definition/loader:1',
  subnets: ['subnet-1'],
  securityGroups: ['sg-1'],
  assignPublicIp: false,
  memoryLimitMiB: 1024,
  logGroup: 'loader',
  load: {},
};
