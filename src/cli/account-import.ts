import type { Command } from 'commander';
import type { Runner } from './runner.ts';

interface Options {
  importAccounts?: string[];
  use?: boolean;
  dryRun?: boolean;
}

export function accountImport(account: Command, runner: Runner): void {
  const command = account
    .command('import')
    .description("take over an account that the CA has: a key file's, or those of another client")
    .argument('[FILE]', 'a private key, PEM or JWK, of an account at --ca')
    .option(
      '--import-accounts <CLIENT[:DIR]>',
      "all accounts of certbot, lego, acme.sh, dehydrated, caddy, posh-acme, uacme or acmetool, or with --ca those at that CA (DIR: the client's directory)",
      (value: string, before: string[] | undefined) => [...(before ?? []), value],
    )
    .option('--use', 'make orders on it from now on, also where the ledger has another account of that CA')
    .option('--dry-run', 'ask the CA for the accounts, but write nothing');
  runner.bind<Options>(command, async (context, options, [file]) => {
    const { importAccounts } = await import('./account-importing.ts');
    return importAccounts(context, {
      file,
      clients: options.importAccounts ?? [],
      use: options.use === true,
      dryRun: options.dryRun === true,
    });
  });
}
