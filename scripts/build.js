/** Compiles src/ to dist/ as a whole: into a fresh folder that then takes dist's place, so that nothing stale stays. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const dist = path.join(root, "dist");
const started = new Date();
const fresh = path.join(root, `dist.${process.pid}`);
const replaced = `${fresh}.old`;

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
    // Dated by the start of the build: a source saved while the compiler ran counts as newer than dist.
    const stamp = path.join(fresh, ".built");
    writeFileSync(stamp, "");
    utimesSync(stamp, started, started);
    replace();
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
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
