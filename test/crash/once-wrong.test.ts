import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chosenSeries, parseChoice, runSeries } from './campaign.ts';
import { type CrashLab, startCrashLab } from './crash-lab.ts';
import { reportOf } from './table.ts';

const limit = pLimit(2);
let lab: CrashLab;

beforeAll(async () => {
  lab = await startCrashLab();
});

afterAll(() => lab.stop());

/** Moments that `npm run test:crash` found something wrong at. */
const moments = [
  {
    what: 'a certificate that is in place, its order concluded, its key still there: the next renew, with nothing due, removes it',
    series: 'deactivate/http-01/issue/renew:SIGKILL',
    label:
      'after commit: update certificates, certificate-stored, update certificates, certificate-deployed, update orders, delete limit_reservations, order-released',
  },
  {
    what: 'an interrupt while an answer is written to the webroot: it is taken down all the same',
    series: 'deactivate/http-01/issue/renew:SIGTERM',
    label: 'rename webroot/.well-known',
  },
];

describe('what went wrong once', { concurrent: true, timeout: 180_000 }, () => {
  it.for(moments)('$what', async ({ series, label }) => {
    const [chosen] = chosenSeries(parseChoice(series));
    const result = await runSeries(lab, chosen!, {
      choose: (labels) => {
        expect(labels).toContain(label);
        return [labels.indexOf(label) + 1];
      },
      limit,
    });
    expect(result.failures.length, reportOf(result)).toBe(0);
    expect(result.ended).toBe(0);
  });
});
