import { AcmeLedgerError } from '../../src/errors.ts';
import type { ModelProcess } from './gate-model-process.ts';
import { type Step, minuteMs, places } from './gate-model-steps.ts';
import { attempt, begin, clearAll, compareAll, end, settleAll } from './gate-model-tasks.ts';
import type { ModelWorld } from './gate-model-world.ts';

/** The processes at work, by place. */
export class Stage {
  readonly world: ModelWorld;
  readonly #places: (ModelProcess | undefined)[] = Array.from({ length: places });
  /** Processes that take no more work: a clean-up is a process of its own. */
  readonly #closed = new Set<ModelProcess>();

  #hasJumped = false;

  constructor(world: ModelWorld) {
    this.world = world;
  }

  async run(step: Step): Promise<void> {
    this.world.waits.note(`--- ${JSON.stringify(step)}`);
    await this.#act(step);
    await this.world.quiet();
  }

  async #act(step: Step): Promise<void> {
    const { waits, ca } = this.world;
    switch (step.do) {
      case 'issue': {
        this.#issue(step);
        return;
      }
      case 'clear': {
        this.#alone(step.at, 'clear', (process) => clearAll(process, step.all));
        return;
      }
      case 'sync': {
        this.#alone(step.at, 'sync', compareAll);
        return;
      }
      case 'settle': {
        this.#alone(step.at, 'settle', settleAll);
        return;
      }
      case 'go on':
        return this.#goOn(step.turns, step.from);
      case 'answer': {
        waits.release(waits.list.length === 0 ? 0 : step.which % waits.list.length, step.fate);
        return;
      }
      case 'verdict': {
        const undecided = ca.undecided();
        const held = undecided[step.which % Math.max(1, undecided.length)];
        if (held !== undefined) ca.decide(held, step.verdict);
        return;
      }
      case 'die': {
        this.#die(step);
        return;
      }
      case 'hold up': {
        const process = this.#at(step.at);
        if (process !== undefined) process.pausesIn = step.calls;
        return;
      }
      case 'interrupt': {
        const process = this.#at(step.at);
        const reason = new AcmeLedgerError('interrupted', 'a signal');
        process?.work.abort(reason);
        if (step.grace) process?.grace.abort(reason);
        return;
      }
      case 'end': {
        const process = this.#at(step.at);
        if (process === undefined || process.tasks.size > 0) return;
        this.#closed.add(process);
        begin(this.world, process, 'end', end(process));
        return;
      }
      case 'pass':
        return this.#pass(step.ms);
      case 'jump back':
        if (!this.#hasJumped) waits.jump(-60 * minuteMs);
        this.#hasJumped = true;
        return;
    }
  }

  #issue(step: Step & { do: 'issue' }): void {
    const process = this.#at(step.at) ?? this.#start(step.at, step.here);
    if (this.#closed.has(process) || process.work.signal.aborted || process.tasks.size > 2) return;
    if (step.fails) process.unpresentable.add(step.names[0]!);
    // A run settles what others left before it begins, not while it works.
    const recovers = step.recovers && process.tasks.size === 0;
    begin(
      this.world,
      process,
      `issue ${step.names.join(' ')}`,
      attempt(process, step.names, { ...step, recovers }),
    );
  }

  /** A command that is a process of its own. */
  #alone(place: number, what: string, task: (process: ModelProcess) => Promise<void>): void {
    if (this.#at(place) !== undefined) return;
    const process = this.#start(place, true);
    this.#closed.add(process);
    const act = async (): Promise<void> => {
      try {
        await task(process);
      } finally {
        await end(process);
      }
    };
    begin(this.world, process, what, act());
  }

  async #goOn(turns: number, from: number): Promise<void> {
    const { waits } = this.world;
    for (let turn = 0; turn < turns && waits.list.length > 0; turn += 1) {
      waits.release(from % waits.list.length, 'answered');
      await this.world.quiet();
    }
  }

  async #pass(ms: number): Promise<void> {
    const { waits } = this.world;
    while (waits.releaseHeldUp()) await this.world.quiet();
    waits.pass(ms);
  }

  #die({ at: place, calls, underWay }: Step & { do: 'die' }): void {
    const process = this.#at(place);
    if (process === undefined) return;
    if (calls === 0) process.die(underWay);
    else process.diesIn = { calls, underWay };
  }

  #at(place: number): ModelProcess | undefined {
    const process = this.#places[place];
    return process === undefined || process.isDead || process.hasEnded ? undefined : process;
  }

  #start(place: number, here: boolean): ModelProcess {
    const process = this.world.startProcess(here);
    this.#places[place] = process;
    return process;
  }

  /** Everything that still runs comes to its end, without any more faults. */
  async finish(): Promise<void> {
    await this.#drain();
    for (const process of this.world.processes.filter((each) => !each.isDead && !each.hasEnded)) {
      begin(this.world, process, 'end', end(process));
      await this.#drain();
    }
  }

  async #drain(): Promise<void> {
    const { waits, processes } = this.world;
    for (const process of processes) Object.assign(process, { diesIn: null, pausesIn: null });
    await this.world.quiet();
    for (let turn = 0; waits.list.length > 0; turn += 1) {
      if (turn === 3_000) {
        this.world.complain('it never ends');
        for (const process of processes) process.die('lost');
        return;
      }
      // A clock that was put back makes some wait for an hour in half seconds: the machine is slow.
      if (turn > 300) waits.pass(minuteMs);
      waits.release(soonest(waits.list), 'answered');
      await this.world.quiet();
    }
  }

  /** One run, without faults, has to bring everything to its end. */
  async recover(how: 'clear' | 'settle'): Promise<void> {
    // The leases of dead runs of other hosts end.
    this.world.waits.pass(2 * 60 * minuteMs);
    const process = this.world.startProcess(true);
    begin(this.world, process, how, how === 'clear' ? clearAll(process, true) : settleAll(process));
    await this.#drain();
    begin(this.world, process, 'end', end(process));
    await this.#drain();
  }
}

/** Requests first, then the sleep that ends first. */
function soonest(list: readonly { untilMs: number | null }[]): number {
  const request = list.findIndex(({ untilMs }) => untilMs === null);
  if (request >= 0) return request;
  const first = Math.min(...list.map(({ untilMs }) => untilMs ?? 0));
  return list.findIndex(({ untilMs }) => untilMs === first);
}
