// SPDX-License-Identifier: LGPL-2.1-or-later
// What the tests of the page share: TAP, a Chromium, a fake daemon and the real one.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync, readdirSync, readlinkSync, existsSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const BUILD = process.env.CAMWARDEN_BUILD_ROOT;
const MODULES = process.env.CAMWARDEN_NODE_MODULES;
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));
const HERE = fileURLToPath(new URL(".", import.meta.url));
const SHOTS = process.env.CAMWARDEN_SCREENSHOTS;

if (!CHROMIUM || !existsSync(join(MODULES, "playwright-core"))) {
  console.log("1..0 # SKIP no chromium, or no playwright-core: ./test.sh installs both");
  process.exit(0);
}
const load = createRequire(join(MODULES, "any.js"));
const { chromium } = load("playwright-core");
const AXE = readFileSync(load.resolve("axe-core/axe.min.js"), "utf8");

/* --- TAP --- */

const cases = [];
const cleanups = [];
const pages = [];

// What a failed test left on the screen.
async function describePages() {
  for (const page of pages) {
    const seen = await page.evaluate(() => `${document.body.dataset.link}: ${document.body.innerText.slice(0, 600)}`).catch(String);
    diagnose([...page.complaints, seen].join("\n"));
  }
}

export const test = (name, body) => cases.push([name, body]);

export async function run() {
  const wanted = process.argv.slice(2);
  const chosen = cases.filter(([name]) => wanted.length === 0 || wanted.includes(name));
  console.log(`1..${chosen.length}`);
  let failed = 0;
  for (const [number, [name, body]] of chosen.entries()) {
    try {
      await body();
      console.log(`ok ${number + 1} - ${name}`);
    } catch (error) {
      failed++;
      diagnose(error.stack);
      await describePages();
      console.log(`not ok ${number + 1} - ${name}`);
    }
    pages.length = 0;
    while (cleanups.length > 0)
      await cleanups.pop()();
  }
  await browser?.close();
  if (frames)
    rmSync(frames, { recursive: true });
  process.exit(failed ? 1 : 0);
}

export function diagnose(text) {
  console.log(String(text).replace(/^/gm, "# "));
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function until(what, holds, seconds = 20) {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const result = await holds();
    if (result)
      return result;
    if (performance.now() > end)
      throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(50);
  }
}

/* --- programs --- */

async function ended(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null)
    return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await gone;
}

let frames = null;

function framesFolder() {
  if (frames)
    return frames;
  frames = mkdtempSync(join(tmpdir(), "camwarden-frames-"));
  execFileSync("/usr/bin/python3", [join(HERE, "makeframes.py"), frames]);
  return frames;
}

// The server over a made-up daemon. tell(order) changes what it shows.
export class Fake {
  static async start(cameras = ["front"], { tokens } = {}) {
    const fake = new Fake();
    const options = [];
    if (tokens) {
      fake.folder = mkdtempSync(join(tmpdir(), "camwarden-web-"));
      const file = join(fake.folder, "tokens");
      writeFileSync(file, tokens, { mode: 0o600 });
      options.push("--tokens", file);
    }
    fake.child = spawn(join(BUILD, "tests", "web", "fakedashboard"), [...options, framesFolder(), ...cameras],
                       { stdio: ["pipe", "pipe", "inherit"] });
    fake.lines = createInterface({ input: fake.child.stdout })[Symbol.asyncIterator]();
    fake.url = (await fake.lines.next()).value;
    cleanups.push(() => fake.stop());
    return fake;
  }

  async ask(line) {
    this.child.stdin.write(`${line}\n`);
    return (await this.lines.next()).value;
  }

  async tell(order) {
    assert.equal(await this.ask(order), `done ${order}`);
  }

  async stop() {
    await ended(this.child, "SIGKILL");
    if (this.folder)
      rmSync(this.folder, { recursive: true, force: true });
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// The real daemon with its workers and its Redis, in a folder of its own.
export class Daemon {
  static async start(cameras, groups = {}) {
    const daemon = new Daemon();
    daemon.folder = mkdtempSync(join(tmpdir(), "camwarden-web-"));
    daemon.port = await freePort();
    daemon.url = `http://127.0.0.1:${daemon.port}/`;
    daemon.config = join(daemon.folder, "camwarden.conf");
    daemon.groups = { http: { listen: `127.0.0.1:${daemon.port}` }, redis: { "embedded-port": await freePort() }, log: { level: "debug" },
                      recovery: { degrade: "false" } /* pictures come, however busy the machine is */ };
    for (const [name, keys] of Object.entries(groups))
      daemon.groups[name] = { ...daemon.groups[name], ...keys };
    daemon.configure(cameras);
    for (const name of ["run", "state"])
      mkdirSync(join(daemon.folder, name));
    daemon.launch();
    cleanups.push(() => daemon.stop());
    await until("the daemon answers", () => fetch(`${daemon.url}healthz`).then((response) => response.ok, () => false), 30);
    return daemon;
  }

  configure(cameras) {
    const groups = { ...this.groups };
    for (const [id, keys] of Object.entries(cameras))
      groups[`camera:${id}`] = keys;
    const text = Object.entries(groups).map(([name, keys]) => [`[${name}]`, ...Object.entries(keys).map(([key, value]) => `${key}=${value}`)].join("\n"));
    writeFileSync(this.config, `${text.join("\n")}\n`);
  }

  launch() {
    const environment = { ...process.env, XDG_RUNTIME_DIR: join(this.folder, "run"), XDG_STATE_HOME: join(this.folder, "state") };
    for (const name of ["RUNTIME_DIRECTORY", "STATE_DIRECTORY", "LOGS_DIRECTORY", "NOTIFY_SOCKET", "CAMWARDEN_CONFIG", "CAMWARDEN_REDIS_URI"])
      delete environment[name];
    this.child = spawn(join(BUILD, "app", "daemon", "camwardend"), ["--config", this.config], { env: environment, stdio: ["ignore", "ignore", "pipe"] });
    this.log = "";
    this.child.stderr.on("data", (data) => {
      this.log = (this.log + data).slice(-20000);
    });
  }

  // Pids of this daemon's children, by a word of their command lines.
  children(word) {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        const cwd = readlinkSync(`/proc/${pid}/cwd`);
        return pid !== this.child.pid && command.includes(word) && (command.includes(this.folder) || cwd.startsWith(this.folder));
      } catch {
        return false;
      }
    });
  }

  async kill() {
    await ended(this.child, "SIGKILL");
  }

  async stop() {
    for (const pid of this.children(""))
      try {
        process.kill(pid, "SIGCONT");
      } catch {
        // It has gone.
      }
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = new Promise((resolve) => this.child.once("exit", resolve));
      this.child.kill("SIGTERM");
      await Promise.race([gone, sleep(15000)]);
    }
    await ended(this.child, "SIGKILL");
    for (const pid of this.children(""))
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has gone.
      }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/* --- the browser --- */

let browser = null;

async function theBrowser() {
  browser ??= await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--js-flags=--expose-gc"] });
  return browser;
}

// Opens a page; what its console and the security policy say is kept in page.complaints.
export async function open(url, { width = 1280, height = 900, dark = false, language = "en-GB", phone = false, ...more } = {}) {
  const context = await (await theBrowser()).newContext({
    viewport: { width, height }, colorScheme: dark ? "dark" : "light", locale: language, isMobile: phone, hasTouch: phone, ...more,
  });
  context.setDefaultTimeout(20000);
  cleanups.push(() => context.close());
  const page = await context.newPage();
  pages.push(page);
  page.complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()))
      page.complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => page.complaints.push(String(error.stack)));
  await page.goto(url);
  return page;
}

export const sentence = (page) => page.locator("#sentence");
export const tile = (page, index = 0) => page.locator(".tile").nth(index);

// A function of the page becomes true. (Playwright's own waiting evaluates text, which the page's
// security policy forbids.)
export const when = (page, holds, argument, seconds) => until(String(holds), () => page.evaluate(holds, argument).catch(() => false), seconds);

export async function waitForKind(page, kind, index = 0) {
  await when(page, ([wanted, i]) => document.querySelectorAll(".tile")[i]?.dataset.kind === wanted, [kind, index]);
}

export async function waitForSentence(page, text) {
  await when(page, (wanted) => document.getElementById("sentence").textContent.includes(wanted), text)
      .catch(async () => assert.match(await sentence(page).innerText(), new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))));
}

// The picture on the screen changes, and is no black field.
export async function waitForMotion(page, index = 0) {
  const stage = page.locator(".stage canvas").nth(index);
  const first = await stage.screenshot();
  assert.ok(first.length > 5000, "the picture is empty");
  await until("the picture changes", async () => !first.equals(await stage.screenshot()));
}

export async function keep(page, name, options = {}) {
  if (SHOTS)
    await page.screenshot({ path: join(SHOTS, `${name}.png`), ...options });
}

// axe-core, injected past the page's own security policy, which forbids inline scripts.
export async function checkAccessibility(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => (await globalThis.axe.run(document, { resultTypes: ["violations"] })).violations);
  const text = found.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map((node) => `  ${node.target}: ${node.failureSummary}`).join("\n")}`);
  assert.equal(found.length, 0, text.join("\n"));
}

export function quiet(page) {
  assert.deepEqual(page.complaints, []);
}
