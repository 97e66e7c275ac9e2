/** The library without Node: it compiles without Node's types, and a network trained in Chromium has the losses that Node has. */
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { compileModule } from "./testing/compiled.ts";
import { temporaryFolder } from "./testing/temporary-folder.ts";

const root = join(import.meta.dirname, "..");

it("compiles without Node's types, which no file of it brings in", () => {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const project = ["--project", join(root, "tsconfig.browser.json"), "--listFilesOnly"];
  const { status, stdout } = spawnSync(process.execPath, [compiler, ...project], { encoding: "utf8" });
  expect(status).toBe(0);
  expect(stdout).toMatch(/src\/browser\.ts$/m);
  expect(stdout.split("\n").filter((file) => file.includes("@types/node"))).toEqual([]);
});

/** Twenty steps of a tiny network on drawn images, with all that a recipe may have; what this gives is compared. */
const program = `
import {
  batchNorm, buildGraph, conv2d, dense, dropout, fit, flatten, maxPool, normalize, onnxModel, parseSettings, Random, referenceEngine, relu, version,
} from "./browser.js";

const size = 12, classes = 3, count = 40;
const tiny = {
  name: "tiny",
  input: { channels: 3, height: size, width: size },
  layers: [normalize(), conv2d(4, 3), batchNorm(), relu(), maxPool(2), flatten(), dropout(0.2), dense(classes)],
};

/** Noise around one colour for each class. */
function imagesOf(seed) {
  const random = Random.of(seed);
  const labels = Array.from({ length: count }, (_, i) => i % classes);
  const pixels = new Uint8Array(count * size * size * 3).map((_, i) => {
    const label = labels[Math.floor(i / (size * size * 3))];
    return (i % 3 === label ? 140 : 60) + random.integer(100);
  });
  const bytes = size * size * 3;
  const read = (rows, out) => {
    for (let i = 0; i < rows.length; i++) out.set(pixels.subarray(rows[i] * bytes, (rows[i] + 1) * bytes), i * bytes);
  };
  return { labels, read };
}

export async function train() {
  const graph = buildGraph(tiny);
  const settings = parseSettings({
    epochs: 4, batch: 8, seed: 3, augmentation: "strong", mixup: 0.2, averaging: 0.9, labelSmoothing: 0.1, validation: 0.1, patience: 4,
  });
  const losses = [];
  const { parameters, progress, logits } = await fit({
    engine: referenceEngine(),
    graph,
    settings,
    images: imagesOf(1),
    validation: { ...imagesOf(2), use: "choose" },
    onStep: ({ loss }) => losses.push(loss),
  });
  const metadata = { classes: ["a", "b", "c"], network: tiny.name, dataFingerprint: "", version };
  return {
    losses,
    validationLosses: progress.history.map(({ validationLoss }) => validationLoss),
    logits: [...logits],
    modelBytes: onnxModel(graph, parameters, metadata).length,
  };
}
`;

interface Result {
  readonly losses: readonly number[];
  readonly validationLosses: readonly number[];
  readonly logits: readonly number[];
  readonly modelBytes: number;
}

const page = `<!doctype html>
<script type="importmap">{ "imports": { "zod": "/node_modules/zod/index.js" } }</script>
<script type="module">
  const answer = await import("./train.js").then(({ train }) => train()).catch((error) => ({ error: String(error?.stack ?? error) }));
  await fetch("/answer", { method: "POST", body: JSON.stringify(answer) });
</script>`;

/** Opens the page in headless Chromium, and gives what it posts. */
async function inChromium(folder: string, profile: string): Promise<Result> {
  let answered: (text: string) => void;
  const answer = new Promise<string>((resolve) => {
    answered = resolve;
  });
  const server = createServer(async (request, response) => {
    if (request.method === "POST") {
      let text = "";
      for await (const chunk of request) text += chunk;
      response.end();
      answered(text);
      return;
    }
    const path = normalize(new URL(request.url!, "http://localhost").pathname);
    if (path === "/") {
      response.setHeader("content-type", "text/html").end(page);
      return;
    }
    const content = await readFile(join(folder, path)).catch(() => undefined);
    response.statusCode = content === undefined ? 404 : 200;
    if (extname(path) === ".js") response.setHeader("content-type", "text/javascript");
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const flags = [
    ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
    ...["--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"],
    `--user-data-dir=${profile}`,
  ];
  const browser = spawn("chromium", [...flags, `http://127.0.0.1:${port}/`], { stdio: "ignore", detached: true });
  const ended = new Promise<never>((_, reject) => {
    browser.on("error", reject);
    browser.on("exit", (code) => reject(new Error(`Chromium ended with status ${code} before it answered`)));
  });
  try {
    const result = JSON.parse(await Promise.race([answer, ended])) as Result & { readonly error?: string };
    if (result.error) throw new Error(`in Chromium: ${result.error}`);
    return result;
  } finally {
    ended.catch(() => undefined);
    const gone = new Promise((resolve) => browser.on("exit", resolve));
    // The browser's processes are a group of their own.
    if (browser.pid !== undefined && browser.exitCode === null) {
      process.kill(-browser.pid, "SIGKILL");
      await gone;
    }
    server.close();
  }
}

const isMissing = spawnSync("chromium", ["--version"]).status !== 0 && process.env.NAEVUS_REQUIRE_CHROMIUM !== "1";
const missing = isMissing ? " (skipped: there is no chromium)" : "";

describe(`the library in Chromium${missing}`, () => {
  const folder = temporaryFolder();
  const profile = temporaryFolder();
  beforeAll(() => {
    if (isMissing) return;
    compileModule("browser.ts", folder);
    writeFileSync(join(folder, "out/train.js"), program);
  });

  it.skipIf(isMissing)("trains a tiny network to the losses that Node comes to", { timeout: 180_000 }, async () => {
    const print = `import { train } from "./train.js"; console.log(JSON.stringify(await train()));`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", print], {
      cwd: join(folder, "out"),
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const expected = JSON.parse(stdout) as Result;
    expect(expected.losses).toHaveLength(20);
    expect(Math.min(...expected.validationLosses)).toBeLessThan(Math.log(3));

    const found = await inChromium(join(folder, "out"), profile);
    const difference = (of: (result: Result) => readonly number[]): number => {
      expect(of(found)).toHaveLength(of(expected).length);
      return Math.max(...of(found).map((value, i) => Math.abs(value / of(expected)[i]! - 1)));
    };
    // Engines of JavaScript may differ in the last bits of exp and log; averages of weights and logits are rounded to float32.
    expect(difference(({ losses }) => losses)).toBeLessThan(1e-9);
    expect(difference(({ validationLosses }) => validationLosses)).toBeLessThan(1e-6);
    expect(difference(({ logits }) => logits)).toBeLessThan(1e-5);
    expect(found.modelBytes).toBe(expected.modelBytes);
  });
});
