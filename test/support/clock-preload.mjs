// For NODE_OPTIONS=--import: the clock of this process is off by as many milliseconds as the file CLOCK_SHIFT_FILE says, from the
// moment on at which it says so. Only what a person's `date --set` moves: timers and performance.now() go on.
import { readFileSync } from 'node:fs';

const file = process.env.CLOCK_SHIFT_FILE ?? '';
const RealDate = Date;

function shiftMs() {
  try {
    return Number(readFileSync(file, 'utf8')) || 0;
  } catch {
    return 0;
  }
}

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + shiftMs());
    else super(...given);
  }

  static now() {
    return RealDate.now() + shiftMs();
  }
};
