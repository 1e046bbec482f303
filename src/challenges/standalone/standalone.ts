import { printable } from '../../printable.ts';
import { parseListenAddress, type SocketAddress } from '../../system/socket-address.ts';
import { lazySolver } from '../lazy-solver.ts';
import type { Solver } from '../solver.ts';
import type { SolverKind, SolverParts } from '../solver-kind.ts';
import { usage, type OptionPlace } from '../solver-option.ts';
import { standaloneSchema, type StandaloneSettings } from './settings.ts';

const options = {
  listen: {
    placeholder: '[ADDR:]PORT',
    help: 'standalone: where to listen (default: port 80 or 443)',
    kind: 'text-or-number',
    check: checkedAddress,
  },
} as const;

/** A server of our own gives the answers of http-01 and tls-alpn-01 while they are wanted. */
export const standalone: SolverKind<StandaloneSettings, typeof options> = {
  name: 'standalone',
  challenges: ['http-01', 'tls-alpn-01'],
  chosenWhen: 'port 80 is free',
  options,
  schema: standaloneSchema,
  settingsFrom: (values, { challenge }) => ({ solver: 'standalone', challenge, ...values }),
  create: (settings, parts) => lazySolver(settings.challenge, () => loadedSolver(settings, parts)),
  queue: () => null,
  cleanUpLimitMs: 60_000,
  isListener: true,
  propagation: () => null,
  commandLine({ challenge, listen: { host, port } }) {
    const address = host === null ? '' : `${host.includes(':') ? `[${host}]` : host}:`;
    const listen = `${address}${String(port)}`;
    return {
      directory: null,
      words: ['--solver', 'standalone', '--challenge', challenge, '--listen', listen],
    };
  },
  shown: ({ challenge, listen: { host, port } }) => ({
    label: 'listens',
    text: `${host === null ? '' : `${host} `}port ${String(port)} (${challenge})`,
  }),
};

async function loadedSolver(settings: StandaloneSettings, { clock }: SolverParts): Promise<Solver> {
  if (settings.challenge === 'http-01') {
    const { standaloneSolver } = await import('./http.ts');
    return standaloneSolver(settings, clock);
  }
  const { standaloneTlsSolver } = await import('./tls-alpn.ts');
  return standaloneTlsSolver(settings, clock);
}

function checkedAddress(given: string | undefined, { challenge }: OptionPlace): SocketAddress {
  if (given === undefined) return { host: null, port: challenge === 'http-01' ? 80 : 443 };
  const address = parseListenAddress(given);
  if (address !== null) return address;
  throw usage(
    `--listen "${printable(given)}" isn't [ADDR:]PORT`,
    'as in 8080, 127.0.0.1:8080 or [::1]:8080; ADDR is an IP address of this machine',
  );
}
