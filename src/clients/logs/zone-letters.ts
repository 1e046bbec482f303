import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The offsets that V8 takes these letters for, which are those of the United States. */
const american: Readonly<Record<string, number>> = {
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
};

const hourMs = 3_600_000;

/**
 * The instant of a time as clocks show it in a zone that is given by letters. Letters that this machine's own
 * zone has are its own: `CST` is Shanghai's there, and Chicago's elsewhere (docs/decisions.md#times-in-logs).
 * @param shownMs the time as if it were one of UTC
 * @returns milliseconds since the epoch; null for letters that nobody here knows
 */
export function instantInZone(shownMs: number, letters: string): number | null {
  if (letters === 'UTC' || letters === 'GMT' || letters === 'Z') return shownMs;
  const [first, ...others] = ownOffsets().get(letters) ?? [];
  if (first !== undefined) {
    // Letters may have stood for more than one offset in a zone: the offset that is in effect at that time
    // counts.
    const inEffect = [first, ...others].find((offsetMs) => offsetAt(shownMs - offsetMs) === offsetMs);
    return shownMs - (inEffect ?? first);
  }
  const hours = american[letters];
  return hours === undefined ? null : shownMs - hours * hourMs;
}

function offsetAt(instantMs: number): number {
  return -new Date(instantMs).getTimezoneOffset() * 60_000;
}

let known: { zone: string; offsets: ReadonlyMap<string, readonly number[]> } | null = null;

/** The offsets of this machine's zone, in milliseconds, by their letters, the latest first. */
function ownOffsets(): ReadonlyMap<string, readonly number[]> {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (known?.zone !== zone) known = { zone, offsets: offsetsOf(zone) };
  return known.offsets;
}

/** Node's own data has no letters for most zones: those that `date` prints are in the system's. */
function offsetsOf(zone: string): Map<string, number[]> {
  try {
    return offsetsIn(readFileSync(path.join('/usr/share/zoneinfo', zone)));
  } catch {
    return new Map();
  }
}

const headerBytes = 44;

/** RFC 9636 (TZif): the local time types of the data block with 64-bit times. */
function offsetsIn(file: Buffer): Map<string, number[]> {
  const offsets = new Map<string, number[]>();
  const first = blockAt(file, 0, 4);
  const isOldVersion = file.readUInt8(4) === 0;
  const { types, letters } = isOldVersion ? first : blockAt(file, first.end, 8);
  for (let type = types.length - 6; type >= 0; type -= 6) {
    const from = types.readUInt8(type + 5);
    const name = letters.toString('latin1', from, letters.indexOf(0, from));
    offsets.set(name, [...(offsets.get(name) ?? []), types.readInt32BE(type) * 1000]);
  }
  return offsets;
}

function blockAt(
  file: Buffer,
  at: number,
  timeBytes: number,
): { types: Buffer; letters: Buffer; end: number } {
  if (file.toString('latin1', at, at + 4) !== 'TZif') throw new Error('no TZif');
  const count = (place: number): number => file.readUInt32BE(at + 20 + place * 4);
  const [isUtc, isStandard, leaps, times, types, letters] = [0, 1, 2, 3, 4, 5].map(count) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const typesAt = at + headerBytes + times * (timeBytes + 1);
  const lettersAt = typesAt + types * 6;
  const end = lettersAt + letters + leaps * (timeBytes + 4) + isStandard + isUtc;
  return { types: file.subarray(typesAt, lettersAt), letters: file.subarray(lettersAt, end), end };
}
