/** A value in DER with a tag of one byte (X.690 §8.1). */
export interface DerValue {
  tag: number;
  content: Buffer;
}

/**
 * The values that stand one after the other in DER that somebody else has checked already, such as a
 * certificate that Node has read. A library for all of ASN.1 takes many times as long for the few bytes that
 * are wanted of each of ten thousand certificates.
 * @returns the values up to the first that can't be read
 */
export function derValues(der: Buffer | undefined): DerValue[] {
  const values: DerValue[] = [];
  let at = 0;
  while (der !== undefined && at + 2 <= der.length) {
    const tag = der.readUInt8(at);
    const first = der.readUInt8(at + 1);
    // X.690 §8.1.3: below 128 it is the length, else the number of bytes that hold it.
    const lengthBytes = first < 0x80 ? 0 : first - 0x80;
    const begin = at + 2 + lengthBytes;
    if (lengthBytes > 4 || begin > der.length) break;
    const length = lengthBytes === 0 ? first : der.readUIntBE(at + 2, lengthBytes);
    if (first === 0x80 || begin + length > der.length) break;
    values.push({ tag, content: der.subarray(begin, begin + length) });
    at = begin + length;
  }
  return values;
}

/** A value in DER, of these parts. */
export function derOf(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), ...parts]);
  // X.690 §8.1.3.5: the number of bytes that hold the length, and they.
  const hex = length.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 + bytes.length]), bytes, ...parts]);
}
