import { DescribeTasksCommand, ECSClient, ListClustersCommand, ListTasksCommand } from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';
import { TaskChanges } from '../../../../local/demo/watch/task-changes';

test('a task is followed until it has stopped', async () => {
  const ecs = mockClient(ECSClient);
  const changes = new TaskChanges(new ECSClient({}));
  ecs.on(ListClustersCommand).resolves({ clusterArns: ['cluster'] });
  const moment = (desiredStatus: 'RUNNING' | 'STOPPED', lastStatus: string, exitCode?: number) => {
    ecs.on(ListTasksCommand).resolves({ taskArns: [] });
    ecs.on(ListTasksCommand, { cluster: 'cluster', desiredStatus }).resolves({ taskArns: ['arn:task/cluster/1'] });
    ecs
      .on(DescribeTasksCommand, { cluster: 'cluster', tasks: ['arn:task/cluster/1'] })
      .resolves({ tasks: [{ taskArn: 'arn:task/cluster/1', lastStatus, containers: [{ exitCode }] }] });
  };
  moment('RUNNING', 'PENDING');
  expect(await changes.since()).toEqual(['Fargate task 1: PENDING']);
  moment('STOPPED', 'STOPPED', 11);
  expect(await changes.since()).toEqual(['Fargate task 1: STOPPED with exit code 11']);
  ecs.on(DescribeTasksCommand).rejects(new Error('not asked any more'));
  expect(await changes.since()).toEqual([]);
});
