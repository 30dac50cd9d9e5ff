import { isTransient } from '../../../src/etl-step/runtime/aws-errors';

const error = (fields: object) => Object.assign(new Error('message'), fields);

test.each([
  { name: 'ThrottlingException' },
  { name: 'SlowDown', $fault: 'client' },
  { name: 'ServerException', $fault: 'server' },
  { name: 'Unknown', $metadata: { httpStatusCode: 503 } },
  { name: 'Unknown', $metadata: { httpStatusCode: 429 } },
  { name: 'TimeoutError' },
  { name: 'Error', code: 'ECONNRESET' },
])('passes by itself: %j', fields => expect(isTransient(error(fields))).toBe(true));

test.each([
  { name: 'ValidationException', $fault: 'client', $metadata: { httpStatusCode: 400 } },
  { name: 'AccessDenied', $fault: 'client', $metadata: { httpStatusCode: 403 } },
  { name: 'TypeError' },
  { name: 'Error', code: 'ENOENT' },
])('does not: %j', fields => expect(isTransient(error(fields))).toBe(false));

test('knows nothing of what is not an error', () => expect(isTransient('ThrottlingException')).toBe(false));
