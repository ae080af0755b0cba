// SPDX-License-Identifier: LGPL-2.1-or-later
// The page: asks for the figures once a second, keeps one card for each camera.
//
// A browser opens six connections to a host, for all of its windows. So one camera is live, the
// others show a picture a second, and a page that nobody sees loads nothing.

import { CameraCard, formatDuration, setState, setText } from "/assets/camera.js";

const POLL_MS = 1000;
const POLL_TIMEOUT_MS = 4000;
const TICK_MS = 100;
const SUMMARY = { healthy: "All is well", warning: "Needs a look", critical: "Needs help", off: "Off" };

const byId = (id) => document.getElementById(id);
const cards = new Map();
let live = null;
let lost = false;

async function getJson(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(POLL_TIMEOUT_MS) });
  if (!response.ok)
    throw new Error(`${path}: ${response.status}`);
  return response.json();
}

function showRedis(redis) {
  const where = redis.embedded ? "the built-in server" : "the configured server";
  const text = redis.connected ? `Connected to ${where}`
                               : `Not connected to ${where}${redis.error ? `: ${redis.error}` : ""}`;
  byId("redis").hidden = false;
  setState(byId("redis-state"), redis.status, byId("redis-text"), text);
  setText(byId("redis-uri"), redis.uri);
  setText(byId("redis-server"), redis.server ?? "–");
  setText(byId("redis-rtt"),
          redis.response_time_ms === null ? "–" : `${redis.response_time_ms.toFixed(2)} ms`);
}

function showOverall(level, status) {
  const word = SUMMARY[level] ?? level;
  setState(byId("overall"), level, byId("overall-text"), word);
  const title = `${word} – ${status.hostname} – Camwarden`;
  if (document.title !== title)
    document.title = title;
}

function showStatus(status) {
  setText(byId("host"), status.hostname);
  setText(byId("version"), `Camwarden ${status.version}`);
  setText(byId("uptime"), `up ${formatDuration(status.uptime)}`);
  showOverall(status.health, status);
  showRedis(status.redis);
}

function showCameras(cameras, redisUri) {
  const main = byId("cameras");
  const ids = new Set(cameras.map((camera) => camera.id));
  for (const [id, card] of cards)
    if (!ids.has(id)) {
      card.remove();
      cards.delete(id);
    }
  for (const camera of cameras) {
    if (!cards.has(camera.id)) {
      const card = new CameraCard(camera.id, byId("camera-card"), watch);
      cards.set(camera.id, card);
      main.append(card.element);
    }
    cards.get(camera.id).update(camera, redisUri);
  }
  main.classList.toggle("single", cameras.length === 1);
  choosePictures();
}

function choosePictures() {
  if (!cards.has(live))
    live = cards.keys().next().value ?? null;
  const several = cards.size > 1;
  for (const [id, card] of cards) {
    const off = document.hidden || card.camera.state === "stopped";
    card.show(off ? "paused" : id === live ? "live" : "still", several);
  }
}

function watch(id) {
  live = id;
  choosePictures();
}

function showLost() {
  lost = true;
  setState(byId("overall"), "critical", byId("overall-text"), "The daemon does not answer");
  document.title = "No answer – Camwarden";
}

async function poll() {
  if (document.hidden)
    return;
  try {
    const [status, { cameras }] = await Promise.all([getJson("/api/status"), getJson("/api/cameras")]);
    showStatus(status);
    showCameras(cameras, status.redis.uri);
    if (lost) {
      // The streams of before are dead, and a browser does not tell.
      lost = false;
      for (const card of cards.values())
        card.restart();
    }
  } catch {
    showLost();
  }
}

async function pollForever() {
  for (;;) {
    await poll();
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

document.addEventListener("visibilitychange", () => {
  if (cards.size > 0)
    choosePictures();
  poll();
});
setInterval(() => {
  if (!document.hidden)
    for (const card of cards.values())
      card.tick();
}, TICK_MS);
pollForever();
