import { FILE_STATUS } from '../../file-ledger/contract';
import { MOST_FILE_IDS, OPERATIONS, type Operation, type OperatorRequest } from '../contract';

/** A payload that is no request. The message says what is allowed. */
export class RefusedRequest extends Error {}

interface Field {
  readonly allowed: string;
  readonly accepts: (value: unknown) => boolean;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';
const isFileId = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const TEXT: Field = { allowed: 'a text that is not empty', accepts: isText };
const STATUSES = Object.values(FILE_STATUS);

const FIELDS: Record<string, Field> = {
  fileId: { allowed: 'the id of a file, 64 hexadecimal digits', accepts: isFileId },
  fileIds: {
    allowed: `a list of 1 to ${MOST_FILE_IDS} ids of files, 64 hexadecimal digits each`,
    accepts: value =>
      Array.isArray(value) && value.length >= 1 && value.length <= MOST_FILE_IDS && value.every(isFileId),
  },
  runId: {
    allowed: 'the id of a run, for instance 20260131T235959Z-0123456789abcdef',
    accepts: value => typeof value === 'string' && /^\d{8}T\d{6}Z-[0-9a-f]{16}$/.test(value),
  },
  status: { allowed: `one of ${STATUSES.join(', ')}`, accepts: value => STATUSES.includes(value as never) },
  alone: { allowed: 'true or false', accepts: value => typeof value === 'boolean' },
  since: {
    allowed: 'a time like 2026-01-31T18:00:00Z',
    accepts: value => typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) && !isNaN(Date.parse(value)),
  },
  key: TEXT,
  versionId: TEXT,
  prefix: TEXT,
  reason: TEXT,
  next: TEXT,
};

/**
 * The request that a payload is.
 * @throws RefusedRequest if it is none
 */
export function parseRequest(payload: unknown): OperatorRequest {
  const given = Object(payload) as Record<string, unknown>;
  const { operation } = given;
  if (typeof operation !== 'string' || !Object.hasOwn(OPERATIONS, operation)) {
    throw new RefusedRequest(
      `'operation' must be one of ${Object.keys(OPERATIONS).join(', ')}, got ${JSON.stringify(operation)}.`,
    );
  }
  const { oneOf = [], required = [], optional = [] } = OPERATIONS[operation as Operation];
  const allowed = [...new Set([...oneOf, ...required, ...optional])];
  for (const [name, value] of Object.entries(given)) {
    if (name === 'operation') continue;
    if (!allowed.includes(name)) {
      throw new RefusedRequest(`'${operation}' has no field '${name}'. ${describe(operation as Operation)}`);
    }
    if (!FIELDS[name].accepts(value)) {
      throw new RefusedRequest(`'${name}' must be ${FIELDS[name].allowed}, got ${JSON.stringify(value)}.`);
    }
  }
  const chosen = oneOf.filter(name => name in given);
  // a status may stand alone, or narrow what another field chooses
  const choices = chosen.filter(name => !optional.includes(name) || chosen.length === 1);
  if (required.some(name => !(name in given)) || (oneOf.length > 0 && choices.length !== 1)) {
    throw new RefusedRequest(
      `'${operation}' got ${list(Object.keys(given).filter(name => name !== 'operation'))}. ` +
        `${describe(operation as Operation)}`,
    );
  }
  if ('versionId' in given && !('key' in given)) throw new RefusedRequest("'versionId' goes with 'key'.");
  return given as unknown as OperatorRequest;
}

function describe(operation: Operation): string {
  const { oneOf, required, optional } = OPERATIONS[operation];
  const must = [oneOf && `exactly one of ${list(oneOf)}`, required && list(required)].filter(part => part);
  const sentences = [
    must.length > 0 && `It must have ${must.join(' and ')}.`,
    optional && `It may have ${list(optional)}.`,
  ].filter(part => part);
  return sentences.join(' ') || 'It has no other field.';
}

function list(names: string[]): string {
  return names.length === 0 ? 'no field' : names.map(name => `'${name}'`).join(', ');
}
