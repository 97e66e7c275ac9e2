/** Modules that make a network: what they give is data, and whatever else they do is one sentence. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { networks } from "../../network/architectures.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { isNetworkModule, type ModuleLimits, runNetworkModule } from "./network-module.ts";

const folder = temporaryFolder();
const options = { classes: 3, imageSize: 8 };
let count = 0;

/** Runs a module of this text, from a folder that no package is installed in. */
const run = (text: string, limits?: ModuleLimits, name = `module-${++count}.mjs`) => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return runNetworkModule(file, options, limits);
};

const tiny = {
  name: "tiny",
  input: { channels: 3, height: 8, width: 8 },
  layers: [
    { kind: "normalize", mean: [0, 0, 0], standardDeviation: [1, 1, 1] },
    { kind: "flatten" },
    { kind: "dense", units: 3, bias: true },
  ],
};
const text = JSON.stringify(tiny);

it("gives the network that a module's function makes, at once or later", async () => {
  expect(await run(`export default () => (${text})`)).toEqual(tiny);
  expect(await run(`export default async ({ classes }) => ({ ...${text}, name: "of " + classes })`)).toEqual({
    ...tiny,
    name: "of 3",
  });
});

it("lets a module import naevus where its folder has none, and blocks from a file beside it", async () => {
  writeFileSync(
    join(folder, "block.mjs"),
    'import { networks } from "naevus/network";\nexport const make = networks.notebook;',
  );
  const made = await run('import { make } from "./block.mjs";\nexport default make;');
  expect(made).toEqual(networks.notebook(options));
});

it("runs CommonJS, and .js of either kind", async () => {
  for (const name of ["common.cjs", "common.js"]) {
    expect(await run(`module.exports = () => (${text})`, {}, name)).toEqual(tiny);
  }
  expect(await run(`export default () => (${text})`, {}, "modern.js")).toEqual(tiny);
});

it("prints what a module prints line by line, apart from what the command prints", async () => {
  const out = vi.spyOn(process.stdout, "write");
  const lines: string[] = [];
  await run(`console.log("one\\ntwo"); export default () => { console.error("three"); return ${text}; }`, {
    print: (line) => void lines.push(line),
  });
  expect(lines.sort()).toEqual(["one", "three", "two"]);
  expect(out).not.toHaveBeenCalled();
  out.mockRestore();
});

it("leaves out properties without a value, fills in the builders' defaults, and names a network after its file", async () => {
  const layers = '[{ kind: "normalize", mean: undefined }, { kind: "flatten" }, { kind: "dense", units: "classes" }]';
  expect(await run(`export default () => ({ layers: ${layers} })`, {}, "mine.mjs")).toEqual({ ...tiny, name: "mine" });
});

it.each([
  ["throws at load", 'const a = 1;\nthrow new Error("no luck");', 'line 2: it fails with "no luck"; correct'],
  [
    "throws in the call",
    "export default () => {\n\n  null.x; };",
    /line 3: it fails with "TypeError: Cannot read prop/,
  ],
  ["throws a text", 'export default () => { throw "oh"; };', 'mjs: it fails with "oh"; correct the module'],
  ["throws nothing", "export default () => { throw undefined; };", 'fails with "undefined"'],
  [
    "throws what cannot be read",
    "export default () => { throw new Proxy({}, { has() { throw 1; } }); };",
    "fails with",
  ],
  ["rejects", 'export default async () => { throw new RangeError("far\\naway"); };', 'with "RangeError: far"; '],
  ["rejects unseen", 'Promise.reject(new Error("unseen")); export default () => new Promise(() => {});', '"unseen"'],
  [
    "fails later",
    "setTimeout(() => {\n nothing(); }); export default () => new Promise(() => {});",
    "line 2: it fails",
  ],
  [
    "is no JavaScript",
    "export default function () {\n  const const = 3;\n}",
    "line 2: SyntaxError: Unexpected token 'c",
  ],
  [
    "is no JavaScript after an import",
    'import {\n relu\n} from "naevus/network";\nexport const x = 1;\nexport default () => 1 +;',
    "line 5: SyntaxError: Unexpected token ';'; correct the module",
  ],
  ["imports what is not there", 'import { conv3d } from "naevus/network";', /line 1: SyntaxError: .*'conv3d'; correct/],
  ["imports no file", 'import "./nothing.mjs";', /Cannot find module .*nothing\.mjs.*; correct the import/],
  ["imports no package", 'import "no-such-package";', /Cannot find package 'no-such-package'.*install the package/],
  ["exports nothing", "const a = 1;", "its default export is nothing; expected export default ("],
  ["exports a network", `export default ${text}`, "its default export is an object; expected export default"],
  ["returns nothing", "export default () => {};", "its function returns nothing; expected"],
  ["returns a text", 'export default () => "resnet";', "its function returns a string; expected"],
  ["returns a function", "export default () => () => 1;", "its function returns a function; expected"],
  [
    "returns an instance",
    "class Net {}\nexport default () => new Net();",
    "expected data, got an instance of a class; expected export default",
  ],
  [
    "holds a function",
    "export default () => ({ layers: [{ relu: () => 1 }] })",
    "layers[0].relu: expected data, got a function; expected",
  ],
  ["holds a getter", "export default () => ({ get layers() { return []; } })", "layers: expected data, got a getter"],
  [
    "holds a promise",
    "export default () => ({ layers: [Promise.resolve()] })",
    "layers[0]: expected data, got an instance of a class",
  ],
  ["holds a map", "export default () => ({ layers: new Map() })", "layers: expected data, got an instance of a class"],
  ["holds a symbol", "export default () => ({ name: Symbol() })", "name: expected data, got a symbol"],
  ["holds itself", "const a = {}; a.body = a; export default () => a;", "nested too deeply"],
  ["is deep", "let a = {}; for (let i = 0; i < 1e4; i++) a = { a }; export default () => a", "nested too deeply"],
  ["shares", "let a = []; for (let i = 0; i < 99; i++) a = [a, a]; export default () => a", /too much|too deeply/],
  ["has holes", "export default () => ({ layers: new Array(1e8) })", "layers: too much: more than"],
  [
    "has other classes",
    `export default () => (${text.replace('"units":3', '"units":4')})`,
    /network "tiny": its last layer gives 4 logits, and the data have 3 classes; give/,
  ],
  [
    "does not fit",
    `export default () => (${text.replace('"flatten"', '"relu"')})`,
    /network "tiny": layers\[2\]: dense: .*3x8x8/,
  ],
  [
    "holds NaN",
    `export default () => (${text.replace("[1,1,1]", "[1, NaN, 1]")})`,
    /layers\[0\]: normalize: standardDeviation: expected a list/,
  ],
  ["knows no layer", 'export default () => ({ layers: [{ kind: "conv9d" }] })', /layers\[0\]: .*conv9d/],
  ["exits at load", "process.exit(3);", "it ends its thread by process.exit(3) and returns nothing; "],
  ["exits in the call", "export default () => process.exit();", "it ends its thread by process.exit(0)"],
  ["waits for ever", "export default () => new Promise(() => {});", "it waits for a promise that nothing settles"],
  ["waits for ever at load", "await new Promise(() => {});", "it waits for a promise that nothing settles"],
  ["throws when it is read", "export default () => new Proxy({}, { ownKeys() { throw null; } })", "got a Proxy that"],
  [
    "changes how the thread tells errors",
    "String.prototype.slice = () => 1; export default () => { throw new Error('x'); };",
    "it changes what its thread answers; correct the module",
  ],
  [
    "changes how the thread refuses",
    "Array.prototype.join = () => 1; export default () => ({ layers: new Map() });",
    "it changes what its thread answers; correct the module",
  ],
  [
    "speaks for itself",
    'import { parentPort, workerData } from "node:worker_threads";\nparentPort.postMessage({ value: 1 });\n' +
      "workerData.port?.postMessage({ value: 1 }); export default () => {};",
    "its function returns nothing",
  ],
])("says what is wrong where a module %s", async (_, source, sentence) => {
  const { message } = await run(source).then(
    () => new Error("it was taken"),
    (error: Error) => error,
  );
  expect(message).toMatch(sentence);
  expect(message).toMatch(new RegExp(`^${folder}/module-${count}\\.mjs: [^\\n]+$`));
});

it.each([
  ["at load", "for (;;);"],
  ["in the call", "export default () => { for (;;); };"],
  ["in its promises", "export default async () => { for (;;) await 1; };"],
  ["by a timer", "setInterval(() => {}, 1000); await new Promise(() => {});"],
  ["in messages", "import { parentPort } from 'node:worker_threads';\nfor (;;) parentPort.postMessage(1);"],
])("ends a module that goes on for ever %s", async (_, source) => {
  await expect(run(source, { seconds: 0.5 })).rejects.toThrow(
    "mjs: it takes more than 0.5 seconds; correct the module, or give the network as JSON",
  );
});

it.each([
  ["objects", "const a = []; export default () => { for (;;) a.push({ a: [a.length] }); };"],
  ["large arrays", "const a = new Array(2e7).fill(1.5), b = []; export default () => { for (;;) b.push(a.slice()); };"],
  ["bytes", "const a = []; export default () => { for (;;) a.push(new Uint8Array(1e7).fill(1)); };"],
])("ends a module that fills the memory with %s", async (_, source) => {
  await expect(run(source)).rejects.toThrow("it takes more than 512 MB of memory; ");
});

it("names a file that cannot be read, and a package.json that forbids exports", async () => {
  await expect(runNetworkModule(join(folder, "no.mjs"), options)).rejects.toThrow(
    `${join(folder, "no.mjs")}: no such file; give the module of a network`,
  );
  await expect(runNetworkModule(folder, options)).rejects.toThrow("a folder, not a file; give the module");
  mkdirSync(join(folder, "common"));
  writeFileSync(join(folder, "common/package.json"), '{"type":"commonjs"}');
  await expect(run(`export default () => (${text})`, {}, "common/net.js")).rejects.toThrow(
    "says that it is CommonJS; give it a name that ends in .mjs or .mts",
  );
});

it.runIf(process.platform === "linux")("ends a command whose module waits for the system", () => {
  const file = join(folder, "stuck.mjs");
  writeFileSync(
    file,
    'import { execFileSync } from "node:child_process";\nexport default () => execFileSync("sleep", ["45"]);',
  );
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "../../../bin/naevus.js"), "network", file, "--json"],
    { encoding: "utf8", timeout: 40_000 },
  );
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toBe(
    `naevus: ${file}: it takes more than 10 seconds; correct the module, or give the network as JSON\n`,
  );
});

it("says so where threads are forbidden", () => {
  const file = join(folder, "forbidden.mjs");
  const compiled = new URL("../../../dist/cli/modules/network-module.js", import.meta.url);
  writeFileSync(
    file,
    `import { runNetworkModule } from "${compiled}";\nawait runNetworkModule(${JSON.stringify(file)}, {});`,
  );
  const flag = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
  const { stderr } = spawnSync(process.execPath, [flag, "--allow-fs-read=*", file], {
    encoding: "utf8",
  });
  expect(stderr).toMatch(
    /forbidden\.mjs: it cannot run in a thread of its own \(Access .*\); allow threads, or let naevus net/,
  );
});

it("says what a file may be called", async () => {
  await expect(run(`export default () => (${text})`, {}, "LARGE.MJS")).rejects.toThrow(
    /LARGE\.MJS: Unknown file extension ".MJS" for .*; give the file a name that ends in \.mjs, \.cjs, \.js or \.ts, in small letters$/,
  );
});

it("knows modules by their ending", () => {
  expect(["a.js", "a.mjs", "a.cjs", "a.ts", "a.mts", "a.cts"].filter((name) => !isNetworkModule(name))).toEqual([]);
  expect(["a.json", "notebook", "runs/a.ts/x", "a.tsx"].filter(isNetworkModule)).toEqual([]);
});

const runsTypescript = Boolean((process.features as { readonly typescript?: unknown }).typescript);

// In a process of the compiled program: the tests' own compiles TypeScript, in its threads as well.
it.runIf(runsTypescript)("runs TypeScript without compiling it, and says what it does not take", () => {
  const shown = (name: string, text: string) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    const command = new URL("../../../bin/naevus.js", import.meta.url).pathname;
    const how = ["--no-measure", "--json", "--engine", "reference", "--batch", "1"];
    return spawnSync(process.execPath, [command, "network", file, ...how], { encoding: "utf8" });
  };
  const network = `import type { Network } from "naevus/network";\nexport default (): Network => (${text});`;
  for (const name of ["net.ts", "net.mts"]) {
    expect(JSON.parse(shown(name, network).stdout)).toMatchObject({ name: "tiny", classes: 3 });
  }
  expect(shown("enum.ts", "enum A { B }\nexport default () => A;").stderr).toContain(
    "enum.ts: line 1: TypeScript enum is not supported in strip-only mode; Node takes types out and compiles nothing, so ",
  );
  expect(shown("bad.ts", "export default (a: number => 1;").stderr).toContain("bad.ts: line 1: SyntaxError: Exp");
});

it.skipIf(runsTypescript)("says which Node runs TypeScript", async () => {
  await expect(run("export default () => 1;", {}, "old.ts")).rejects.toThrow(
    `old.ts: Node ${process.version} does not run TypeScript; use Node 22.18 or later, or write it as .mjs or as JSON`,
  );
});
