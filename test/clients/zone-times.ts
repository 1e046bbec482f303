import { timeOf } from '../../src/clients/logs/log-times.ts';

/* The times of these lines, by the zone of the process. */
console.log(JSON.stringify(process.argv.slice(2).map(timeOf)));
