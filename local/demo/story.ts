import type { InputFile } from './input';
import type { LedgerContent } from './ledger';
import type { Pipeline } from './pipeline';
import { objectCreatedMessage } from './queue';
import { unsettled, watchUntil } from './settled';
import { upload, type UploadedObject } from './upload';

/** How long nothing may change, nor any engine do anything, before it is given up and told what is stuck. */
const PATIENCE_SECONDS = 600;

/** More files than this are counted, not listed. */
const MOST_NAMES = 20;

/** How it ended. */
export interface StoryEnd {
  readonly ledger: LedgerContent;
  /** What the demo gave up waiting for; nothing if all files have their final status. */
  readonly stuck: string[];
}

type Used = Pick<Pipeline, 'app' | 'narrator' | 'queue'> & {
  readonly clients: Pick<Pipeline['clients'], 's3'>;
  readonly watcher: Pick<Pipeline['watcher'], 'look'>;
};

/**
 * Uploads the files and looks on until each has its final status.
 * @param announceAgain path of a file whose event is sent twice
 */
export async function tellStory(
  pipeline: Used,
  files: InputFile[],
  announceAgain?: string,
  patienceSeconds = PATIENCE_SECONDS,
): Promise<StoryEnd> {
  const { narrator, queue, watcher, app } = pipeline;
  const began = narrator.seconds;
  const uploaded = await uploadAll(pipeline, files);

  let underWay: string[] = [];
  narrator.await('the pipeline', () => underWay.join(' and '));
  if (announceAgain !== undefined) {
    await sendEventAgain(
      pipeline,
      uploaded.find(object => object.key === app.prefix + announceAgain)!,
      patienceSeconds,
    );
  }
  let stuck: string[] = [];
  const { content } = await watchUntil(
    watcher,
    patienceSeconds,
    async ledger => {
      stuck = await unsettled(uploaded, ledger, queue);
      // nothing more comes of a pipeline that waits for somebody
      return stuck.length === 0 || (ledger.paused !== undefined && ledger.live.length === 0);
    },
    steps => {
      underWay = steps;
    },
  );
  narrator.awaited('the pipeline');

  const seconds = (narrator.seconds - began).toFixed(1);
  if (stuck.length === 0) {
    narrator.say(`every file has its final status ${seconds} s after the first upload began`);
  } else {
    const why =
      content.paused === undefined
        ? `nothing has changed for ${patienceSeconds} s, and no engine has done anything`
        : 'the pipeline is paused';
    narrator.say(`${why}; what is stuck:\n${stuck.map(line => `  ${line}`).join('\n')}`);
  }
  return { ledger: content, stuck };
}

async function uploadAll({ narrator, clients, app }: Used, files: InputFile[]): Promise<UploadedObject[]> {
  const uploaded: UploadedObject[] = [];
  narrator.await('uploading');
  for (const file of files) {
    // one after the other: of two runs, the one whose files arrived later has the last word
    const object = await upload(clients.s3, app.landingBucket, app.prefix, file);
    uploaded.push(object);
    if (files.length <= MOST_NAMES) {
      narrator.say(`${object.key}: uploaded, ${object.size} bytes${file.about ? ` (${file.about})` : ''}`);
    }
  }
  narrator.awaited('uploading');
  if (files.length > MOST_NAMES) narrator.say(`${files.length} files uploaded`);
  return uploaded;
}

/** Once the ledger knows the file, sends its event to the queue a second time, as S3 and SQS may do at any time. */
async function sendEventAgain(
  { narrator, queue, watcher }: Used,
  { key, versionId }: UploadedObject,
  patienceSeconds: number,
): Promise<void> {
  const { content } = await watchUntil(watcher, patienceSeconds, ({ files }) =>
    files.some(file => file.versionId === versionId),
  );
  const file = content.files.find(candidate => candidate.versionId === versionId);
  if (!file) return; // the caller says what is stuck
  await queue.send(objectCreatedMessage(file));
  narrator.say(
    `${key}: its event is sent to the queue a second time; the ledger knows this version, so nothing must come of it`,
  );
}
