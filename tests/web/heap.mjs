// SPDX-License-Identifier: LGPL-2.1-or-later
// The page stays open and its memory stays what it was. CAMWARDEN_LONG=SECONDS: for so long.

import assert from "node:assert/strict";

import { Fake, open, quiet, run, test, until, waitForKind, waitForMotion } from "./weblib.mjs";

const SECONDS = Math.max(60, Number(process.env.CAMWARDEN_LONG ?? 60));
const SAMPLES = 6;
const ALLOWED_MIB = 1.5;

test("flat-heap", async () => {
  const fake = await Fake.start(["front", "gate"]);
  const page = await open(fake.url);
  await waitForKind(page, "live", 1);
  await page.locator('[data-gauge="cpu"]').click();
  const session = await page.context().newCDPSession(page);
  const heap = async () => {
    for (let i = 0; i < 3; i++)
      await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    const { nodes, jsEventListeners } = await session.send("Memory.getDOMCounters");
    return { mib: usedSize / 2 ** 20, nodes, jsEventListeners };
  };
  // What is kept for a while, such as spark lines and log lines, has to be full first.
  await page.waitForTimeout(SECONDS * 1000 * 0.25);
  const samples = [await heap()];
  const begin = performance.now();
  await until("the time is over", async () => {
    await page.waitForTimeout(SECONDS * 1000 * 0.75 / SAMPLES);
    samples.push(await heap());
    return performance.now() - begin > SECONDS * 750;
  }, SECONDS * 2);
  console.log(`# ${SECONDS} s: ${samples.map(({ mib, nodes, jsEventListeners }) => `${mib.toFixed(2)} MiB ${nodes} nodes ${jsEventListeners} listeners`).join(", ")}`);
  const last = Math.min(samples.at(-1).mib, samples.at(-2).mib);
  assert.ok(last - samples[0].mib < ALLOWED_MIB, "the heap grows");
  assert.ok(samples.at(-1).nodes - samples[0].nodes < 400, "the document grows");
  assert.ok(samples.at(-1).jsEventListeners - samples[0].jsEventListeners < 20, "listeners are left behind");
  await waitForMotion(page);
  quiet(page);
});

await run();
