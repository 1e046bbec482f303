import { evenTurns } from '../acme/http/pacer.ts';
import { systemClock } from '../clock.ts';
import type { CommandContext } from './run-context.ts';

/**
 * The command's context with a limit on its requests a second to all CAs together; an interrupted command
 * waits for no turn.
 */
export function paced(context: CommandContext, perSecond: number | null): CommandContext {
  if (perSecond === null) return context;
  const takeTurn = evenTurns(perSecond, systemClock);
  return { ...context, takeTurn: () => takeTurn(context.stops.work) };
}
