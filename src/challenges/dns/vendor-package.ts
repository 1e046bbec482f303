import { AcmeLedgerError, messageOf } from '../../errors.ts';
import { failedWith } from '../../system/durable-file.ts';

/** The vendors' clients, which the program is installed without, in the versions that it was tested with. */
const versions = {
  cloudflare: '7',
  '@aws-sdk/client-route-53': '3',
  '@google-cloud/dns': '5',
} as const;

/**
 * Loads a vendor's client when it is first needed.
 * @throws AcmeLedgerError `solver` when it isn't installed
 */
export async function vendorPackage<T>(name: keyof typeof versions, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const isMissing = failedWith(error, 'ERR_MODULE_NOT_FOUND') || failedWith(error, 'MODULE_NOT_FOUND');
    if (!isMissing || !messageOf(error).includes(`'${name}'`)) throw error;
    throw new AcmeLedgerError(
      'solver',
      `the package ${name}, which this solver works with, isn't installed`,
      {
        hint: `npm install -g ${name}@${versions[name]}`,
        cause: error,
      },
    );
  }
}
