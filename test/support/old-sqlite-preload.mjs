// For NODE_OPTIONS=--import: SQLite gives itself out for the version OLD_SQLITE.
import { createRequire } from 'node:module';

const Database = createRequire(process.argv[1])('better-sqlite3');
const { prepare } = Database.prototype;

Database.prototype.prepare = function (text) {
  return prepare.call(this, text.replace('sqlite_version()', `'${process.env.OLD_SQLITE}'`));
};
