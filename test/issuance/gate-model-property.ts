import fc from 'fast-check';
import { Stage } from './gate-model-stage.ts';
import { type Step, calmSteps, faultySteps, worldTraits } from './gate-model-steps.ts';
import type { ModelGround, ModelWorld, WorldTraits } from './gate-model-world.ts';

/** What was tried. */
export interface Figures {
  worlds: number;
  steps: number;
  processes: number;
  deaths: number;
  /** Requests that the CA acted on. */
  requests: number;
  /** The most that were ever open at a CA. */
  mostOpen: number;
}

const journalLines = 250;

/** GATE_MODEL_SEED and GATE_MODEL_PATH, as a failure prints them, give the same world again. */
function parameters<T>(numRuns: number): fc.Parameters<T> {
  const { GATE_MODEL_SEED: seed = '', GATE_MODEL_PATH: path = '' } = process.env;
  return { numRuns, ...(seed === '' ? {} : { seed: Number(seed) }), ...(path === '' ? {} : { path }) };
}

/**
 * Processes open, submit, fail, are held up, die and come back, and the CA's answers get lost: after each step the gate holds by the
 * CA's own account, and nothing was done that may not be. In the end one run brings everything to its end.
 */
export async function assertKeptThroughFaults(ground: ModelGround, numRuns: number): Promise<Figures> {
  const figures = noFigures();
  const recovery = fc.constantFrom('clear' as const, 'settle' as const);
  const property = fc.asyncProperty(worldTraits, faultySteps, recovery, async (traits, steps, how) => {
    const { world, stage } = await play(ground, traits, steps);
    await stage.recover(how);
    complainOfRest(world);
    assertSound(world);
    count(figures, world, steps.length);
  });
  await fc.assert(property, parameters(numRuns));
  return figures;
}

/** Nothing fails and nobody dies: when all have ended, nothing is open but what is kept on purpose. */
export async function assertNothingLeftInCalm(ground: ModelGround, numRuns: number): Promise<Figures> {
  const figures = noFigures();
  const property = fc.asyncProperty(worldTraits, calmSteps, async (traits, steps) => {
    const { world } = await play(ground, traits, steps);
    for (const url of leaksOf(world)) if (!isKept(world, url)) world.complain(`leaked: ${url}`);
    if (unknownTo(world) > 0) world.complain(`${unknownTo(world)} at the CA that the ledger does not know`);
    assertSound(world);
    count(figures, world, steps.length);
  });
  await fc.assert(property, parameters(numRuns));
  return figures;
}

async function play(
  ground: ModelGround,
  traits: WorldTraits,
  steps: readonly Step[],
): Promise<{ world: ModelWorld; stage: Stage }> {
  const world = await ground.newWorld(traits);
  const stage = new Stage(world);
  for (const step of steps) {
    await stage.run(step);
    assertSound(world);
  }
  await stage.finish();
  assertSound(world);
  return { world, stage };
}

function assertSound({ complaints, waits }: ModelWorld): void {
  if (complaints.length === 0) return;
  throw new Error(`${complaints.join('\n')}\n${waits.journal.slice(-journalLines).join('\n')}`);
}

/** After a run that had to settle everything. */
function complainOfRest(world: ModelWorld): void {
  for (const url of leaksOf(world)) world.complain(`leaked: ${url}`);
  if (unknownTo(world) > world.watch.reserved()) world.complain('what was lost is not counted');
  if (world.presented.size > 0) world.complain(`still presented: ${[...world.presented].join(' ')}`);
  for (const { id, run_id } of world.watch.ownedOrders())
    world.complain(`order ${id} is still of run ${run_id ?? ''}`);
  // What was lost, and what the CA didn't deactivate, ends by expiring.
  world.waits.pass(9 * 86_400_000);
  const counted = world.watch.counted(world.waits.wallNow());
  if (counted > 0) world.complain(`${counted} are counted for ever`);
}

/** Open at the CA, known to the ledger, and deactivation wasn't refused. */
function leaksOf({ ca, watch }: ModelWorld): string[] {
  return ca
    .open()
    .map(({ url }) => url)
    .filter((url) => watch.authorization(url)?.refused_at === null);
}

/** Open at the CA after an answer that was lost for good. */
function unknownTo({ ca, watch }: ModelWorld): number {
  return ca.open().filter(({ url }) => watch.authorization(url) === undefined).length;
}

/** Policy `resume`: for the next attempt. */
function isKept({ watch, waits }: ModelWorld, url: string): boolean {
  const now = waits.wallNow().toISOString();
  return watch.ordersHolding(url).some(({ kept_until }) => kept_until !== null && kept_until > now);
}

function noFigures(): Figures {
  return { worlds: 0, steps: 0, processes: 0, deaths: 0, requests: 0, mostOpen: 0 };
}

function count(figures: Figures, { processes, waits, mostOpen }: ModelWorld, steps: number): void {
  figures.worlds += 1;
  figures.steps += steps;
  figures.processes += processes.length;
  figures.deaths += processes.filter(({ isDead }) => isDead).length;
  figures.requests += waits.journal.filter((line) => line.endsWith('the CA acts')).length;
  figures.mostOpen = Math.max(figures.mostOpen, mostOpen);
}
