import { expect, test } from 'vitest';
import { orderUrls } from '../../src/acme/order-list.ts';

const base = 'https://ca.example';

async function listed(pages: Record<string, { data: unknown; link?: string }>): Promise<string[]> {
  const urls: string[] = [];
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
    '/orders/2': { data: { orders: [`${base}/2`, '/3', 7, 'http://elsewhere.example/4'] } },
  };
  expect(await listed(pages)).toEqual(['/1', '/2', '/3']);
});

test("step-ca's bare array is a list too, and so is nothing", async () => {
  expect(await listed({ '/orders': { data: [`${base}/1`] } })).toEqual(['/1']);
  expect(await listed({ '/orders': { data: { orders: null } } })).toEqual([]);
});

test('pages that lead in a circle end', async () => {
  const next = (path: string) => ({ data: { orders: [] }, link: `<${path}>;rel="next"` });
  expect(await listed({ '/orders': next('/orders/2'), '/orders/2': next('/orders') })).toEqual([]);
});
