import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bundledScript } from '../../support/bundled-script.ts';

const script = bundledScript(new URL('../zone-times.ts', import.meta.url));

/** Read on a machine of this zone. */
async function timesIn(zone: string, ...lines: string[]): Promise<unknown> {
  const env = { ...process.env, TZ: zone };
  return JSON.parse(execFileSync(process.execPath, [await script, ...lines], { env, encoding: 'utf8' }));
}

// Letters of a zone are read from the system's zone files: where there are none, they mean nothing. CI's machine has them.
describe.skipIf(!existsSync('/usr/share/zoneinfo/Asia/Shanghai'))(
  "letters of this machine's own zone",
  () => {
    it.each([
      ['Europe/Berlin', '[Tue Jun  2 09:00:59 CEST 2020]', '2020-06-02T07:00:59.000Z'],
      ['Europe/Berlin', '[Di 2. Jun 09:00:59 CEST 2020]', '2020-06-02T07:00:59.000Z'],
      ['Europe/Berlin', '2025-01-05 11:38:29 CET x', '2025-01-05T10:38:29.000Z'],
      ['Asia/Shanghai', '[Tue Jun  2 09:00:59 CST 2020]', '2020-06-02T01:00:59.000Z'],
      ['America/Chicago', '[Tue Dec  1 09:00:59 CST 2020]', '2020-12-01T15:00:59.000Z'],
      // Moscow's clocks were four hours ahead for some years.
      ['Europe/Moscow', '[Sun Jun  2 09:00:59 MSK 2013]', '2013-06-02T05:00:59.000Z'],
      ['Europe/Moscow', '[Tue Jun  2 09:00:59 MSK 2020]', '2020-06-02T06:00:59.000Z'],
      ['UTC', '[Tue Jun  2 09:00:59 CEST 2020]', null],
      ['UTC', '[Tue Jun  2 09:00:59 CST 2020]', '2020-06-02T15:00:59.000Z'],
    ])('in %s: %s', async (zone, line, time) => {
      expect(await timesIn(zone, line)).toEqual([time]);
    });
  },
);
