// Makes two hundred directories below the one that it is given. system/directories.test.ts starts several at once.
import { makeDirectories } from '../src/system/directories.ts';

const [place = ''] = process.argv.slice(2);
for (let i = 0; i < 200; i += 1) makeDirectories(`${place}/${i}/y/z`);
