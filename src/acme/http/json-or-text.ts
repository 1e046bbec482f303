/**
 * More than any answer of a CA has: an order of a hundred names has two hundred objects, a page with all
 * orders of a large account tens of thousands of URLs. A body of brackets takes a hundred times as long to
 * parse as text of its length (docs/decisions.md#deeply-nested-json).
 */
const most = { brackets: 10_000, commas: 200_000 };
const [bracket, brace, comma] = ['[', '{', ','].map((sign) => sign.charCodeAt(0));

/** A body as acme-client has it: parsed when it is JSON, else its text. */
export function jsonOrText(body: Buffer): unknown {
  const text = body.toString('utf8');
  if (!isParsedSoon(body)) return text;
  try {
    const data: unknown = JSON.parse(text);
    return data;
  } catch {
    return text;
  }
}

function isParsedSoon(body: Buffer): boolean {
  let [brackets, commas] = [0, 0];
  for (let at = 0; at < body.length && brackets <= most.brackets && commas <= most.commas; at += 1) {
    const byte = body[at];
    if (byte === bracket || byte === brace) brackets += 1;
    else if (byte === comma) commas += 1;
  }
  return brackets <= most.brackets && commas <= most.commas;
}
