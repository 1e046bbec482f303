import type { AccountJson } from '../../../report/ledger-json.ts';

/** An account, for a person. */
export function accountText(shown: AccountJson): string[] {
  return [
    `account ${String(shown.id)}: ${shown.status}`,
    `  ca     ${shown.ca}`,
    `  url    ${shown.url ?? 'not registered'}`,
    `  email  ${shown.email ?? '-'}`,
    `  key    ${shown.keyFile} (thumbprint ${shown.keyThumbprint})`,
    `  for    ${shown.purpose === 'orders' ? 'orders' : 'cleaning up alone'}`,
  ];
}
