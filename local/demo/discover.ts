import {
  paginateListEventSourceMappings,
  paginateListFunctions,
  type FunctionConfiguration,
} from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand } from '@aws-sdk/client-sfn';
import type { Clients } from './clients';
import type { DeployedPipeline } from './deployed';
import { UsageError } from './options';
import { readDefinition } from './state-machine';
import { LEDGER_ENV } from '../../src/file-ledger/contract';
import { OPERATOR_ENV } from '../../src/operator/contract';
import { ARRIVALS_ENV } from '../../src/s3-queue-trigger/contract';

/** The queue's part of a trigger: what the mapping of its queue and the environment of its functions say. */
type Trigger = Omit<DeployedPipeline, 'dataset' | 'steps'>;

/**
 * Finds the pipeline among everything that is deployed, by what the functions of its trigger have in their environment.
 * @param wanted part of the state machine's name, where the app has several pipelines
 * @throws UsageError if there is none, or if it cannot be told which
 */
export async function discoverPipeline(
  { lambda, sfn }: Pick<Clients, 'lambda' | 'sfn'>,
  wanted?: string,
): Promise<DeployedPipeline> {
  const functions: FunctionConfiguration[] = [];
  for await (const page of paginateListFunctions({ client: lambda }, {})) functions.push(...(page.Functions ?? []));
  const triggers: Trigger[] = [];
  for await (const page of paginateListEventSourceMappings({ client: lambda }, {})) {
    for (const { EventSourceArn: source, FunctionArn: arn } of page.EventSourceMappings ?? []) {
      const found = triggerOf(functions, source!, arn!);
      if (found) triggers.push(found);
    }
  }
  const trigger = choose(triggers, wanted);
  const { definition } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn: trigger.stateMachineArn }));
  return { ...trigger, ...readDefinition(definition!) };
}

function triggerOf(functions: FunctionConfiguration[], queueArn: string, arrivalsArn: string): Trigger | undefined {
  const arrivals = environmentOf(functions.find(({ FunctionArn: arn }) => arn === arrivalsArn));
  const ledgerTable = arrivals[LEDGER_ENV.table];
  const stateMachineArn = arrivals[LEDGER_ENV.stateMachine];
  if (!ledgerTable || !stateMachineArn) return undefined; // a function of the app's own
  const operator = functions
    .map(environmentOf)
    .find(environment => environment[LEDGER_ENV.table] === ledgerTable && environment[OPERATOR_ENV.bucket]);
  return {
    ledgerTable,
    stateMachineArn,
    workBucket: arrivals[LEDGER_ENV.workBucket],
    queueName: queueArn.split(':').at(-1)!,
    landingBucket: operator![OPERATOR_ENV.bucket],
    prefix: arrivals[ARRIVALS_ENV.prefix] ?? '',
  };
}

function environmentOf(configuration: FunctionConfiguration | undefined): Record<string, string> {
  return configuration?.Environment?.Variables ?? {};
}

function choose(triggers: Trigger[], wanted: string | undefined): Trigger {
  if (triggers.length === 0) {
    throw new UsageError(
      'The app has deployed no S3QueueTrigger with a state machine. Make an EtlPipeline in one of its stacks.',
    );
  }
  const fitting = triggers.filter(trigger => wanted === undefined || machineName(trigger).includes(wanted));
  if (fitting.length === 1) return fitting[0];
  const names = (fitting.length > 0 ? fitting : triggers).map(trigger => `'${machineName(trigger)}'`).join(', ');
  if (wanted === undefined) {
    throw new UsageError(
      `The app has ${triggers.length} pipelines, with the state machines ${names}. Name one: --pipeline NAME, a part ` +
        "of its state machine's name that no other has.",
    );
  }
  throw new UsageError(
    `--pipeline must name one state machine, but '${wanted}' is part of ${fitting.length || 'no'} names. There are ` +
      `${names}.`,
  );
}

function machineName({ stateMachineArn }: Trigger): string {
  return stateMachineArn.split(':').at(-1)!;
}
