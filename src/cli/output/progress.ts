import { stat } from 'node:fs/promises';
import type { FileProgress, Progress } from '../../run/run-context.ts';
import { type StatusLine, screen } from './screen.ts';
import { durationText } from './wording.ts';

/**
 * A bar for items that are found in files while these are read: the total is estimated from the items so far.
 * Standard input has no end to be seen: there the bar shows the items found.
 */
export async function startFileProgress(
  isVisible: boolean,
  files: readonly string[],
  what: string,
): Promise<FileProgress> {
  const sizes = await Promise.all(files.filter((file) => file !== '-').map(sizeOf));
  const size = files.includes('-') ? 0 : sizes.reduce((sum, each) => sum + each, 0);
  const progress = startProgress(isVisible, what);
  let [bytes, found, told] = [0, 0, 0];
  const estimate = (): void => {
    const share = size === 0 || bytes === 0 ? 1 : Math.min(1, bytes / size);
    const total = Math.round(found / share);
    progress.expect(total - told);
    told = total;
  };
  return {
    ...progress,
    read(more) {
      bytes += more;
      estimate();
    },
    expect(count) {
      found += count;
      estimate();
    },
  };
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

/** A bar in the terminal's line of progress. */
export function startProgress(isVisible: boolean, what: string): Progress {
  const state = { done: 0, total: 0, startedAt: performance.now() };
  const line: StatusLine = (width) => barText(state, what, width);
  let isShown = false;
  return {
    expect(count) {
      if (!isVisible || count === 0) return;
      state.total += count;
      if (isShown) {
        screen.refresh();
        return;
      }
      isShown = true;
      state.startedAt = performance.now();
      screen.show(line);
    },
    done() {
      state.done += 1;
      if (isShown) screen.refresh();
    },
    stop() {
      if (isShown) screen.remove(line);
      isShown = false;
    },
  };
}

interface BarState {
  done: number;
  total: number;
  startedAt: number;
}

const longestBar = 40;
/** A bar that is shorter shows nothing. */
const shortestBar = 8;

/** `3/12 certificates [=====---------------] 2m left`. */
function barText({ done, total, startedAt }: BarState, what: string, width: number): string {
  const head = `${String(done)}/${String(total)} ${what}`;
  const leftSeconds = ((performance.now() - startedAt) / 1000 / done) * (total - done);
  const end = done === 0 ? '' : ` ${durationText(Math.round(leftSeconds))} left`;
  const length = Math.min(longestBar, width - head.length - end.length - ' []'.length);
  if (length < shortestBar) return `${head}${end}`;
  const filled = total === 0 ? 0 : Math.min(length, Math.round((length * done) / total));
  return `${head} [${'='.repeat(filled)}${'-'.repeat(length - filled)}]${end}`;
}
