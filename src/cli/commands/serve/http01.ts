import type { Command } from 'commander';
import { AcmeLedgerError } from '../../../errors.ts';
import { printable } from '../../../printable.ts';
import { parseListenAddress } from '../../../system/socket-address.ts';
import type { Runner } from '../../runner.ts';

export function serveHttp01(serve: Command, runner: Runner): void {
  const command = serve
    .command('http01')
    .description(
      'answer http-01 for all tokens that the ledger has up, until it is ended; nothing else is answered',
    )
    .option('--listen <[ADDR:]PORT>', 'where to listen');
  runner.bind<{ listen?: string }>(command, async (context, { listen }) => {
    const address = listen === undefined ? null : parseListenAddress(listen);
    if (address === null) {
      throw new AcmeLedgerError(
        'usage',
        listen === undefined
          ? 'serve http01 needs --listen [ADDR:]PORT'
          : `--listen "${printable(listen)}" isn't [ADDR:]PORT`,
        { hint: 'as in 127.0.0.1:8402 behind a web server, or 80 without one' },
      );
    }
    const { serveHttp01: act } = await import('../../../serve/http01.ts');
    const served = await act(context, address, (where) => {
      context.output.conclude(`answering http-01 at ${where}`);
    });
    const text = `${String(served.answered)} answers given, ${String(served.notFound)} requests for something else`;
    context.record.sum({ ...served }, text);
    context.output.result(served, () => text);
    return 0;
  });
}
