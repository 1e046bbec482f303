import type { Compilable, CompiledQuery, QueryResult } from 'kysely';
import type { Ledger } from './ledger.ts';

/** Runs a query with these values. */
export type CompiledOnce<Values, Row> = (ledger: Ledger, values: Values) => Promise<QueryResult<Row>>;

/**
 * A query that is built once and run with other values each time: building a short query takes several times
 * as long as SQLite takes to run it.
 * @param build makes the query. It is given stand-ins for the values: it may hand them to the query, and look
 * at none of them.
 */
export function compiledOnce<Values extends object, Row>(
  build: (ledger: Ledger, values: Values) => Compilable<Row>,
): CompiledOnce<Values, Row> {
  // By dialect: one process may have ledgers of two dialects.
  const known = new WeakMap<object, CompiledQuery<Row>>();
  return async (ledger, values) => {
    const { adapter } = ledger.getExecutor();
    let query = known.get(adapter);
    if (query === undefined) {
      query = build(ledger, standIns as Values).compile();
      known.set(adapter, query);
    }
    const parameters = query.parameters.map((parameter) =>
      parameter instanceof StandIn ? values[parameter.name as keyof Values] : parameter,
    );
    return ledger.executeQuery({ ...query, parameters });
  };
}

class StandIn {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

const standIns: object = new Proxy({}, { get: (_, name) => new StandIn(String(name)) });
