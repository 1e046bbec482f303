import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import type { SolverSettings } from '../challenges/settings.ts';
import type { Solver } from '../challenges/solver.ts';
import { createSolver } from '../challenges/create-solver.ts';
import { systemClock } from '../clock.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import { keyAuthorizationsUp } from '../ledger/orders/presentations.ts';
import { withLedgerWriter } from '../run/ledger-writing.ts';
import { ledgerExists } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import { withWanted } from '../wanted/write-configured.ts';
import { checkBudget } from './budget.ts';
import { checkName, type NameCheck } from './check-name.ts';
import { type CheckParts, MachineLimits } from './check-parts.ts';
import type { CheckView } from './seen-from-here.ts';
import { type CheckedName, type CheckSummary, allNames } from './checked-name.ts';
import { checkDeep } from './answers/deep.ts';
import { resolverAt } from './dns/resolver.ts';
import type { FindingCode } from './finding-codes.ts';
import { type Finding, type Found, found, wouldFail } from './finding.ts';
import { type AccountFacts, accountFacts, costOfName } from './ledger-facts.ts';
import type { Subject } from './subject.ts';
import { type NamesAsked, subjectsAsked } from './subjects.ts';

export interface CheckOptions extends NamesAsked {
  /** A real answer is put up, looked at and taken down. */
  deep: boolean;
  view: CheckView;
  concurrency?: number;
}

/** The names that are looked at together. */
const usualConcurrency = 32;
/** So many addresses that are silent, and none that answers, tell of this machine. */
const silentMost = 5;

/**
 * Checks names without asking a CA anything: neither an order nor its directory.
 * @param tell called for each name, in the order in which they were asked for
 */
export async function checkNames(
  context: CommandContext,
  options: CheckOptions,
  tell: (checked: CheckedName) => void,
): Promise<CheckSummary> {
  const writes = options.deep && (await ledgerExists(context.settings));
  if (!writes)
    return withWanted(context, (ledger) => checkAll(context, options, { ledger, writer: null }, tell));
  return withLedgerWriter(context, 'check', (writer) =>
    checkAll(context, options, { ledger: writer.ledger, writer }, tell),
  );
}

interface Ledgers {
  ledger: Ledger;
  /** Null where nothing is written. */
  writer: LedgerWriter | null;
}

async function checkAll(
  context: CommandContext,
  options: CheckOptions,
  ledgers: Ledgers,
  tell: (checked: CheckedName) => void,
): Promise<CheckSummary> {
  const signal = context.stops.work;
  const parts: CheckParts = {
    view: options.view,
    resolver: resolverAt(options.view, signal),
    machine: new MachineLimits(),
    reach: { connected: 0, silent: new Set() },
    signal,
  };
  const { subjects, unusable, known, assumedOfCas } = await subjectsAsked(context, ledgers.ledger, options);
  const told = new ToldInOrder(parts, tell);
  for (const finding of unusable) told.add({ name: finding.name, way: null, findings: [finding] });
  const solvers = new Map<string, Solver>();
  try {
    const checkOne = await nameChecker(context, options, ledgers, { parts, solvers });
    const limit = pLimit(options.concurrency ?? usualConcurrency);
    const checks = subjects.map((subject) =>
      limit(async () => {
        signal.throwIfAborted();
        const before = known.get(subject.name);
        return [...(before === undefined ? [] : [before]), ...(await checkOne(subject))];
      }),
    );
    // One that fails is thrown at its turn.
    for (const check of checks) check.catch(() => undefined);
    for (const [index, subject] of subjects.entries())
      told.add({
        name: subject.name,
        way: { ca: subject.authority.label, challenge: subject.challenge },
        findings: named(subject.name, (await checks[index]) ?? []),
      });
  } finally {
    await Promise.allSettled([...solvers.values()].map((solver) => solver.close()));
  }
  return told.end(named(allNames, [...assumedOfCas, ...parts.machine.found]));
}

function named(name: string, findings: readonly Found[]): Finding[] {
  return findings.map((finding) => ({ name, ...finding }));
}

/** The function that makes all checks of one name. */
async function nameChecker(
  context: CommandContext,
  { deep }: CheckOptions,
  { ledger, writer }: Ledgers,
  { parts, solvers }: { parts: CheckParts; solvers: Map<string, Solver> },
): Promise<(subject: Subject) => Promise<Found[]>> {
  const accounts = new Map<string, Promise<AccountFacts | null>>();
  const factsAt = (ca: string): Promise<AccountFacts | null> => {
    const facts = accounts.get(ca) ?? accountFacts(ledger, ca, context.settings);
    accounts.set(ca, facts);
    return facts;
  };
  const values = (await keyAuthorizationsUp(ledger)).map((each) =>
    createHash('sha256').update(each).digest('base64url'),
  );
  const solverFor = (settings: SolverSettings): Solver => {
    const key = JSON.stringify(settings);
    const solver =
      solvers.get(key) ??
      createSolver(settings, { clock: systemClock, ...(writer === null ? {} : { runId: writer.runId }) });
    solvers.set(key, solver);
    return solver;
  };
  const putUp: NameCheck['deep'] = async (subject, addresses) => {
    const facts = await factsAt(subject.authority.directoryUrl);
    if (facts === null || writer === null) return [noAccount(subject)];
    const { log, stops } = context;
    const trial = { writer, solverFor, stops, log, mayTakeDown: () => true, mayStart: () => true };
    return checkDeep(subject, addresses, parts, { ...trial, account: facts.account });
  };
  const check: NameCheck = { zones: new Map(), ownValues: new Set(values), deep: deep ? putUp : null };
  return async (subject) => {
    const outside = await checkName(subject, parts, check);
    const facts = await factsAt(subject.authority.directoryUrl);
    if (facts === null) return outside;
    const cost = await costOfName(ledger, subject.name, facts);
    return [...outside, ...checkBudget(subject.name, facts, cost, systemClock.now())];
  };
}

function noAccount({ name, authority }: Subject): Found {
  return found(
    'not-looked',
    `no test answer was put up for ${name}: there is no account at ${authority.label} yet`,
    { mend: 'acme-ledger account register makes one, which costs nothing' },
  );
}

/** Names as they are told, in their order; none before it is known that this machine can see the outside at all. */
class ToldInOrder {
  readonly #parts: CheckParts;
  readonly #tell: (checked: CheckedName) => void;
  #held: CheckedName[] = [];
  readonly #summary: CheckSummary = { names: 0, wouldFail: 0 };

  constructor(parts: CheckParts, tell: (checked: CheckedName) => void) {
    this.#parts = parts;
    this.#tell = tell;
  }

  add(checked: CheckedName): void {
    this.#held.push(checked);
    const hasSilent = this.#held.some(({ findings }) => findings.some(({ code }) => code === ofTheWayOut));
    if (!hasSilent || this.#parts.reach.connected > 0) this.#flush();
  }

  /** @param general what is said once for all names */
  end(general: readonly Finding[]): CheckSummary {
    const { connected, silent } = this.#parts.reach;
    const isCutOff = connected === 0 && silent.size >= silentMost;
    if (isCutOff) this.#held = this.#held.map(withoutSilence);
    this.#flush();
    const cutOff = isCutOff ? named(allNames, [found('not-looked', noWayOut)]) : [];
    const all = [...general, ...cutOff];
    if (all.length > 0) this.#tell({ name: allNames, way: null, findings: all });
    return this.#summary;
  }

  #flush(): void {
    for (const checked of this.#held) {
      const isWell = !checked.findings.some(({ severity }) => severity !== 'info');
      const well = isWell ? named(checked.name, [wellFound(checked.name)]) : [];
      this.#summary.names += 1;
      if (checked.findings.some(wouldFail)) this.#summary.wouldFail += 1;
      this.#tell({ ...checked, findings: [...well, ...checked.findings] });
    }
    this.#held = [];
  }
}

const noWayOut =
  'no web server answers this machine, whatever the name: most likely its own firewall lets nothing out to port 80';

/** The finding that a machine without a way out would have of every name. */
const ofTheWayOut: FindingCode = 'port-80-silent';

function withoutSilence(checked: CheckedName): CheckedName {
  return { ...checked, findings: checked.findings.filter(({ code }) => code !== ofTheWayOut) };
}

function wellFound(name: string): Found {
  return found('well', `nothing was found that would keep ${name} from its certificate`);
}
