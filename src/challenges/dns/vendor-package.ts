import { AcmeLedgerError, messageOf } from '../../errors.ts';
import { shellWord } from '../../shell-word.ts';
import { failedWith } from '../../system/durable-file.ts';

/** A vendor's client, which the program is installed without. */
interface VendorPackage {
  name: string;
  /** The major version that the program was tested with. */
  version: number;
}

/**
 * Loads a vendor's client when it is first needed.
 * @throws AcmeLedgerError `solver` when it isn't installed
 */
export async function vendorPackage<T>({ name, version }: VendorPackage, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const isMissing = failedWith(error, 'ERR_MODULE_NOT_FOUND') || failedWith(error, 'MODULE_NOT_FOUND');
    if (!isMissing || !messageOf(error).includes(`'${name}'`)) throw error;
    throw new AcmeLedgerError(
      'solver',
      `the package ${name}, which this solver works with, isn't installed`,
      {
        hint: `npm install -g ${shellWord(`${name}@${String(version)}`)}`,
        cause: error,
      },
    );
  }
}
