// For NODE_OPTIONS=--import: time passes TIMES_FASTER as fast in this process, for its clocks and its timers alike, so that what waits for
// minutes is seen to end.
import os from 'node:os';
import { performance } from 'node:perf_hooks';
import { createRequire, syncBuiltinESMExports } from 'node:module';

const times = Number(process.env.TIMES_FASTER ?? 1);
const promises = createRequire(import.meta.url)('node:timers/promises');
const RealDate = Date;
const [now, uptime, startedAt] = [performance.now.bind(performance), os.uptime, RealDate.now()];
const timer = globalThis.setTimeout;
const delay = promises.setTimeout;

const date = () => startedAt + (RealDate.now() - startedAt) * times;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(date());
    else super(...given);
  }

  static now() {
    return date();
  }
};
performance.now = () => now() * times;
os.uptime = () => uptime() * times;
globalThis.setTimeout = (act, ms = 0, ...rest) => timer(act, ms / times, ...rest);
promises.setTimeout = (ms = 0, ...rest) => delay(ms / times, ...rest);
syncBuiltinESMExports();
