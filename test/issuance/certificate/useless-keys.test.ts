import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { removeUselessKeys } from '../../../src/issuance/certificate/useless-keys.ts';
import { anIntent, newDirectory, newLedger } from '../../ledger/new-ledger.ts';

it('the key of an order goes when the order is concluded, and not before', async () => {
  const [here, stateDir] = [await newLedger(), await newDirectory()];
  const orders = [
    await anIntent(here, here.account, ['open.test']),
    await anIntent(here, here.account, ['over.test']),
  ];
  const files = orders.map(({ id }) => path.join(stateDir, 'orders', `${String(id)}.pem`));
  await mkdir(path.join(stateDir, 'orders'));
  for (const file of files) await writeFile(file, 'a key');
  await here.ledger
    .updateTable('orders')
    .set({ concluded_at: here.clock.now() })
    .where('id', '=', orders[1]!.id)
    .execute();
  await removeUselessKeys(here.ledger, stateDir);
  expect(files.map((file) => existsSync(file))).toEqual([true, false]);
});
