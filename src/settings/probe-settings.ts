import type { ProbeView } from '../challenges/visibility/visible-answer.ts';
import { parseServerAddress } from '../system/socket-address.ts';
import { parseDuration } from '../duration.ts';
import { usualProbeEveryMs } from '../policies.ts';
import type { Layer } from './layer.ts';

export interface ProbeSettings {
  /** Null: names that are left alone are never probed. */
  everyMs: number | null;
  view: ProbeView;
}

export function probeSettings({
  probeEvery,
  probeResolver,
  probeDnsPort,
  probeHttpPort,
  probeTlsPort,
}: Layer): ProbeSettings {
  return {
    everyMs: everyMsOf(probeEvery),
    view: {
      resolver: probeResolver === undefined ? null : parseServerAddress(probeResolver.value, 53),
      dnsPort: probeDnsPort?.value ?? 53,
      httpPort: probeHttpPort?.value ?? 80,
      tlsPort: probeTlsPort?.value ?? 443,
    },
  };
}

function everyMsOf(given: Layer['probeEvery']): number | null {
  if (given === undefined) return usualProbeEveryMs;
  return given.value === 'never' ? null : parseDuration(given.value, given.origin.label);
}
