// For NODE_OPTIONS=--import: SQLite refuses every write, as on a file system that the kernel has made read-only after an error, once
// the file READ_ONLY_TRIGGER is there.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const Database = createRequire(process.argv[1])('better-sqlite3');
const { prepare } = Database.prototype;
const turned = new WeakSet();

Database.prototype.prepare = function (text) {
  const turn = () => {
    if (turned.has(this) || !existsSync(process.env.READ_ONLY_TRIGGER ?? '')) return;
    turned.add(this);
    this.exec('pragma query_only = 1');
  };
  const statement = prepare.call(this, text);
  for (const name of ['run', 'all']) {
    const act = statement[name];
    statement[name] = (...given) => {
      turn();
      return act.apply(statement, given);
    };
  }
  return statement;
};
