// SPDX-License-Identifier: LGPL-2.1-or-later
// The one WebSocket, and requests: docs/websocket.md, docs/rest.md.

const TOKEN_KEY = "camwarden-token";
const SILENCE_MS = 5000; /* the state comes every second */
const PAUSES_MS = [300, 1000, 2000, 3000, 5000];
const CLOSED_FOR_TOKEN = 4401;
const UNKNOWN_AGE = 0xffffffff;

export const token = {
  get: () => sessionStorage.getItem(TOKEN_KEY),
  set: (text) => sessionStorage.setItem(TOKEN_KEY, text),
  clear: () => sessionStorage.removeItem(TOKEN_KEY),
};

// Without the browser's own memory of passwords: it would ask by itself.
export async function request(path, { method = "GET", body, bearer = token.get(), seconds = 10 } = {}) {
  const headers = {};
  if (bearer)
    headers.Authorization = `Bearer ${bearer}`;
  if (body !== undefined)
    headers["Content-Type"] = "application/json";
  const response = await fetch(path, {
    method, headers, credentials: "omit", signal: AbortSignal.timeout(seconds * 1000),
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const type = response.headers.get("Content-Type") ?? "";
  const data = type.includes("json") ? await response.json() : await response.blob();
  return { ok: response.ok, status: response.status, data };
}

function parsePicture(buffer) {
  const view = new DataView(buffer);
  const length = view.getUint8(1);
  const age = view.getUint32(6 + length);
  return {
    camera: new TextDecoder().decode(new Uint8Array(buffer, 2, length)),
    number: view.getUint32(2 + length),
    age: age === UNKNOWN_AGE ? null : age / 1000,
    received: performance.now(),
    jpeg: new Blob([new Uint8Array(buffer, 10 + length)], { type: "image/jpeg" }),
  };
}

// listener: linkChanged(link), hello, state, event, alert, picture
export class Link {
  constructor(listener) {
    this.listener = listener;
    this.status = "connecting"; /* connecting, open, lost, token */
    this.role = null;
    this.wrongToken = false;
    this.heard = 0;
    this.tries = 0;
    this.views = "[]";
    this.socket = null;
    this.timer = 0;
    setInterval(() => this.watch(), 1000);
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => this.hurry());
  }

  setStatus(status) {
    this.status = status;
    this.listener.linkChanged(this);
  }

  connect() {
    clearTimeout(this.timer);
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/ws`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heard = performance.now();
    socket.addEventListener("open", () => {
      if (token.get())
        this.send({ auth: token.get() });
    });
    socket.addEventListener("message", (message) => this.receive(socket, message.data));
    socket.addEventListener("close", (event) => {
      if (socket === this.socket)
        this.closed(event.code);
    });
  }

  closed(code) {
    this.socket = null;
    if (code === CLOSED_FOR_TOKEN) {
      this.wrongToken = token.get() !== null;
      token.clear();
      this.setStatus("token");
      return;
    }
    if (this.status === "token")
      return;
    this.setStatus(this.status === "connecting" ? "connecting" : "lost");
    const pause = PAUSES_MS[Math.min(this.tries++, PAUSES_MS.length - 1)];
    this.timer = setTimeout(() => this.connect(), pause * (0.8 + 0.4 * Math.random()));
  }

  // A connection that says nothing any more is none, whatever the browser thinks of it.
  watch() {
    if (!this.socket || performance.now() - this.heard < SILENCE_MS)
      return;
    const socket = this.socket;
    this.closed(0);
    socket.close();
  }

  hurry() {
    if (!this.socket && this.status !== "token" && !document.hidden)
      this.connect();
  }

  useToken(text) {
    token.set(text);
    this.wrongToken = false;
    this.setStatus("connecting");
    const old = this.socket;
    this.socket = null;
    old?.close();
    this.connect();
  }

  receive(socket, data) {
    if (socket !== this.socket)
      return;
    this.heard = performance.now();
    if (data instanceof ArrayBuffer) {
      this.listener.picture(parsePicture(data));
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "hello")
      this.hello(message);
    else if (message.type === "state")
      this.listener.state(message);
    else if (message.type === "event")
      this.listener.event(message.event);
    else if (message.type === "alert")
      this.listener.alert(message.alert);
  }

  hello(message) {
    this.role = message.role;
    this.tries = 0;
    if (!message.needs_token) {
      this.setStatus("open");
      this.send({ view: JSON.parse(this.views) });
    } else if (!token.get()) {
      this.setStatus("token");
    }
    this.listener.hello(message);
  }

  send(message) {
    if (this.socket?.readyState === WebSocket.OPEN)
      this.socket.send(JSON.stringify(message));
  }

  view(cameras) {
    const views = JSON.stringify(cameras);
    if (views === this.views)
      return;
    this.views = views;
    this.send({ view: cameras });
  }

  acknowledge(number) {
    this.send({ ack: number });
  }
}
