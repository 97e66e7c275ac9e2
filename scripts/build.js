/** Compiles src/ to dist/ as a whole: into a fresh folder that then takes dist's place, so that nothing stale stays. */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { nodeProblem } from "../bin/node-version.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = path.join(root, "dist");
const started = new Date();
const fresh = path.join(root, `dist.${process.pid}`);
const replaced = `${fresh}.old`;

const problem = nodeProblem();
if (problem) {
  console.error(`build: ${problem}`);
  process.exit(1);
}
rmSync(fresh, { recursive: true, force: true });
mkdirSync(fresh);
try {
  const tsc = path.join(root, "node_modules", "typescript", "bin", "tsc");
  const { status, error } = spawnSync(
    process.execPath,
    [tsc, "--project", path.join(root, "tsconfig.build.json"), "--outDir", fresh],
    { stdio: "inherit", cwd: root },
  );
  if (error || status !== 0) {
    console.error(`build: the TypeScript compiler failed${error ? ` (${error.message})` : ""}; dist/ is as it was.`);
    process.exitCode = 1;
  } else {
    copyOnnxRuntime();
    // Dated by the start of the build: a source saved while the compiler ran counts as newer than dist.
    const stamp = path.join(fresh, ".built");
    writeFileSync(stamp, "");
    utimesSync(stamp, started, started);
    replace();
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

/** Copies the part of onnxruntime-web that is used, a tenth of it, with its licences: users need not install the package. */
function copyOnnxRuntime() {
  const place = "inference/onnxruntime-web";
  const from = path.join(root, "node_modules/onnxruntime-web/dist");
  const to = path.join(fresh, place);
  mkdirSync(to, { recursive: true });
  for (const file of ["index.js", "LICENSE", "NOTICES.txt"]) {
    copyFileSync(path.join(root, "src", place, file), path.join(to, file));
  }
  copyFileSync(path.join(from, "ort-wasm-simd-threaded.wasm"), path.join(to, "ort-wasm-simd-threaded.wasm"));
  const library = readFileSync(path.join(from, "ort.wasm.bundle.min.mjs"), "utf8");
  // Its source map stays behind.
  writeFileSync(path.join(to, "ort.wasm.bundle.min.mjs"), library.replace(/^\/\/# sourceMappingURL=.*\n/m, ""));
}

/** Puts the fresh folder in dist's place; again where another build was quicker between the two renames. */
function replace() {
  for (let attempt = 1; ; attempt++) {
    try {
      if (existsSync(dist)) renameSync(dist, `${replaced}.${attempt}`);
      renameSync(fresh, dist);
      return;
    } catch (error) {
      if (attempt === 5) throw error;
    } finally {
      rmSync(`${replaced}.${attempt}`, { recursive: true, force: true });
    }
  }
}
