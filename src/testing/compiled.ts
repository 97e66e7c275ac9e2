/** For tests that start processes: Node 20 runs no TypeScript, so a module and what it imports are compiled into a folder. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

/** Compiles `module` (a path below `src/`) to `<folder>/out`, from where it can be imported by its path with `.js`. */
export function compileModule(module: string, folder: string): void {
  const settings = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      rootDir: join(root, "src"),
      outDir: join(folder, "out"),
      typeRoots: [join(root, "node_modules/@types")],
      declaration: false,
      sourceMap: false,
    },
    include: [],
    files: [join(root, "src", module)],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler, "--project", folder], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the TypeScript compiler failed: ${stdout}`);
  mkdirSync(join(folder, "out"), { recursive: true });
  const { type, imports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  writeFileSync(join(folder, "out/package.json"), JSON.stringify({ type, imports }));
  // What `imports` names is in dist.
  for (const name of ["node_modules", "dist"]) symlinkSync(join(root, name), join(folder, "out", name), "dir");
}
