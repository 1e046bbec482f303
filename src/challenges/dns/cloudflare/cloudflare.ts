import { providerKind } from '../provider-kind.ts';

/** Cloudflare has the zone. */
export const cloudflare = providerKind({
  name: 'cloudflare',
  chosenWhen: 'Cloudflare has the zone',
  concurrency: 4,
  async load({ credentialsFile }, parts) {
    const { cloudflareProvider } = await import('./cloudflare-provider.ts');
    return cloudflareProvider(credentialsFile, parts);
  },
});
