/**
 * First bytes of what people send instead of CSV. Those that are letters only are told apart from a header by the bytes
 * behind them.
 */
const FORMATS: { readonly name: string; readonly magic: Buffer }[] = [
  { name: 'a zip archive or an Excel workbook', magic: Buffer.from('PK\x03\x04', 'latin1') },
  { name: 'an old Excel or Word document', magic: Buffer.from('\xd0\xcf\x11\xe0', 'latin1') },
  { name: 'a Parquet file', magic: Buffer.from('PAR1\x15', 'latin1') },
  { name: 'an Avro file', magic: Buffer.from('Obj\x01', 'latin1') },
  { name: 'compressed with bzip2', magic: Buffer.from('BZh', 'latin1') },
  { name: 'compressed with zstd', magic: Buffer.from('\x28\xb5\x2f\xfd', 'latin1') },
  { name: 'compressed with xz', magic: Buffer.from('\xfd7zXZ\x00', 'latin1') },
  { name: 'compressed with lz4', magic: Buffer.from('\x04\x22\x4d\x18', 'latin1') },
  { name: 'compressed with snappy', magic: Buffer.from('\xff\x06\x00\x00sNaPpY', 'latin1') },
  { name: 'a 7-Zip archive', magic: Buffer.from('7z\xbc\xaf\x27\x1c', 'latin1') },
  { name: 'a PDF document', magic: Buffer.from('%PDF-', 'latin1') },
  // the longer mark first: that of UTF-16 is its beginning
  { name: 'text in UTF-32', magic: Buffer.from('\xff\xfe\x00\x00', 'latin1') },
  { name: 'text in UTF-32', magic: Buffer.from('\x00\x00\xfe\xff', 'latin1') },
  { name: 'text in UTF-16 (little-endian)', magic: Buffer.from('\xff\xfe', 'latin1') },
  { name: 'text in UTF-16 (big-endian)', magic: Buffer.from('\xfe\xff', 'latin1') },
];

/** The first bytes of a bzip2 file's first block, behind "BZh" and a digit. */
const BZIP2_BLOCK = Buffer.from('1AY&SY', 'latin1');

/** What the bytes are the start of, if that is known and not CSV in UTF-8. */
export function foreignFormat(bytes: Buffer): string | undefined {
  const format = FORMATS.find(({ magic }) => bytes.subarray(0, magic.length).equals(magic));
  if (format?.name === 'compressed with bzip2' && !bytes.subarray(4, 10).equals(BZIP2_BLOCK)) return undefined;
  return format?.name;
}
