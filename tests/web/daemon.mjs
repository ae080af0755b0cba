// SPDX-License-Identifier: LGPL-2.1-or-later
// The page over the real daemon, whose parts are hurt in earnest.

import assert from "node:assert/strict";

import { Daemon, keep, open, quiet, run, test, until, waitForKind, waitForMotion, waitForSentence, when } from "./weblib.mjs";

const SOURCE = "videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=15/1";
const CAMERA = { source: SOURCE, framerate: 15 };

const camera = (page) => page.evaluate(() => fetch("/api/cameras/front").then((response) => response.json()));

async function start(cameras = { front: CAMERA }, groups) {
  const daemon = await Daemon.start(cameras, groups);
  return [daemon, await open(daemon.url)];
}

// Requests that fail while the daemon is away are no fault of the page.
const ownComplaints = (page) => page.complaints.filter((text) => !/Failed to load resource|WebSocket connection/.test(text));

test("live", async () => {
  const [, page] = await start();
  await waitForKind(page, "live");
  await waitForMotion(page);
  await waitForSentence(page, "All is well");
  // The rate on the page is that of the frames which the camera's worker counts.
  const shown = async () => parseFloat(await page.locator('[data-figure="fps"]').first().innerText());
  await until("the rate is known", async () => await shown() > 0, 30);
  // The count is as old as the worker's last report: measured from change to change.
  const change = async (before) => {
    const frames = await until("frames are counted", async () => {
      const count = (await camera(page)).frames;
      return count > before && count;
    }, 30);
    return { frames, at: performance.now() };
  };
  const begin = await change((await camera(page)).frames);
  const end = await change(begin.frames + 45);
  const measured = (end.frames - begin.frames) / ((end.at - begin.at) / 1000);
  const told = await shown();
  console.log(`# measured ${measured.toFixed(1)}, shown ${told} fps`);
  assert.ok(Math.abs(told - measured) < 3, `${told} shown, ${measured} measured`);
  assert.match(await page.locator('[data-figure="latency"]').first().innerText(), /^\d+ ms$/);
  await keep(page, "daemon-live", { fullPage: true });
  quiet(page);
});

test("worker-killed", async () => {
  const [daemon, page] = await start();
  await waitForKind(page, "live");
  const [worker] = daemon.children("camwarden-camera");
  const seen = when(page, () => ["recovering", "starting", "stale"].includes(document.querySelector(".tile").dataset.kind));
  process.kill(worker, "SIGKILL");
  await seen;
  await until("another worker runs", () => daemon.children("camwarden-camera").some((pid) => pid !== worker), 30);
  await until("the page is live again", async () => await page.locator(".tile").getAttribute("data-kind") === "live", 40);
  await waitForSentence(page, "All is well");
  await waitForMotion(page);
  quiet(page);
});

test("camera-stalls", async () => {
  const [daemon, page] = await start();
  await waitForKind(page, "live");
  const [worker] = daemon.children("camwarden-camera");
  process.kill(worker, "SIGSTOP");
  await until("the page says that it is stale", async () => await page.locator(".tile").getAttribute("data-kind") !== "live");
  await when(page, () => !document.querySelector(".veil").hidden);
  await keep(page, "daemon-stalled");
  await until("the daemon cures it", async () => await page.locator(".tile").getAttribute("data-kind") === "live", 90);
  quiet(page);
});

test("redis-stopped", async () => {
  const [daemon, page] = await start();
  await waitForKind(page, "live");
  const [redis] = await until("Redis runs", () => {
    const pids = daemon.children("redis-server");
    return pids.length > 0 && pids;
  });
  process.kill(redis, "SIGSTOP");
  await when(page, () => document.getElementById("sentence").textContent.includes("Redis does not answer"), undefined, 60);
  assert.match(await page.locator(".help code").innerText(), /^sudo /);
  await keep(page, "daemon-redis");
  try {
    process.kill(redis, "SIGCONT");
  } catch {
    // The daemon has replaced it.
  }
  await when(page, () => document.getElementById("sentence").textContent.includes("All is well"), undefined, 60);
  await waitForMotion(page);
  quiet(page);
});

test("daemon-killed", async () => {
  const [daemon, page] = await start();
  await waitForKind(page, "live");
  await daemon.kill();
  await waitForSentence(page, "The connection to Camwarden is lost.");
  assert.match(await page.title(), /^The connection to Camwarden is lost/);
  assert.match(await page.locator("link[rel=icon]").getAttribute("href"), /icon-lost/);
  await when(page, () => /What you see is \d+ s old/.test(document.getElementById("doing").textContent));
  await keep(page, "daemon-lost");
  daemon.launch();
  await until("the page is live again", async () => await page.locator(".tile").getAttribute("data-kind") === "live"
      && (await page.locator("#sentence").innerText()).startsWith("All is well"), 60);
  await waitForMotion(page);
  assert.deepEqual(ownComplaints(page), []);
});

test("daemon-hangs", async () => {
  const [daemon, page] = await start();
  await waitForKind(page, "live");
  daemon.child.kill("SIGSTOP");
  try {
    await waitForSentence(page, "The connection to Camwarden is lost.");
  } finally {
    daemon.child.kill("SIGCONT");
  }
  await until("the page is live again", async () => await page.locator(".tile").getAttribute("data-kind") === "live", 60);
  assert.deepEqual(ownComplaints(page), []);
});

test("test-picture-until-a-camera-is-configured", async () => {
  const [daemon, page] = await start({});
  await waitForSentence(page, "No camera was found: camera shows a test picture");
  await waitForKind(page, "test");
  await waitForMotion(page);
  await keep(page, "daemon-test-picture");
  daemon.configure({ front: CAMERA });
  daemon.child.kill("SIGHUP");
  await waitForKind(page, "live");
  await waitForMotion(page);
  quiet(page);
});

test("disconnected-source", async () => {
  const [, page] = await start({ front: { source: "v4l2src device=/dev/video-nowhere" } });
  await when(page, () => ["offline", "recovering"].includes(document.querySelector(".tile")?.dataset.kind), undefined, 40);
  await when(page, () => document.querySelector(".tile .reason").textContent !== "");
  await keep(page, "daemon-offline");
  quiet(page);
});

await run();
