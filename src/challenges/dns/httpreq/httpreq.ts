import { providerKind } from '../provider-kind.ts';

/** A server of the person's edits the zone: the protocol of lego's provider httpreq. */
export const httpreq = providerKind({
  name: 'httpreq',
  chosenWhen: 'a server of yours edits the zone',
  concurrency: 4,
  async load({ credentialsFile }, parts) {
    const { httpreqProvider } = await import('./httpreq-provider.ts');
    return httpreqProvider(credentialsFile, parts);
  },
});
