import { providerKind } from '../provider-kind.ts';

/** Google Cloud DNS has the zone. */
export const gcloud = providerKind({
  name: 'gcloud',
  chosenWhen: 'Google Cloud DNS has the zone',
  concurrency: 4,
  async load({ credentialsFile }, parts) {
    const { gcloudProvider } = await import('./gcloud-provider.ts');
    return gcloudProvider(credentialsFile, parts);
  },
});
