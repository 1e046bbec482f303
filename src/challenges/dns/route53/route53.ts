import { providerKind } from '../provider-kind.ts';

/** Amazon Route 53 has the zone. */
export const route53 = providerKind({
  name: 'route53',
  chosenWhen: 'Route 53 has the zone',
  // An account may ask five times a second in all.
  concurrency: 4,
  async load({ credentialsFile }, parts) {
    const { route53Provider } = await import('./route53-provider.ts');
    return route53Provider(credentialsFile, parts);
  },
});
