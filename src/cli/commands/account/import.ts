import type { Command } from 'commander';
import type { SolverOptions } from '../../../challenges/option-list.ts';
import { addSolverOptions } from '../../options/certificate-options.ts';
import { writeImport } from './import-text.ts';
import type { Runner } from '../../runner.ts';

interface Options extends SolverOptions {
  importAccounts?: string[];
  certificates?: boolean;
  withHooks?: boolean;
  only?: string[];
  link?: boolean;
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
    .optionsGroup('Its certificates:')
    .option(
      '--certificates',
      'take over the certificates of certbot, lego and acme.sh as they stand, too: files, keys and dates; with challenge options for those whose own way to be proven is unknown',
    )
    .option(
      '--only <NAME>',
      'with --certificates: of these only the one of that name; may be repeated',
      (value: string, before: string[] | undefined) => [...(before ?? []), value],
    )
    .option('--link', "with --certificates: make links into the store of the client's own files")
    .option(
      '--with-hooks',
      "with --certificates: also those with a command of the client's, which is run from then on",
    )
    .optionsGroup('Options:')
    .option('--use', 'make orders on it from now on, also where the ledger has another account of that CA')
    .option(
      '--dry-run',
      'ask the CA for the accounts, show what becomes of each certificate, and write nothing',
    );
  addSolverOptions(command);
  runner.bind<Options>(command, async (context, options, [file]) => {
    const { importAccounts } = await import('../../../import/import-accounts.ts');
    const dryRun = options.dryRun === true;
    const result = await importAccounts(context, {
      file,
      clients: options.importAccounts ?? [],
      certificates: options.certificates === true,
      withHooks: options.withHooks === true,
      solver: options,
      only: options.only ?? [],
      link: options.link === true,
      use: options.use === true,
      dryRun,
    });
    await writeImport(context.output, result, dryRun);
    return result.exitCode;
  });
}
