import { dynamo } from '../../src/runtime/clients/dynamodb';
import { ecs } from '../../src/runtime/clients/ecs';
import { emr, emrLauncher } from '../../src/runtime/clients/emr';
import { lambda } from '../../src/runtime/clients/lambda';
import { s3 } from '../../src/runtime/clients/s3';
import { sfn } from '../../src/runtime/clients/sfn';

test.each([dynamo, ecs, emr, emrLauncher, lambda, s3, sfn])('%p makes one client and keeps it', client => {
  expect(client()).toBe(client());
});

test('RunJobFlow, which has no client token, is tried once', async () => {
  await expect(emrLauncher().config.maxAttempts()).resolves.toBe(1);
  expect(emr()).not.toBe(emrLauncher());
});
