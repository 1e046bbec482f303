import type { Command } from 'commander';
import type { KeyChoice } from '../../run/accounts/chosen-keys.ts';

export interface KeyOptions {
  accountKey?: string;
  importAccounts?: string[];
}

/** `--account-key` and `--import-accounts`: the accounts that a command works with. */
export function addKeyOptions(command: Command): Command {
  return command
    .option('--account-key <FILE>', "the key of another client's account at --ca: PEM or JWK")
    .option(
      '--import-accounts <CLIENT[:DIR]>',
      'all accounts of certbot, lego, acme.sh, dehydrated, caddy, posh-acme, uacme or acmetool, or with --ca those at that CA; may be repeated',
      (text: string, before: string[] | undefined) => [...(before ?? []), text],
    );
}

export function keyChoiceOf({ accountKey, importAccounts = [] }: KeyOptions): KeyChoice {
  return { accountKey, importAccounts };
}
