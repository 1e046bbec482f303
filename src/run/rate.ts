import { evenTurns } from '../acme/http/pacer.ts';
import { systemClock } from '../clock.ts';
import type { CommandContext } from './run-context.ts';

/** The same command, whose requests to all CAs together are so many a second at most; an interrupted one waits for no turn. */
export function paced(context: CommandContext, perSecond: number | null): CommandContext {
  if (perSecond === null) return context;
  const takeTurn = evenTurns(perSecond, systemClock);
  return { ...context, takeTurn: () => takeTurn(context.stops.work) };
}
