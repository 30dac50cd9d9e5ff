import { DescribeTasksCommand, ListClustersCommand, ListTasksCommand, type ECSClient } from '@aws-sdk/client-ecs';

/** Tells how the loader's tasks change their states. */
export class TaskChanges {
  private readonly states = new Map<string, string>();
  private clusters?: string[];

  constructor(private readonly ecs: ECSClient) {}

  public async since(): Promise<string[]> {
    // all are there once the app is deployed
    this.clusters ??= (await this.ecs.send(new ListClustersCommand({}))).clusterArns ?? [];
    const lines = await Promise.all(this.clusters.map(cluster => this.linesOf(cluster)));
    return lines.flat();
  }

  private async linesOf(cluster: string): Promise<string[]> {
    const lists = await Promise.all(
      (['RUNNING', 'STOPPED'] as const).map(desiredStatus =>
        this.ecs.send(new ListTasksCommand({ cluster, desiredStatus })),
      ),
    );
    const watched = lists.flatMap(list => list.taskArns ?? []).filter(arn => this.states.get(arn) !== 'STOPPED');
    if (watched.length === 0) return [];
    const { tasks = [] } = await this.ecs.send(new DescribeTasksCommand({ cluster, tasks: watched.slice(0, 100) }));
    return tasks.flatMap(task => {
      if (this.states.get(task.taskArn!) === task.lastStatus) return [];
      this.states.set(task.taskArn!, task.lastStatus!);
      const exitCode = task.containers?.[0]?.exitCode;
      return [
        `Fargate task ${task.taskArn!.split('/').at(-1)}: ` +
          `${task.lastStatus}${exitCode === undefined ? '' : ` with exit code ${exitCode}`}`,
      ];
    });
  }
}
