// Loaded before points-preload.mjs: when this process goes on after it was stopped, its clocks have gone on by THAW_MS meanwhile, as they
// would have by themselves; so that nobody has to wait for a lease to end.
import { performance } from 'node:perf_hooks';

const thawMs = Number(process.env.THAW_MS ?? 0);
const RealDate = Date;
const realNow = performance.now.bind(performance);
let shiftMs = 0;

globalThis[Symbol.for('thaw')] = () => {
  shiftMs = thawMs;
};

Object.defineProperty(performance, 'now', { value: () => realNow() + shiftMs });

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + shiftMs);
    else super(...given);
  }

  static now() {
    return RealDate.now() + shiftMs;
  }
};
