// SPDX-License-Identifier: LGPL-2.1-or-later
// One camera's card: its picture and its figures. Everything from the server becomes text, never
// markup.

const SNAPSHOT_EVERY_MS = 1000;
const RETRY_AFTER_MS = 2000;
const OLD_AFTER_S = 3;

// With numbers left out: a screen reader speaks a sentence again whenever it changes.
const STATES = {
  starting: "Starting, no frame yet",
  stalled: "No frames: the camera has stalled",
  "no-camera": "No camera is connected",
  respawning: "Its worker died, a new one starts",
  stopped: "Switched off",
  failed: "Cannot run: its configuration needs a change",
};
const VERDICTS = {
  unknown: "Streaming, picture not judged yet",
  ok: "Streaming, the picture is good",
  frozen: "Frozen: the same picture again and again",
  dark: "Streaming, the picture is dark",
  bright: "Streaming, the picture is overexposed",
  blur: "Streaming, the picture is blurred",
  stall: "No frames: the camera has stalled",
};
const WORDS = {
  unknown: "Not judged yet", ok: "Good", frozen: "Frozen", dark: "Dark", bright: "Overexposed",
  blur: "Blurred", stall: "Stalled",
};

export function formatCount(number) {
  return new Intl.NumberFormat().format(number);
}

export function formatDuration(seconds) {
  const units = [["day", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first < 0)
    return "0 s";
  const [unit, size] = units[first];
  const whole = Math.floor(seconds / size);
  const parts = [`${whole} ${unit}${unit === "day" && whole > 1 ? "s" : ""}`];
  if (first + 1 < units.length) {
    const [small, smallSize] = units[first + 1];
    const rest = Math.floor((seconds - whole * size) / smallSize);
    if (rest > 0)
      parts.push(`${rest} ${small}`);
  }
  return parts.join(" ");
}

function formatAge(seconds) {
  if (seconds < 1)
    return `${Math.round(seconds * 1000)} ms ago`;
  return seconds < 60 ? `${seconds.toFixed(1)} s ago` : `${formatDuration(seconds)} ago`;
}

// Writing the same text again would make a screen reader speak it again.
export function setText(element, text) {
  if (element.textContent !== text)
    element.textContent = text;
}

export function setState(element, level, textElement, text) {
  if (element.dataset.level !== level)
    element.dataset.level = level;
  setText(textElement, text);
}

function sentenceOf(camera) {
  if (camera.state !== "streaming")
    return STATES[camera.state] ?? camera.state;
  if (camera.test_picture)
    return "Test picture: no camera was found";
  return VERDICTS[camera.verdict] ?? camera.verdict;
}

export class CameraCard {
  constructor(id, template, onWatch) {
    this.id = id;
    this.element = template.content.cloneNode(true).firstElementChild;
    this.image = this.find("img");
    this.image.alt = `Picture of camera ${id}`;
    this.camera = null;
    this.mode = "none";
    this.timer = 0;
    setText(this.find("h2"), id);
    this.image.addEventListener("error", () => this.loadFailed());
    this.image.addEventListener("load", () => this.loaded());
    this.find(".watch").addEventListener("click", () => onWatch(id));
    this.find(".copy").addEventListener("click", () => this.copyCommand());
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  figure(name, text) {
    setText(this.find(`[data-figure="${name}"]`), text);
  }

  update(camera, redisUri) {
    const cameBack = this.camera && this.camera.state !== "streaming" && camera.state === "streaming";
    this.camera = camera;
    this.received = performance.now();
    setState(this.find(".state"), camera.status, this.find(".sentence"), sentenceOf(camera));
    this.showError(camera);
    this.showFigures(camera);
    const command = `gst-play-1.0 ${redisUri}/${camera.channel ?? `cam:${camera.id}:frame`}`;
    setText(this.find("code"), command);
    this.tick();
    if (cameBack)
      this.restart();
  }

  showError(camera) {
    const error = this.find(".error");
    error.hidden = !camera.last_error || camera.status === "healthy";
    setText(error, camera.last_error ?? "");
  }

  showFigures(camera) {
    const target = camera.target_fps ? ` of ${Math.round(camera.target_fps)}` : "";
    this.figure("fps", camera.fps === null ? "–" : `${camera.fps.toFixed(1)}${target} fps`);
    this.figure("size", camera.width ? `${camera.width} × ${camera.height}` : "–");
    this.figure("verdict", WORDS[camera.verdict] ?? camera.verdict);
    this.figure("published", camera.wanted ? formatCount(camera.published)
                                           : `${formatCount(camera.published)} (idle)`);
    this.figure("dropped", formatCount(camera.dropped));
    this.figure("restarts", formatCount(camera.restarts));
    this.figure("source", camera.source ?? "–");
  }

  // Seconds since the last frame. While frames come, the figure of the last poll stands: new frames
  // came since. Once they have stopped, it goes on between two polls.
  age() {
    if (!this.camera || this.camera.last_frame_age === null)
      return null;
    const since = (performance.now() - this.received) / 1000;
    const flowing = this.camera.state === "streaming" && this.camera.last_frame_age < 1 && since < 2;
    return this.camera.last_frame_age + (flowing ? 0 : since);
  }

  tick() {
    const age = this.age();
    const old = age !== null && age > OLD_AFTER_S;
    this.figure("age", age === null ? "–" : formatAge(age));
    this.image.classList.toggle("old", old);
    const veil = this.find(".veil");
    veil.hidden = !old && !this.broken;
    setText(veil, old ? `Last frame ${formatAge(age)}` : this.broken ? "No picture" : "");
    setText(this.find(".live"), old || this.broken ? "" : this.mode === "live" ? "Live" : "Every second");
  }

  // "live": one MJPEG connection; "still": a picture a second; "paused": nothing is loaded.
  show(mode, several) {
    const button = this.find(".watch");
    button.hidden = !several;
    button.setAttribute("aria-pressed", String(mode === "live"));
    setText(button, mode === "live" ? "Live" : "Watch live");
    if (mode === this.mode)
      return;
    this.mode = mode;
    this.restart();
  }

  restart() {
    clearTimeout(this.timer);
    const base = `/api/cameras/${encodeURIComponent(this.id)}`;
    if (this.mode === "live")
      this.image.src = `${base}/stream.mjpg?t=${Date.now()}`;
    else if (this.mode !== "none")
      this.image.src = `${base}/snapshot.jpg?t=${Date.now()}`; /* ends a stream, too */
    this.tick();
  }

  loaded() {
    this.broken = false;
    if (this.mode === "still") {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.restart(), SNAPSHOT_EVERY_MS);
    }
  }

  loadFailed() {
    this.broken = true;
    clearTimeout(this.timer);
    if (this.mode === "live" || this.mode === "still")
      this.timer = setTimeout(() => this.restart(), RETRY_AFTER_MS);
    this.tick();
  }

  remove() {
    this.show("paused", false);
    this.element.remove();
  }

  async copyCommand() {
    const button = this.find(".copy");
    const code = this.find("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      setText(button, "Copied");
    } catch {
      // Without https there is no clipboard: mark it, so that one key copies it.
      getSelection().selectAllChildren(code);
      setText(button, "Marked");
    }
    setTimeout(() => setText(button, "Copy"), 2000);
  }
}
