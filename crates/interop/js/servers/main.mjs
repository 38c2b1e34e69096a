// A Socket.IO server of one release, for tests of our client: `node servers/main.mjs <release> <options>`.
//
// It says its port on the first line. Then every line that comes in is a command, `[number, name, ...arguments]` in
// JSON, and is answered by a line `[number, result]` or `[number, null, what went wrong]`. The end of the standard
// input ends it, so that it does not outlive who started it.
import { createInterface } from "node:readline";
import { commands } from "./commands.mjs";
import { Running } from "./running.mjs";

const [release, options = "{}"] = process.argv.slice(2);
const running = new Running(release, JSON.parse(options));
await running.start();
console.log(running.port);

const lines = createInterface({ input: process.stdin });
lines.on("line", async (line) => {
  const [number, name, ...args] = JSON.parse(line);
  try {
    const result = await commands[name](running, ...args);
    console.log(JSON.stringify([number, result ?? null]));
  } catch (error) {
    console.log(JSON.stringify([number, null, String(error.stack)]));
  }
});
lines.on("close", () => process.exit(0));
