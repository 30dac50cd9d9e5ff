// The server's side of PostgreSQL's protocol 3.0, as far as simple queries need it:
// https://www.postgresql.org/docs/current/protocol-message-formats.html

export const PROTOCOL_VERSION = 196_608;
export const SSL_REQUEST = 80_877_103;
export const GSS_REQUEST = 80_877_104;

export interface Message {
  /** '' for a start-up message, which has no type. */
  readonly type: string;
  readonly body: Buffer;
}

/** Cuts a stream of bytes into messages. */
export class MessageReader {
  private buffered: Buffer = Buffer.alloc(0);
  private started = false;

  /** Start-up messages come until this is called. */
  startUpIsOver(): void {
    this.started = true;
  }

  add(bytes: Buffer): void {
    this.buffered = Buffer.concat([this.buffered, bytes]);
  }

  next(): Message | undefined {
    const typeLength = this.started ? 1 : 0;
    if (this.buffered.length < typeLength + 4) return undefined;
    const end = typeLength + this.buffered.readInt32BE(typeLength);
    if (this.buffered.length < end) return undefined;
    const next = {
      type: this.buffered.toString('latin1', 0, typeLength),
      body: this.buffered.subarray(typeLength + 4, end),
    };
    this.buffered = this.buffered.subarray(end);
    return next;
  }
}

export const text = (value: string): Buffer => Buffer.from(`${value}\0`);

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

export function message(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(body.length + 4), body]);
}

/** The texts of a message, each ended by NUL. */
export function readTexts(body: Buffer): string[] {
  return body.toString('utf8').split('\0').slice(0, -1);
}

export interface ErrorFields {
  readonly severity?: string;
  readonly code?: string;
  readonly message: string;
  readonly detail?: string;
}

export function errorResponse(error: ErrorFields): Buffer {
  return message('E', ...fields({ severity: 'ERROR', code: 'XX000', ...error }));
}

export function notice(words: string): Buffer {
  return message('N', ...fields({ severity: 'INFO', code: '00000', message: words }));
}

function fields({ severity, code, message: words, detail }: ErrorFields): Buffer[] {
  return [
    text(`S${severity}`),
    text(`C${code}`),
    text(`M${words}`),
    ...(detail ? [text(`D${detail}`)] : []),
    Buffer.alloc(1),
  ];
}

export const authenticationOk = (): Buffer => message('R', int32(0));
export const parameterStatus = (name: string, value: string): Buffer => message('S', text(name), text(value));
export const readyForQuery = (status: string): Buffer => message('Z', Buffer.from(status));
export const commandComplete = (tag: string): Buffer => message('C', text(tag));
export const emptyQueryResponse = (): Buffer => message('I');

export interface ResultColumn {
  readonly name: string;
  readonly dataTypeID: number;
  readonly dataTypeSize: number;
  readonly dataTypeModifier: number;
}

export function rowDescription(columns: ResultColumn[]): Buffer {
  return message(
    'T',
    int16(columns.length),
    ...columns.flatMap(column => [
      text(column.name),
      int32(0),
      int16(0),
      int32(column.dataTypeID),
      int16(column.dataTypeSize),
      int32(column.dataTypeModifier),
      int16(0),
    ]),
  );
}

export function dataRow(values: (string | null)[]): Buffer {
  return message(
    'D',
    int16(values.length),
    ...values.flatMap(value => {
      if (value === null) return [int32(-1)];
      const bytes = Buffer.from(value);
      return [int32(bytes.length), bytes];
    }),
  );
}
