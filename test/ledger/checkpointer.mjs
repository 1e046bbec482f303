import { closeSync, ftruncateSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';

/*
 * What others do to a ledger's files, again and again, so that each moment of it is met: its last page is only in the write-ahead
 * log; then it is brought into the file, and the log is removed.
 */

const [, , file = ''] = process.argv;
const whole = readFileSync(file);
const pageSize = whole.readUInt16BE(16);
const lastPage = whole.subarray(-pageSize);
const handle = openSync(file, 'r+');
const end = Date.now() + 30_000;
while (Date.now() < end) {
  writeFileSync(`${file}-wal`, lastPage);
  ftruncateSync(handle, whole.length - pageSize);
  writeSync(handle, lastPage, 0, pageSize, whole.length - pageSize);
  rmSync(`${file}-wal`);
}
closeSync(handle);
