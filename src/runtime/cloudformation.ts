import { setTimeout as pause } from 'timers/promises';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';

/** Of the whole answer: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html */
const MOST_BYTES = 4_096;

const MOST_TRIES = 5;
const PAUSE_MILLISECONDS = 1_000;

/**
 * Tells CloudFormation how the request of a custom resource has ended. The resource keeps its id for ever: for another
 * one CloudFormation would delete the resource after an update.
 * @param failure why the request has failed; what is too long for CloudFormation is cut off
 */
export async function answerCloudFormation(event: CloudFormationCustomResourceEvent, failure?: string): Promise<void> {
  const body = (reason?: string) =>
    Buffer.from(
      JSON.stringify({
        Status: failure === undefined ? 'SUCCESS' : 'FAILED',
        Reason: reason,
        PhysicalResourceId: event.RequestType === 'Create' ? event.LogicalResourceId : event.PhysicalResourceId,
        StackId: event.StackId,
        RequestId: event.RequestId,
        LogicalResourceId: event.LogicalResourceId,
      }),
    );
  let reason = failure;
  while (reason && body(reason).length > MOST_BYTES) reason = `${reason.slice(0, -100)}…`;
  await put(event.ResponseURL, body(reason));
}

/** The URL is signed for no content type, and fetch gives bytes none. */
async function put(url: string, body: Buffer): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const { ok, status } = await fetch(url, { method: 'PUT', body });
      if (ok) return;
      throw new Error(`CloudFormation did not take the answer: status ${status}`);
    } catch (error) {
      if (tries >= MOST_TRIES) throw error;
      await pause(PAUSE_MILLISECONDS);
    }
  }
}
