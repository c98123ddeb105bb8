// SPDX-License-Identifier: MIT
// Drives a headless Chromium over its debugging pipe, with nothing but node:
//   node browser.mjs URL STEP...
//     eval:EXPR    prints its value as JSON, a line each; a promise is waited for
//     click:EXPR   clicks in the middle of the element that EXPR is
//     hover:EXPR   moves there
//     key:NAME     presses a key: Escape, ArrowUp, n
//     type:TEXT    types into what has the focus
//     until:EXPR   waits until it is true, 20 s at most
//     size:W,H  dark:  png:FILE
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";

const [url, ...steps] = process.argv.slice(2);
const profile = mkdtempSync(tmpdir() + "/hotpath-browser-");
const browser = spawn(process.env.CHROMIUM || "chromium",
  ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--user-data-dir=" + profile, "--remote-debugging-pipe", "about:blank"],
  { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
let id = 0, buffer = "";
const waiting = new Map(), listeners = new Map();

function end(status, words) {
  if (words) console.error(words);
  // Its own children end a little later, and may still write.
  const remove = (tries) => {
    try {
      rmSync(profile, { recursive: true, force: true });
    } catch (e) {
      if (tries > 0) return setTimeout(remove, 100, tries - 1);
    }
    process.exit(status);
  };
  browser.once("exit", () => remove(30));
  browser.kill("SIGKILL");
}

browser.on("error", (e) => { console.error("cannot start chromium: " + e.message); process.exit(3); });
setTimeout(() => end(3, "chromium did not answer"), 110000).unref();
browser.stdio[4].on("data", (data) => {
  buffer += data;
  for (let at; (at = buffer.indexOf("\0")) >= 0; buffer = buffer.slice(at + 1)) {
    const message = JSON.parse(buffer.slice(0, at));
    if (message.id) waiting.get(message.id)(message);
    else if (listeners.has(message.method)) listeners.get(message.method)(message.params);
  }
});

let session;
function send(method, params = {}) {
  const message = { id: ++id, method, params };
  if (session) message.sessionId = session;
  browser.stdio[3].write(JSON.stringify(message) + "\0");
  return new Promise((resolve, reject) => waiting.set(message.id, (answer) =>
    answer.error ? reject(new Error(method + ": " + answer.error.message)) : resolve(answer.result)));
}

async function value(expression) {
  const answer = await send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
  if (answer.exceptionDetails)
    throw new Error(expression + ": " + (answer.exceptionDetails.exception?.description || answer.exceptionDetails.text));
  return answer.result.value;
}

async function middle(expression) {
  return value(`(() => { const b = (${expression}).getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()`);
}

async function mouse(expression, types) {
  const [x, y] = await middle(expression);
  for (const type of types)
    await send("Input.dispatchMouseEvent", { type, x, y, button: type === "mouseMoved" ? "none" : "left", clickCount: 1 });
}

const verbs = {
  eval: async (what) => console.log(JSON.stringify(await value(what))),
  click: (what) => mouse(what, ["mouseMoved", "mousePressed", "mouseReleased"]),
  hover: (what) => mouse(what, ["mouseMoved"]),
  key: async (what) => {
    const text = what.length === 1 ? { text: what } : what === "Enter" ? { text: "\r" } : {};
    await send("Input.dispatchKeyEvent", { type: text.text ? "keyDown" : "rawKeyDown", key: what, ...text });
    await send("Input.dispatchKeyEvent", { type: "keyUp", key: what });
  },
  type: (what) => send("Input.insertText", { text: what }),
  until: async (what) => {
    for (let i = 0; i < 200; i++) {
      if (await value(what)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("never came true: " + what);
  },
  size: (what) => {
    const [width, height] = what.split(",").map(Number);
    return send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
  },
  dark: () => send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: "dark" }] }),
  png: async (what) => writeFileSync(what, Buffer.from((await send("Page.captureScreenshot")).data, "base64")),
};

try {
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  session = (await send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
  await send("Page.enable");
  await send("Runtime.enable");
  listeners.set("Runtime.exceptionThrown", (e) => {
    console.error("the page failed: " + (e.exceptionDetails.exception?.description || e.exceptionDetails.text));
    process.exitCode = 4;
  });
  await verbs.size("1300,800");
  const loaded = new Promise((resolve) => listeners.set("Page.loadEventFired", resolve));
  await send("Page.navigate", { url });
  await loaded;
  for (const step of steps) {
    const at = step.indexOf(":");
    await verbs[step.slice(0, at)](step.slice(at + 1));
  }
  end(process.exitCode || 0);
} catch (e) {
  end(3, e.message);
}
