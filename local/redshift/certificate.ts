import { generateKeyPairSync, sign } from 'crypto';

export interface Certificate {
  /** PEM. */
  readonly key: string;
  /** PEM. It is signed by its own key, so a client that trusts it as a certification authority accepts it. */
  readonly certificate: string;
}

const ECDSA_WITH_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const COMMON_NAME = [0x55, 0x04, 0x03];
const SUBJECT_ALTERNATIVE_NAME = [0x55, 0x1d, 0x11];
const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;

/**
 * A throw-away certificate for localhost and 127.0.0.1, valid from a day ago to a day from now, or else expired. X.509
 * as RFC 5280 has it, in DER.
 */
export function createCertificate(expired = false): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const algorithm = sequence(element(0x06, Buffer.from(ECDSA_WITH_SHA256)));
  const name = sequence(
    element(
      0x31,
      sequence(element(0x06, Buffer.from(COMMON_NAME)), element(0x0c, Buffer.from('stand-in for Redshift'))),
    ),
  );
  const names = sequence(element(0x82, Buffer.from('localhost')), element(0x87, Buffer.from([127, 0, 0, 1])));
  const extensions = sequence(sequence(element(0x06, Buffer.from(SUBJECT_ALTERNATIVE_NAME)), element(0x04, names)));
  const toBeSigned = sequence(
    element(0xa0, element(0x02, Buffer.from([2]))), // version 3
    element(0x02, Buffer.from([1])), // serial number
    algorithm,
    name, // issuer
    sequence(time(Date.now() - DAY_MILLISECONDS), time(Date.now() + (expired ? -60_000 : DAY_MILLISECONDS))),
    name, // subject
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, extensions),
  );
  const signature = element(0x03, Buffer.concat([Buffer.alloc(1), sign('sha256', toBeSigned, privateKey)]));
  const base64 = sequence(toBeSigned, algorithm, signature).toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
  };
}

function element(tag: number, content: Buffer): Buffer {
  const size =
    content.length < 0x80
      ? [content.length]
      : content.length < 0x100
        ? [0x81, content.length]
        : [0x82, Math.floor(content.length / 0x100), content.length % 0x100];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...elements: Buffer[]): Buffer {
  return element(0x30, Buffer.concat(elements));
}

/** UTCTime: YYMMDDHHMMSSZ. */
function time(milliseconds: number): Buffer {
  return element(0x17, Buffer.from(`${new Date(milliseconds).toISOString().slice(2, 19).replace(/[-T:]/g, '')}Z`));
}
