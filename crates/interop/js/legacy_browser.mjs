// Pages with clients of every age in one room, in headless Chromium.
//
// say: node legacy_browser.mjs <url> <chromium>
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [url, executablePath] = process.argv.slice(2);

// The browser is to talk to the server and to nobody else.
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const PATIENCE = 15_000;
const BYTES = "0,1,254,255";

/** Who is there, and which revision of Engine.IO its requests name. */
const PAGES = [
  { client: "1.0.6", transports: "polling", revision: 2 },
  { client: "1.0.6", transports: "polling,websocket", revision: 2 },
  { client: "1.7.4", transports: "polling,websocket", revision: 3 },
  { client: "2.5.0", transports: "polling", revision: 3 },
  { client: "2.5.0", transports: "polling,websocket", revision: 3 },
  { client: "2.5.0", transports: "polling", revision: 3, jsonp: true },
  { client: "4.8.4", transports: "polling,websocket", revision: 4 },
];

const profile = await mkdtemp(join(tmpdir(), "legacy-browser-"));
const browser = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args: FLAGS });
try {
  await theStory();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await browser.close();
  await rm(profile, { recursive: true, force: true });
}

async function theStory() {
  // One after the other: a browser has six connections to a server, and polling takes one or two of them.
  const guests = [];
  for (const page of PAGES) guests.push(await enter(page));
  const said = [];
  for (const guest of guests) {
    const text = `${guest.name}: äöü € 🦀`;
    await guest.page.fill("#text", text);
    await guest.page.click("#send");
    said.push(text);
    for (const { page } of guests) await page.locator(`#heard li:nth-child(${said.length})`).waitFor();
  }
  for (const { page, name, errors } of guests) {
    assert.deepEqual(await page.locator("#heard li").allTextContents(), said, name);
    assert.equal(await page.getAttribute("body", "data-gone"), null, name);
    assert.deepEqual(errors, [], name);
  }
}

/** A page that has joined the room and uses the transport that it must end with. */
async function enter({ client, transports, revision, jsonp }) {
  const name = `${client} ${transports}${jsonp ? " jsonp" : ""}`;
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  const errors = [];
  const revisions = new Set();
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("request", (request) => {
    const named = new URL(request.url()).searchParams.get("EIO");
    if (named !== null) revisions.add(Number(named));
  });
  const query = new URLSearchParams({ client, transports, ...(jsonp ? { jsonp: "" } : {}) });
  // A poll with a script keeps the page loading.
  await page.goto(`${url}/page?${query}`, { waitUntil: "commit" });
  const last = transports.endsWith("websocket") ? "websocket" : "polling";
  const ready = `body[data-room="hall"][data-given="${BYTES}"][data-transport="${last}"][data-spelt="${BYTES}"]`;
  await page.waitForSelector(ready).catch(async (error) => {
    const state = await page.evaluate(() => JSON.stringify(document.body.dataset));
    throw new Error(`${name}: ${state} ${errors}`, { cause: error });
  });
  assert.deepEqual([...revisions], [revision], name);
  return { page, name, errors };
}
