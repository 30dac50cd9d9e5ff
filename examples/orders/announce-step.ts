import * as sns from 'aws-cdk-lib/aws-sns';
import { TaskInput } from 'aws-cdk-lib/aws-stepfunctions';
import { SnsPublish } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import type { EtlStepConfig, IEtlStep } from 'cdk-etl-steps';

/** A step of one's own: it tells a topic what the steps before it have loaded. */
export class AnnounceStep extends Construct implements IEtlStep {
  public readonly stepId: string;
  public readonly topic: sns.Topic;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.stepId = id;
    this.topic = new sns.Topic(this, 'Topic', { enforceSSL: true });
  }

  public bind(scope: Construct): EtlStepConfig {
    return {
      chain: new SnsPublish(scope, `${this.stepId}: Publish`, {
        topic: this.topic,
        subject: 'Orders were loaded',
        message: TaskInput.fromJsonPathAt('$.results'),
      }),
    };
  }
}
