import { createHash, randomBytes, timingSafeEqual } from 'crypto';
import { int32, message, readTexts } from './wire';

/** How a user's password is kept: by MD5, or by SHA-256, for which Redshift asks for a digest of its own. */
export type PasswordDigest = 'md5' | 'sha256';

/** The question for a password, and what the right answer is. */
export interface Challenge {
  readonly request: Buffer;
  /** Type of the message that answers it. */
  readonly answerType: string;
  accepts(answer: Buffer): boolean;
}

function digest(algorithm: string, ...parts: (string | Buffer)[]): Buffer {
  return parts.reduce((hash, part) => hash.update(part), createHash(algorithm)).digest();
}

const md5 = (...parts: (string | Buffer)[]): string => digest('md5', ...parts).toString('hex');

/** @param expected the users' passwords; somebody unknown is asked for one as well */
export function passwordChallenge(
  user: string,
  expected: ReadonlyMap<string, string>,
  kept: PasswordDigest,
): Challenge {
  const password = expected.get(user) ?? randomBytes(16).toString('hex');
  return kept === 'md5' ? md5Challenge(user, password) : sha256Challenge(password);
}

function md5Challenge(user: string, password: string): Challenge {
  const salt = randomBytes(4);
  const right = Buffer.from(`md5${md5(md5(password, user), salt)}`);
  return {
    request: message('R', int32(5), salt),
    answerType: 'p',
    accepts: answer => isEqual(Buffer.from(readTexts(answer)[0] ?? ''), right),
  };
}

/** Authentication type 13, as AWS's drivers answer it. */
function sha256Challenge(password: string): Challenge {
  const SHA_256 = 0;
  const salt = randomBytes(16);
  const nonce = randomBytes(16);
  return {
    request: message('R', int32(13), int32(SHA_256), int32(salt.length), salt, int32(nonce.length), nonce),
    answerType: 'd',
    accepts: answer => {
      const length = answer.readInt32BE(0);
      const given = answer.subarray(4, 4 + length);
      const clientNonce = answer.subarray(4 + length + 4);
      return isEqual(given, digest('sha256', digest('sha256', password, salt), nonce, clientNonce));
    },
  };
}

function isEqual(given: Buffer, right: Buffer): boolean {
  return given.length === right.length && timingSafeEqual(given, right);
}
