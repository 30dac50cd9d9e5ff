import { Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { type DETAIL_TYPE, EVENT_SOURCE, EVENTS_ENV } from '../file-ledger/contract';

type DetailType = (typeof DETAIL_TYPE)[keyof typeof DETAIL_TYPE];

/** The trigger's own events on the account's default bus: sent only once somebody listens. */
export class TriggerEvents {
  private sending = false;

  /** @param name says in each event whose it is */
  constructor(
    private readonly trigger: Construct,
    private readonly name: string,
    private readonly senders: lambda.Function[],
  ) {}

  public rule(id: string, detailType: DetailType, options: events.OnEventOptions = {}): events.Rule {
    this.send();
    const rule = new events.Rule(options.crossStackScope ?? this.trigger, id, {
      ruleName: options.ruleName,
      description: options.description,
    });
    rule.addEventPattern({ source: [EVENT_SOURCE], detailType: [detailType], detail: { trigger: [this.name] } });
    rule.addEventPattern(options.eventPattern);
    rule.addTarget(options.target);
    return rule;
  }

  private send(): void {
    if (this.sending) return;
    this.sending = true;
    const bus = Stack.of(this.trigger).formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' });
    for (const sender of this.senders) {
      sender.addEnvironment(EVENTS_ENV.trigger, this.name);
      sender.addToRolePolicy(
        new iam.PolicyStatement({ sid: 'SendEvents', actions: ['events:PutEvents'], resources: [bus] }),
      );
    }
  }
}
