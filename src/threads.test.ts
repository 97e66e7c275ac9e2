/** Threads of naevus's own: they start from the sources too, and without them the same work is done here, with one warning. */
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PixelFileReader } from "./image/store/pixel-file.ts";
import { xxHash32 } from "./image/store/xxhash.ts";
import { lookBytes } from "./near-duplicates/look.ts";
import { Random } from "./random.ts";
import { temporaryFolder } from "./testing/temporary-folder.ts";
import { plainPreparation } from "./training/batches.ts";

/** What threads run in place of naevus's program. */
let program: { readonly code: string } | { readonly file: string } | { readonly error: Error } | undefined;
let started: Worker[] = [];

vi.mock("node:worker_threads", async (load) => {
  const real = await load<typeof import("node:worker_threads")>();
  class Substitute extends real.Worker {
    constructor(file: URL) {
      if (program === undefined) super(file);
      else if ("error" in program) throw program.error;
      else if ("file" in program) super(program.file);
      else super(program.code, { eval: true });
      started.push(this);
    }
  }
  return { ...real, default: real, Worker: Substitute };
});

const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);

beforeEach(() => {
  vi.resetModules();
  [program, started] = [undefined, []];
});
afterEach(async () => {
  warn.mockClear();
  await Promise.all(started.map((worker) => worker.terminate()));
});

describe("startThreads", () => {
  it("starts the program of this version", async () => {
    const { startThreads } = await import("./threads.ts");
    const workers = await startThreads("look pairs", [
      { looks: new Uint8Array(0), part: 0, parts: 1, seed: 0 },
      { looks: new Uint8Array(0), part: 0, parts: 1, seed: 0 },
    ]);
    expect(workers).toHaveLength(2);
    const report = await new Promise((resolve) => workers![1]!.once("message", resolve));
    expect(report).toEqual({ compared: 0, pairs: [] });
    expect(warn).not.toHaveBeenCalled();
  });

  it.each([
    ["the file is not there", { file: "/nowhere/naevus-worker.js" }, "Cannot find module '/nowhere/naevus-worker.js'"],
    ["threads are forbidden", { error: new Error("Access to this API has been restricted") }, "has been restricted"],
    [
      "the file is another's",
      { code: 'require("worker_threads").parentPort.postMessage("hello")' },
      "not that of this",
    ],
    ["the file does nothing", { code: "" }, "ended at once, with exit code 0"],
    ["the file fails", { code: 'throw new Error("no such thing\\nat all")' }, "(no such thing)"],
  ])("gives none where %s, ends what it started, and warns once", async (_, substitute, reason) => {
    program = substitute;
    const { startThreads } = await import("./threads.ts");
    expect(await startThreads("batches", [{}, {}])).toBeUndefined();
    expect(await startThreads("look pairs", [{}])).toBeUndefined();
    expect(started.filter(({ threadId }) => threadId !== -1)).toEqual([]);
    expect(warn).toHaveBeenCalledOnce();
    const [warning] = warn.mock.lastCall!;
    expect(warning).toContain(reason);
    expect(warning).toMatch(/^naevus cannot start background threads \(.*put naevus-worker\.js beside it$/);
  });
});

it("starts threads for a program on Node's command line", () => {
  const program = `import { startThreads } from "${new URL("../dist/threads.js", import.meta.url)}";
    const threads = await startThreads("look pairs", [{ looks: new Uint8Array(0), part: 0, parts: 1, seed: 0 }]);
    console.log(threads?.length);
    for (const thread of threads ?? []) await thread.terminate();`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    encoding: "utf8",
  });
  expect({ stdout, stderr }).toEqual({ stdout: "1\n", stderr: "" });
});

it("gives no thread where the file says nothing, and does not wait for ever", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  program = { code: 'require("worker_threads").parentPort.on("message", () => {})' };
  const { startThreads } = await import("./threads.ts");
  const threads = startThreads("batches", [{}]);
  await vi.advanceTimersToNextTimerAsync();
  vi.useRealTimers();
  expect(await threads).toBeUndefined();
  expect(warn.mock.lastCall![0]).toContain("(naevus-worker.js does not answer)");
});

describe("without threads", () => {
  const folder = temporaryFolder();

  it("batches are the same", async () => {
    const [size, count] = [8, 10];
    const bytes = size * size * 3;
    const random = Random.of(2);
    const pixels = Uint8Array.from({ length: count * bytes }, () => random.integer(256));
    const slots = Array.from({ length: count }, (_, slot) => ({
      slot,
      checksum: xxHash32(pixels.subarray(slot * bytes, (slot + 1) * bytes)),
    }));
    const file = join(folder, "pixels.rgb");
    await writeFile(file, pixels);
    const reader = new PixelFileReader(file, bytes, count, slots);
    const { backgroundLoader } = await import("./training/background-loader.ts");
    const batches = async (): Promise<string[]> => {
      const jobs = Array.from({ length: 5 }, (_, step) => {
        const indices = Uint32Array.of(step, step + 1, step + 5);
        return { epoch: 0, step, indices, labels: Uint32Array.of(0, 1, 0) };
      });
      const loader = backgroundLoader({
        recipe: { height: size, width: size, classes: 2, seed: 1, ...plainPreparation },
        batch: 3,
        jobs: jobs.values(),
        images: { ...reader.pixels, slots: Uint32Array.from({ length: count }, (_, i) => i) },
        workers: 2,
      });
      const taken: string[] = [];
      for (const _ of jobs) {
        const { input, targets } = await loader.next();
        taken.push(`${Buffer.from(input).toString("hex")} ${targets.join()}`);
      }
      await expect(loader.next()).rejects.toThrow("there is no further batch");
      await loader.close();
      return taken;
    };
    const made = await batches();
    expect(started).toHaveLength(2);
    expect(warn).not.toHaveBeenCalled();
    program = { error: new Error("none") };
    expect(await batches()).toEqual(made);
    expect(warn).toHaveBeenCalledOnce();
    reader.close();
  });

  it("pairs of looks are the same, and the search stops where it is told to", async () => {
    const { findLookPairs } = await import("./near-duplicates/look-pairs.ts");
    const { writeLook, lookedAtSize } = await import("./near-duplicates/look.ts");
    const random = Random.of(4);
    const pictures = Array.from({ length: 12 }, () =>
      Uint8Array.from({ length: lookedAtSize ** 2 * 3 }, () => random.integer(256)),
    );
    const looks = new Uint8Array(2 * pictures.length * lookBytes);
    [...pictures, ...pictures].forEach((picture, i) => {
      writeLook(picture, looks.subarray(i * lookBytes, (i + 1) * lookBytes));
    });
    const search = async (signal?: AbortSignal) => {
      let compared = 0;
      const found = await findLookPairs(looks, {
        threads: 2,
        seed: 0,
        signal,
        onCompared: (more) => {
          compared += more;
        },
      });
      expect(compared).toBe(2 * pictures.length);
      return found.map(({ a, b }) => `${a} ${b}`).sort();
    };
    const found = await search();
    expect(found.length).toBeGreaterThanOrEqual(pictures.length);
    expect(started).toHaveLength(2);
    expect(warn).not.toHaveBeenCalled();
    program = { error: new Error("none") };
    expect(await search()).toEqual(found);
    expect(warn).toHaveBeenCalledOnce();
    const controller = new AbortController();
    const stopped = search(controller.signal);
    controller.abort(new Error("enough"));
    await expect(stopped).rejects.toThrow("enough");
  });
});
