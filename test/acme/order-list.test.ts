import { expect, test } from 'vitest';
import { isListCut, orderUrls } from '../../src/acme/order-list.ts';

const base = 'https://ca.example';

async function listed(
  pages: Record<string, { data: unknown; link?: string }>,
  urls: string[] = [],
): Promise<string[]> {
  const getPage = (url: string) => {
    const page = pages[url.slice(base.length)];
    return Promise.resolve({ status: 200, headers: { link: page?.link }, data: page?.data });
  };
  for await (const url of orderUrls(`${base}/orders`, getPage)) urls.push(url.slice(base.length));
  return urls;
}

test('pages are followed to the last, each order comes once', async () => {
  const pages = {
    '/orders': {
      data: { orders: [`${base}/1`, `${base}/2`] },
      link: '<https://ca.example/dir>;rel="index", </orders/2>;rel="next"',
    },
    '/orders/2': { data: { orders: [`${base}/2`, '/3'] } },
  };
  expect(await listed(pages)).toEqual(['/1', '/2', '/3']);
});

test("step-ca's bare array is a list too, and so is nothing", async () => {
  expect(await listed({ '/orders': { data: [`${base}/1`] } })).toEqual(['/1']);
  expect(await listed({ '/orders': { data: { orders: null } } })).toEqual([]);
});

const endless = (path: string) => ({ data: { orders: [] }, link: `<${path}>;rel="next"` });

test.each<[string, Record<string, { data: unknown; link?: string }>, string[]]>([
  ['leads in a circle', { '/orders': endless('/orders/2'), '/orders/2': endless('/orders') }, []],
  [
    'goes on and on with nothing new',
    Object.fromEntries(
      Array.from({ length: 30 }, (_, page) => [page === 0 ? '/orders' : `/${page}`, endless(`/${page + 1}`)]),
    ),
    [],
  ],
  ['has something in it that is no URL', { '/orders': { data: { orders: [7, `${base}/1`] } } }, ['/1']],
  ['is a page for people', { '/orders': { data: '<html>' } }, []],
  ['is an object without orders', { '/orders': { data: {} } }, []],
])('a list that %s is not taken for whole', async (_, pages, urls) => {
  const got: string[] = [];
  const end = await listed(pages, got).catch((error: unknown) => error);
  expect(isListCut(end)).toBe(true);
  expect(got).toEqual(urls);
});
