/** The candidate that a person may have meant by `word`, written with or without hyphens and capitals; null when none is near. */
export function nearestWord<Word extends string>(word: string, candidates: readonly Word[]): Word | null {
  const wanted = plain(word).slice(0, 64);
  const rated = candidates.map((candidate) => ({ candidate, distance: distance(wanted, plain(candidate)) }));
  const best = rated.sort((one, other) => one.distance - other.distance)[0];
  // Two letters of five, as when two are swapped: more is another word.
  return best !== undefined && best.distance * 5 <= plain(best.candidate).length * 2 ? best.candidate : null;
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Levenshtein distance. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [rowIndex, letter] of from.split('').entries()) {
    const next = [rowIndex + 1];
    for (const [index, other] of to.split('').entries()) {
      const replaced = (row[index] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
