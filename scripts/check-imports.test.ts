// The check on imports accepts a good tree and refuses each kind of bad one.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../src/testing/temporary-folder.ts";
import { checkImports, importsOf } from "./check-imports.js";

/** Problems of a source folder made of these files. */
function check(files: Record<string, string>): string[] {
  const folder = temporaryFolder();
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  return checkImports(folder);
}

const good = {
  "random.ts": "export const one = 1;\n",
  "dataset/dataset.ts":
    'import { readFileSync } from "node:fs";\nimport { one } from "../random.ts";\nexport { one, readFileSync };\n',
  "image/decoding/decode.ts":
    'import sharp from "sharp";\nimport type {\n  Dataset,\n} from "../../dataset/dataset.ts";\nexport { sharp };\n',
  "foreign/library.ts": 'import koffi from "koffi";\nexport { koffi };\n',
  "study/study-report.ts": 'import type { Model } from "./loads-a-model.ts";\nexport interface StudyReport {}\n',
  "study/loads-a-model.ts": 'export { InferenceSession as Model } from "../inference/model.ts";\n',
  "report/study/page.ts":
    'import type { StudyReport } from "../../study/study-report.ts";\nexport type { StudyReport };\n',
  "inference/model.ts": 'import { InferenceSession } from "onnxruntime-node";\nexport { InferenceSession };\n',
  "cli/main.ts":
    'import { one } from "../dataset/dataset.ts";\nexport const main = () => import("../inference/model.ts");\n',
  "disk/testing/damage.ts": 'import "../../cli/main.ts";\n',
  "image/store/packed-store.ts": "export const packed = 1;\n",
  "image/reference-numbers/pixels.ts": "export const pixels = 1;\n",
  "library/subpaths/network.ts": 'export { one } from "../../random.ts";\n',
  "index.ts": 'export { one } from "./random.ts";\n',
};

test("a good tree has no problems", () => {
  expect(check(good)).toEqual([]);
});

test.each([
  [
    "against the pipeline",
    "dataset/bad.ts",
    'import "../image/decoding/decode.ts";',
    "dataset/bad.ts:1: image/decoding/decode.ts comes later in the pipeline",
  ],
  [
    "types against the pipeline",
    "network/bad.ts",
    '\nimport type { E } from "../cli/main.ts";',
    "network/bad.ts:2: cli/main.ts comes later in the pipeline",
  ],
  [
    "a re-export against the pipeline",
    "network/bad.ts",
    'export * from "../cli/main.ts";',
    "network/bad.ts:1: cli/main.ts comes later in the pipeline",
  ],
  [
    "a dynamic import against it",
    "dataset/bad.ts",
    'const a = () => import(\n  "../cli/main.ts"\n);',
    "dataset/bad.ts:1: cli/main.ts comes later in the pipeline",
  ],
  [
    "a leaf that imports a folder",
    "bad.ts",
    'import "./dataset/dataset.ts";',
    "bad.ts:1: dataset/dataset.ts comes later in the pipeline",
  ],
  [
    "the public index used inside",
    "run/bad.ts",
    'import { one } from "../index.ts";',
    "run/bad.ts:1: index.ts comes later in the pipeline",
  ],
  ["koffi elsewhere", "engine/bad.ts", 'import koffi from "koffi";', "engine/bad.ts:1: only foreign/ may import koffi"],
  [
    "onnxruntime elsewhere",
    "cli/bad.ts",
    'const o = await import("onnxruntime-node");',
    "cli/bad.ts:1: only inference/ may import onnxruntime-node",
  ],
  [
    "sharp elsewhere",
    "dataset/bad.ts",
    'import type { Sharp } from "sharp";',
    "dataset/bad.ts:1: only image/ may import sharp",
  ],
  [
    "a folder without a place",
    "helpers/bad.ts",
    "export const x = 1;",
    "helpers/bad.ts: the folder helpers/ has no place in the pipeline; give it one in scripts/check-imports.js",
  ],
  [
    "a stranger's room, though it comes before",
    "report/bad.ts",
    'import type { Model } from "../inference/model.ts";',
    "report/bad.ts:1: report/ may not import inference/",
  ],
  [
    "against the order inside a room",
    "image/decoding/bad.ts",
    'import "../store/packed-store.ts";',
    "image/decoding/bad.ts:1: image/store/packed-store.ts comes later in the pipeline",
  ],
  [
    "a folder without a place among others",
    "image/tiles/tile.ts",
    "export const tile = 1;",
    "image/tiles/ stands beside other folders and has no place among them; give it one in scripts/check-imports.js",
  ],
  [
    "a stranger's room loaded by a file between",
    "report/bad.ts",
    'import "../study/loads-a-model.ts";',
    "report/ may not load inference/model.ts: report/bad.ts -> study/loads-a-model.ts -> inference/model.ts",
  ],
  [
    "another public interface used inside",
    "library/bad.ts",
    'import "./subpaths/network.ts";',
    "library/bad.ts:1: library/subpaths/network.ts comes later in the pipeline",
  ],
  [
    "what only tests use",
    "dataset/bad.ts",
    'import "../disk/testing/damage.ts";',
    "dataset/bad.ts:1: disk/testing/damage.ts is only for tests",
  ],
  ["a file that is not there", "dataset/bad.ts", 'import "./gone.ts";', "dataset/bad.ts:1: ./gone.ts does not exist"],
  [
    "the product reaching out of src",
    "dataset/bad.ts",
    'import "../../scripts/build.js";',
    "dataset/bad.ts:1: ../../scripts/build.js stands outside src/",
  ],
])("refuses %s", (_, file, text, problem) => {
  expect(check({ ...good, [file]: text })).toEqual([problem]);
});

test("refuses a guarded folder where a file loads it through others, and takes its types and those who may", () => {
  const files = {
    "cli/modules/run.ts": "export const run = 1;",
    "cli/commands/train.ts": 'import "../modules/run.ts";',
    "cli/main.ts": 'import "./commands/train.ts";\nimport "./commands/evaluate.ts";',
    "cli/commands/evaluate.ts": 'import type { run } from "../modules/run.ts";',
  };
  expect(check(files)).toEqual([]);
  expect(check({ ...files, "cli/commands/evaluate.ts": 'import "./train.ts";' })).toEqual([
    "cli/commands/evaluate.ts: only cli/main.ts, cli/commands/network.ts, cli/commands/study.ts, cli/commands/train.ts " +
      "may load cli/modules/, and cli/commands/train.ts does",
  ]);
});

test("refuses a cycle, of types too", () => {
  const files = {
    "network/a.ts": 'import type { B } from "./b.ts";',
    "network/b.ts": 'import { c } from "./c.ts";',
    "network/c.ts": 'import "./a.ts";',
  };
  expect(check(files)).toEqual(["cycle: network/a.ts -> network/b.ts -> network/c.ts -> network/a.ts"]);
});

test.each(["test", "proof"])("a %s may use any part of the product", (kind) => {
  expect(
    check({ ...good, [`dataset/dataset.${kind}.ts`]: 'import sharp from "sharp";\nimport "../cli/main.ts";' }),
  ).toEqual([]);
});

test("words in comments and strings are no imports", () => {
  const source = [
    '// import "./a.ts";',
    "/* export * from './b.ts'; */",
    'export const text = "import \\"./c.ts\\"";',
    'export interface From { readonly from: "./d.ts" }',
    "export const program = `",
    'import "./g.ts"`;',
    'import { e } from "./e.ts"; // as in "./f.ts"',
  ].join("\n");
  expect(importsOf(source)).toEqual([{ specifier: "./e.ts", line: 7, isType: false }]);
});
