import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { attemptIn, type AttemptResult } from '../support/scripted-ca/attempt.ts';
import { diceOf, hostility } from '../support/scripted-ca/hostility.ts';
import { ScriptedCa } from '../support/scripted-ca/scripted-ca.ts';
import { newWorkspace } from '../support/workspace.ts';

const preload = fileURLToPath(new URL('../support/scripted-ca/quick-time-preload.mjs', import.meta.url));
const timesFaster = 30;
/** The longest that an attempt waits for a CA by itself is some minutes: validation, verdicts, issuance, one after the other. */
const longestMs = 60_000;
const names = ['a.test', 'b.test'];
const notAllowed = /"url":"(?!https:\/\/|http:\/\/(?:127\.|localhost|\[::1\]))/;
// eslint-disable-next-line no-control-regex -- what a terminal would obey
const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;

export interface HostileOptions {
  seed: number;
  from: number;
  to: number;
  jobs: number;
  /** No attempt begins after it. */
  untilMs?: number;
}

/** @returns how many attempts were made, and what of them broke the contract */
export async function hostileAttempts(options: HostileOptions): Promise<{ made: number; broken: string[] }> {
  const { seed, from, to, jobs, untilMs = Infinity } = options;
  const begun = performance.now();
  const broken: string[] = [];
  let [next, made] = [from, 0];
  const work = async (): Promise<void> => {
    const ca = await ScriptedCa.start();
    try {
      while (next < to && performance.now() - begun < untilMs) {
        const number = next++;
        for (const fault of await oneAttempt(ca, seed, number)) broken.push(`attempt ${number}: ${fault}`);
        made += 1;
      }
    } finally {
      await ca.stop();
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return { made, broken };
}

async function oneAttempt(ca: ScriptedCa, seed: number, number: number): Promise<string[]> {
  const { words, twist } = hostility(diceOf(seed * 1_000_003 + number));
  const workspace = await newWorkspace();
  ca.clear();
  const told = new Set<string>();
  const log = workspace.file('requests.log');
  const env = { NODE_OPTIONS: `--import=${preload}`, TIMES_FASTER: String(timesFaster) };
  try {
    const result = await attemptIn(workspace, ca, {
      names,
      env,
      timeoutMs: longestMs,
      args: ['-vv', '--log-format', 'json', '--log-file', log],
      twist(asked, answer, self) {
        const twisted = twist(asked, answer, self) ?? answer;
        if (
          twisted !== 'reset' &&
          twisted.status < 300 &&
          (asked.step === 'newOrder' || asked.step === 'order')
        )
          for (const url of self.authorizations.keys()) if (tells(twisted.body, url)) told.add(url);
        return twisted;
      },
    }).catch((error: unknown) => String(error).slice(0, 400));
    if (typeof result === 'string') return [`${words}: ${result}`];
    const requests = await readFile(log, 'utf8').catch(() => '');
    return faultsOf(result, { requests, told, faults: ca.faults }).map((fault) => `${words}: ${fault}`);
  } finally {
    await workspace.remove();
  }
}

function tells(body: unknown, url: string): boolean {
  const listed =
    typeof body === 'object' && body !== null ? (body as { authorizations?: unknown }).authorizations : null;
  return Array.isArray(listed) && listed.includes(url);
}

interface Seen {
  requests: string;
  /** The authorizations that the CA told of. */
  told: ReadonlySet<string>;
  /** What the CA found wrong with requests. */
  faults: readonly string[];
}

function faultsOf(result: AttemptResult, { requests, told, faults }: Seen): string[] {
  const { exitCode, signal, stderr, hookCalls, unknown } = result;
  const found: string[] = faults
    .filter((fault) => !fault.startsWith('a nonce'))
    .map((fault) => `the CA says: ${fault}`);
  const say = (isBroken: boolean, fault: string): void => {
    if (isBroken) found.push(`${fault}\n${stderr.slice(-600)}`);
  };
  const plain = stderr.split('\n').filter((line) => !line.startsWith('{'));
  say(![0, 1, 2, 75].includes(exitCode ?? -1), `exit ${String(exitCode)} ${String(signal)}`);
  say(exitCode !== 0 && !plain.some((line) => line.startsWith('error: ')), 'no error was told');
  say(
    plain.some((line) => control.test(line)),
    'a control character was printed',
  );
  say(/\n {4}at |TypeError|RangeError/.test(stderr), 'a stack was printed');
  say(notAllowed.test(requests), 'a URL was asked that may not be');
  const stranger = hookCalls.find((call) => !/^(?:present|cleanup) (?:a|b)\.test [\w-]+ [\w.-]+$/.test(call));
  say(stranger !== undefined, `the hook was called with ${stranger?.slice(0, 80) ?? ''}`);
  const leaked = unknown.filter((url) => told.has(url));
  say(leaked.length > 0, `open at the CA, and unknown to the ledger: ${leaked.join(' ')}`);
  return found;
}
