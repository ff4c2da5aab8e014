// SPDX-License-Identifier: Apache-2.0 - a real Chromium, told what to do by JSON lines
//
// One command per line on stdin, one answer per line on stdout, in order. A context is a
// person's browser with its own cookies; a page is a tab in it. Both have names.
//
//   {"do": "open", "context": "c", "page": "p", "url": "…"}   also makes context and page
//   {"do": "reload", "page": "p"}
//   {"do": "click", "page": "p", "role": "button", "name": "Sign in as …"}
//   {"do": "look", "page": "p"}
//   {"do": "evaluate", "page": "p", "script": "async argument => …", "argument": …}
//   {"do": "cookies", "context": "c"}      {"do": "setCookies", "context": "c", "cookies": […]}
//   {"do": "clearCookies", "context": "c", "name": "…"}
//   {"do": "screenshot", "page": "p", "path": "…"}
//   {"do": "close", "context": "c"}
//
// What concerns a page is answered with what the person sees then: url, status, title, text;
// and since the command was given: `requests`, the documents that were asked for, redirects
// included, and `shown`, the documents that were put into the tab.

import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM, headless: true, timeout: 60_000,
  args: ['--disable-dev-shm-usage'] });   // small in containers
const contexts = new Map();
const pages = new Map();

async function contextOf(name) {
  if (!contexts.has(name)) {
    const context = await browser.newContext({
      viewport: { width: 900, height: 640 }, colorScheme: 'light', locale: 'en-US' });
    context.setDefaultTimeout(20_000);
    contexts.set(name, context);
  }
  return contexts.get(name);
}

async function pageOf({ context, page: name }) {
  if (!pages.has(name)) {
    const page = await (await contextOf(context)).newPage();
    const tab = { page, requests: [], shown: [], status: null };
    page.on('response', response => {
      if (response.request().isNavigationRequest() && response.frame() === page.mainFrame()) {
        tab.requests.push({ url: response.url(), status: response.status() });
        tab.status = response.status();
      }
    });
    page.on('framenavigated', frame => {
      if (frame === page.mainFrame()) {
        tab.shown.push(frame.url());
      }
    });
    pages.set(name, tab);
  }
  return pages.get(name);
}

async function seen({ page, requests, shown, status }) {
  await page.waitForLoadState('load');
  return {
    url: page.url(), status, title: await page.title(), requests, shown,
    text: await page.locator('body').innerText(),
  };
}

/** A command about a page. */
const onPage = act => async command => {
  const tab = await pageOf(command);
  Object.assign(tab, { requests: [], shown: [] });
  await act(tab, command);
  return seen(tab);
};

const commands = {
  open: onPage(({ page }, { url }) => page.goto(url)),
  reload: onPage(({ page }) => page.reload()),
  click: onPage(({ page }, { role, name }) =>
    page.getByRole(role, { name, exact: true }).click()),
  look: onPage(() => {}),
  evaluate: async command => ({
    value: await (await pageOf(command)).page.evaluate(
      // The script is the test's own.
      ([script, argument]) => (0, eval)(`(${script})`)(argument),
      [command.script, command.argument ?? null]) ?? null,
  }),
  cookies: async ({ context }) => ({ cookies: await (await contextOf(context)).cookies() }),
  setCookies: async ({ context, cookies }) => {
    await (await contextOf(context)).addCookies(cookies);
    return {};
  },
  clearCookies: async ({ context, name }) => {
    await (await contextOf(context)).clearCookies({ name });
    return {};
  },
  screenshot: async command => {
    // All of the page, no blank below it, and nothing under the mouse.
    const { page } = await pageOf(command);
    await page.mouse.move(0, 0);
    await page.setViewportSize({ width: 820, height: 240 });
    await page.screenshot({ path: command.path, fullPage: true });
    return {};
  },
  close: async ({ context }) => {
    for (const [name, { page }] of pages) {
      if (page.context() === contexts.get(context)) {
        pages.delete(name);
      }
    }
    await contexts.get(context)?.close();
    contexts.delete(context);
    return {};
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const command = JSON.parse(line);
    answer = await commands[command.do](command);
  }
  catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
