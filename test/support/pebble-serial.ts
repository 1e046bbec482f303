/**
 * Whether Pebble 2.10 doesn't find its own certificate: its serial number has a byte of zeros in front of its first bit in DER
 * (RFC 9773 §4.1), as one in 256 of Pebble's has. Renewal information and `replaces` with such a serial number are answered with 500.
 * @param serial in hexadecimal digits
 */
export function isLostAtPebble(serial: string): boolean {
  const significant = serial.replace(/^0+/, '');
  return significant.length % 2 === 0 && /^[89a-f]/i.test(significant);
}
