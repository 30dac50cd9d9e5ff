import { createHash } from 'crypto';
import { Duplex, Transform, TransformCallback } from 'stream';
import { Connection, ConnectionConfig } from 'pg';

// Redshift asks users whose password is kept as SHA-256 for a digest of its own, authentication type 13, which
// PostgreSQL and so pg do not know. The message is answered here, before pg sees it. As in AWS's own driver,
// https://github.com/aws/amazon-redshift-jdbc-driver (ExtensibleDigest, ConnectionFactoryImpl): algorithm, salt and
// nonce come as 32 bits of length and their bytes, and the answer is a message of type d.

const AUTHENTICATION = 'R';
const OK = 0;
const DIGEST = 13;
/** What pg answers: passwords in the clear and by MD5, and the steps of SASL. */
const KNOWN_TO_PG = [OK, 3, 5, 10, 11, 12];
const SHA_256 = 0;

/** Type and length in front of each message of the server. */
const HEADER_BYTES = 5;

/** The warehouse asks for a login that the loader cannot give. */
export class UnknownLoginError extends Error {
  constructor(asked: string) {
    super(`it asks for ${asked}, which the loader does not know`);
    this.name = 'UnknownLoginError';
  }
}

/** A connection of pg that knows Redshift's digest, too. */
export class RedshiftConnection extends Connection {
  /** @param passwordText not `password`, which is a method of pg's connections */
  constructor(
    config: ConnectionConfig,
    private readonly passwordText: string,
  ) {
    super(config);
  }

  /** pg calls it with the stream that the server's messages come by, encrypted already. */
  attachListeners(stream: Duplex): void {
    const messages = new LoginMessages(challenge => stream.write(answerTo(challenge, this.passwordText)));
    stream.once('error', error => messages.destroy(error));
    messages.once('error', error => {
      if (!stream.destroyed) stream.destroy(error);
    });
    (Connection.prototype as unknown as { attachListeners(stream: Duplex): void }).attachListeners.call(
      this,
      stream.pipe(messages),
    );
  }
}

/** Hands messages on, whole ones until the login is over, and keeps the challenges for a digest to itself. */
class LoginMessages extends Transform {
  private begun: Buffer = Buffer.alloc(0);
  private over = false;

  constructor(private readonly challenged: (challenge: Buffer) => void) {
    super();
  }

  _transform(bytes: Buffer, _: BufferEncoding, done: TransformCallback): void {
    if (this.over) return done(undefined, bytes);
    this.begun = Buffer.concat([this.begun, bytes]);
    try {
      while (!this.over && this.begun.length >= HEADER_BYTES) {
        const end = 1 + this.begun.readInt32BE(1);
        if (this.begun.length < end) break;
        this.handOn(this.begun.subarray(0, end));
        this.begun = this.begun.subarray(end);
      }
    } catch (error) {
      return done(error as Error);
    }
    if (this.over) this.push(this.begun);
    done();
  }

  private handOn(received: Buffer): void {
    const type = received.toString('latin1', 0, 1);
    const kind = type === AUTHENTICATION ? received.readInt32BE(HEADER_BYTES) : undefined;
    if (kind === DIGEST) return this.challenged(received.subarray(HEADER_BYTES + 4));
    if (kind !== undefined && !KNOWN_TO_PG.includes(kind)) {
      throw new UnknownLoginError(`authentication of type ${kind}`);
    }
    this.over = kind === OK || type === 'E';
    this.push(received);
  }
}

function answerTo(challenge: Buffer, password: string): Buffer {
  const algorithm = challenge.readInt32BE(0);
  if (algorithm !== SHA_256) throw new UnknownLoginError(`a password digest of kind ${algorithm}`);
  const [salt, serverNonce] = readLengthed(challenge.subarray(4));
  const clientNonce = Buffer.from(String(Date.now()));
  const digest = sha256(sha256(Buffer.from(password), salt), serverNonce, clientNonce);
  return message('d', lengthed(digest), lengthed(clientNonce));
}

function sha256(...parts: Buffer[]): Buffer {
  return parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
}

function readLengthed(bytes: Buffer): Buffer[] {
  const values: Buffer[] = [];
  for (let position = 0; position < bytes.length;) {
    const start = position + 4;
    position = start + bytes.readInt32BE(position);
    values.push(bytes.subarray(start, position));
  }
  return values;
}

function lengthed(bytes: Buffer): Buffer {
  return Buffer.concat([int32(bytes.length), bytes]);
}

function message(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(body.length + 4), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
