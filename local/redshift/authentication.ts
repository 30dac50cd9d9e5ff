import { createHash, randomBytes, timingSafeEqual } from 'crypto';
import { int32, message, readTexts } from './wire';

/** The challenge of the MD5 method, which Redshift uses for passwords: request and what the right answer is. */
export interface Challenge {
  readonly request: Buffer;
  accepts(answer: Buffer): boolean;
}

const md5 = (...parts: (string | Buffer)[]): string => {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** @param expected the users' passwords; somebody unknown is asked for one as well */
export function passwordChallenge(user: string, expected: ReadonlyMap<string, string>): Challenge {
  const salt = randomBytes(4);
  const password = expected.get(user) ?? randomBytes(16).toString('hex');
  const right = Buffer.from(`md5${md5(md5(password, user), salt)}`);
  return {
    request: message('R', int32(5), salt),
    accepts: answer => {
      const given = Buffer.from(readTexts(answer)[0] ?? '');
      return given.length === right.length && timingSafeEqual(given, right);
    },
  };
}
