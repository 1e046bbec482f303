import type { Log } from '../../log-and-stops.ts';
import type { CheckParts } from '../check-parts.ts';

/** After so many names in a row of which nothing could be seen, this machine doesn't see what the CA sees. */
const unseenInARow = 3;

/** Whether a run sees anything of what the CA sees; where it doesn't, that is said once and not tried again. */
export class Outside {
  #isBlind: boolean;
  #isResolving = false;
  #unseen = 0;

  constructor(hasResolvers: boolean) {
    this.#isBlind = !hasResolvers;
  }

  get isBlind(): boolean {
    return this.#isBlind;
  }

  /** @throws the reason of `parts.signal` */
  async isResolving({ resolver }: CheckParts): Promise<boolean> {
    this.#isResolving ||= await resolver.isAlive();
    return this.#isResolving;
  }

  /** @param isSeen whether anything of a name could be seen */
  note(isSeen: boolean, log: Log): void {
    this.#unseen = isSeen ? 0 : this.#unseen + 1;
    if (this.#isBlind || (this.#isResolving && this.#unseen < unseenInARow)) return;
    this.#isBlind = true;
    log.warn(
      {},
      'this machine does not see the web servers of the names: http-01 answers are submitted without a look',
    );
  }
}
