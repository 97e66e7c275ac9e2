/** Builds the documentation site into docs/.vitepress/dist; any warning, such as a name without a docstring or a dead link, is a failure. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

const docs = import.meta.dirname;
const modified = (file) => statSync(path.join(docs, file), { throwIfNoEntry: false })?.mtimeMs;

/** Runs a command in docs/ to its end; throws where it fails. */
function run(command, ...args) {
  console.log(`docs: ${[command, ...args].join(" ")}`);
  const { status, error } = spawnSync(command, args, {
    cwd: docs,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (error || status !== 0)
    throw new Error(`${command} ${args[0]} failed (${error?.message ?? `exit status ${status}`})`);
}

/** Throws where the site's own lists of pages name one that does not exist; VitePress checks the links in the pages alone. */
function checkMenus() {
  const config = readFileSync(path.join(docs, ".vitepress", "config.js"), "utf8");
  const missing = [...config.matchAll(/"(\/[\w/-]*)"\)/g)]
    .map(([, link]) => link)
    .filter((link) => !existsSync(path.join(docs, link.endsWith("/") ? `${link}index.md` : `${link}.md`)));
  if (missing.length > 0) throw new Error(`.vitepress/config.js names pages that do not exist: ${missing.join(", ")}`);
}

/** Lets VitePress build; it fails on a dead link, but only tells of a language that it cannot highlight and the like. */
function buildSite() {
  console.log("docs: npx vitepress build .");
  const { status, stdout, stderr } = spawnSync("npx", ["vitepress", "build", "."], {
    cwd: docs,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  console.log(`${stdout}${stderr}`);
  if (status !== 0 || /not loaded|warn/i.test(`${stdout}${stderr}`)) throw new Error("vitepress failed or warned");
}

try {
  const installed = modified("node_modules/.package-lock.json");
  if (installed === undefined || installed < modified("package-lock.json")) run("npm", "ci");
  rmSync(path.join(docs, "reference"), { recursive: true, force: true });
  const { commandLinePage } = await import("./command-line.js");
  writeFileSync(path.join(docs, "command-line.md"), commandLinePage());
  mkdirSync(path.join(docs, "public"), { recursive: true });
  for (const schema of ["augmentation.schema.json", "network.schema.json"]) {
    copyFileSync(path.join(docs, "..", schema), path.join(docs, "public", schema));
  }
  run("npx", "typedoc", "--options", "typedoc.config.js");
  checkMenus();
  buildSite();
  console.log(`docs: the site is in ${path.relative(process.cwd(), path.join(docs, ".vitepress", "dist"))}`);
} catch (error) {
  console.error(`docs: ${error.message}`);
  process.exitCode = 1;
}
