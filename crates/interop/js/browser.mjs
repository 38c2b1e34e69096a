// Two people in the chat example, each in a tab of headless Chromium.
//
// say: node browser.mjs <url> <chromium> <folder for pictures of the page>
// Lines on the standard output tell the harness what to do: `stop`, then `start`.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [url, executablePath, pictures] = process.argv.slice(2);

// The browser is to talk to the example and to nobody else.
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const PATIENCE = 15_000;

// One red pixel.
const PICTURE = {
  name: "pixel.png",
  mimeType: "image/png",
  buffer: Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==",
    "base64",
  ),
};

const profile = await mkdtemp(join(tmpdir(), "chat-browser-"));
const browser = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args: FLAGS, viewport: DESKTOP });
try {
  await theStory(await enter("Ada"), await enter("Bob"));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await browser.close();
  await rm(profile, { recursive: true, force: true });
}

async function theStory(ada, bob) {
  await theySeeEachOther(ada, bob);
  await aTextArrives(ada, bob, "Hello Bob, <b>this</b> stays text: ü €");
  await typingShows(ada, bob);
  await aPictureArrives(ada, bob);
  await theTransportIsWebSocket(ada, bob);
  await aRestartIsSurvived(ada, bob);
  await aPhoneShowsItAll(ada, bob);
  assert.deepEqual([ada.errors, bob.errors], [[], []], "errors on the page");
}

/** A tab that has joined the room `garden`. */
async function enter(nickname) {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(url);
  await page.fill("#nickname", nickname);
  await page.fill("#room", "garden");
  await page.click("#join");
  await page.waitForSelector('#status[data-state="connected"]');
  return { page, nickname, errors };
}

async function theySeeEachOther(...people) {
  for (const { page } of people) {
    for (const { nickname } of people) await page.locator("#people .person", { hasText: nickname }).waitFor();
  }
}

async function aTextArrives(from, to, text) {
  await from.page.fill("#text", text);
  await from.page.click("#send");
  for (const { page } of [from, to]) {
    await page.locator(`.message[data-author="${from.nickname}"]`, { hasText: text }).waitFor();
  }
}

async function typingShows(from, to) {
  await from.page.locator("#text").pressSequentially("Well", { delay: 50 });
  await to.page.locator("#typing", { hasText: from.nickname }).waitFor();
  await from.page.fill("#text", "");
  await to.page.locator("#typing", { hasNotText: from.nickname }).waitFor({ state: "attached" });
}

async function aPictureArrives(from, to) {
  await from.page.setInputFiles("#picture", PICTURE);
  const image = to.page.locator(".message img").last();
  await image.waitFor({ state: "attached" });
  await to.page.waitForFunction(() => [...document.querySelectorAll(".message img")].at(-1)?.naturalWidth === 1);
}

async function theTransportIsWebSocket(...people) {
  for (const { page } of people) await page.locator("#transport", { hasText: /^websocket$/i }).waitFor();
}

async function aRestartIsSurvived(ada, bob) {
  console.log("stop");
  for (const { page } of [ada, bob]) await page.waitForSelector('#status:not([data-state="connected"])');
  console.log("start");
  for (const { page } of [ada, bob]) await page.waitForSelector('#status[data-state="connected"]');
  await theySeeEachOther(ada, bob);
  await aTextArrives(bob, ada, "Back again");
  await theTransportIsWebSocket(ada, bob);
}

async function aPhoneShowsItAll(ada, bob) {
  await aTextArrives(ada, bob, "A long line without any place to break: " + "x".repeat(120));
  await bob.page.bringToFront();
  await bob.page.screenshot({ animations: "disabled", path: join(pictures, "chat-desktop.png") });
  await bob.page.setViewportSize(PHONE);
  await bob.page.locator("#text").waitFor();
  const overflow = await bob.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} px wider than a phone`);
  for (const id of ["#text", "#send", "#messages"]) {
    const box = await bob.page.locator(id).boundingBox();
    assert.ok(box && box.x >= 0 && box.x + box.width <= PHONE.width, `${id} is cut off: ${JSON.stringify(box)}`);
  }
  await bob.page.screenshot({ animations: "disabled", path: join(pictures, "chat-phone.png") });
}
