import { providerKind } from '../provider-kind.ts';

/** An acme-dns server has the zone that `_acme-challenge` leads to. */
export const acmeDns = providerKind({
  name: 'acme-dns',
  chosenWhen: '_acme-challenge leads to an acme-dns server',
  concurrency: 4,
  async load({ credentialsFile }, parts) {
    const { acmeDnsProvider } = await import('./acme-dns-provider.ts');
    return acmeDnsProvider(credentialsFile, parts);
  },
});
