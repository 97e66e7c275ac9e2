/** Signals as a process gets them: each of them asks for an orderly end, a doubled one too, and a later one ends the process at once. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { compileModule } from "../../testing/compiled.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";

const folder = temporaryFolder();
const program = join(folder, "program.mjs");

beforeAll(() => {
  compileModule("cli/terminal/interruption.ts", folder);
  writeFileSync(
    program,
    `import { setTimeout as pause } from "node:timers/promises";
     import { withInterruption } from "./out/cli/terminal/interruption.js";
     const [milliseconds, doubled] = process.argv.slice(2);
     const asked = () => {
       console.log("asked");
       if (doubled) process.kill(process.pid, doubled);
     };
     await withInterruption(asked, async (signal) => {
       console.log("working");
       while (!signal.aborted) await pause(10);
       // Saving takes its time.
       await pause(Number(milliseconds));
       console.log("saved");
     });`,
  );
});

/** Sends signals when the program works; gives what it printed and its exit status. */
async function interrupted(argv: readonly string[], send: (kill: (name: NodeJS.Signals) => boolean) => Promise<void>) {
  const child = spawn(process.execPath, [program, ...argv], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    if (line === "working") void send((name) => child.kill(name));
  });
  const status = await new Promise((done) => child.on("close", done));
  return { status, lines };
}

describe.skipIf(process.platform === "win32").each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s", (name) => {
  it("stops the work in order, though it may come twice", async () => {
    expect(await interrupted(["200", name], async (kill) => void kill(name))).toEqual({
      status: 0,
      lines: ["working", "asked", "saved"],
    });
  });

  it("ends the process at once when it is given again", async () => {
    // Again and again, since what comes soon after the first is the same request; once the process has ended, none reaches it.
    const send = async (kill: (name: NodeJS.Signals) => boolean) => {
      while (kill(name)) await pause(100);
    };
    expect(await interrupted(["60000"], send)).toEqual({ status: 130, lines: ["working", "asked"] });
  });
});
