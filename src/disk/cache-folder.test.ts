/** Where the cache lies for users who have no home folder, may not write there, or are not known to the system. */
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { compileModule } from "../testing/compiled.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";

const compiled = temporaryFolder();
let folder: string;
/** A user without an entry among those of the system. */
const user = process.getuid?.() === 0 ? 54_321 : undefined;
const own = user ?? process.geteuid?.() ?? "cache";

const cure = "give a folder with --cache or in XDG_CACHE_HOME";
const at = (...names: readonly string[]) => join(folder, ...names);
const inTemporary = (trouble: string) => ({
  folder: at("tmp", `naevus-${own}`),
  warnings: [`${trouble}, so the cache is ${at("tmp", `naevus-${own}`)}, which the system may empty; ${cure}`],
});
const noHome = "this user has no home folder";

/**
 * Asks for the cache's folder twice in a process of that user, in an empty working folder.
 *
 * @param hears what the one who asks hears by: an argument, or the warnings of the process
 */
function ask(environment: NodeJS.ProcessEnv, hears: "argument" | "process" = "argument") {
  // Changes to that user by itself, who need not be able to reach the Node that runs the tests.
  const script = `
    import { setImmediate } from "node:timers/promises";
    ${user === undefined ? "" : `process.setgroups([]); process.setgid(${user}); process.setuid(${user});`}
    const { cacheFolder } = await import(${JSON.stringify(join(compiled, "out/disk/cache-folder.js"))});
    const warnings = [];
    process.on("warning", ({ message }) => warnings.push(message));
    const hears = ${hears === "argument" ? "(message) => warnings.push(message)" : "undefined"};
    const find = () => cacheFolder(undefined, hears);
    const result = await find().then(async () => ({ folder: await find(), warnings }), ({ code, message }) => ({ code, message }));
    await setImmediate();
    console.log(JSON.stringify(result));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--no-warnings", "--input-type=module", "-e", script], {
    cwd: at("working"),
    env: { TMPDIR: at("tmp"), ...environment },
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(readdirSync(at("working"))).toEqual([]);
  return JSON.parse(stdout);
}

beforeAll(() => {
  compileModule("disk/cache-folder.ts", compiled);
  chmodSync(compiled, 0o755);
});
beforeEach(() => {
  folder = temporaryFolder();
  chmodSync(folder, 0o755);
  for (const name of ["working", "tmp", "home"]) {
    mkdirSync(at(name));
    chmodSync(at(name), 0o777);
  }
  chmodSync(at("tmp"), 0o1777);
  mkdirSync(at("closed"), { mode: 0o500 });
  writeFileSync(at("file"), "");
});

describe("the usual folder", () => {
  it.each([
    ["of the home folder", { HOME: "home" }, ["home", ".cache", "naevus"]],
    [
      "of the home folder, where XDG_CACHE_HOME is empty",
      { HOME: "home", XDG_CACHE_HOME: "" },
      ["home", ".cache", "naevus"],
    ],
    ["in XDG_CACHE_HOME", { XDG_CACHE_HOME: "home" }, ["home", "naevus"]],
  ])("%s", (_, environment, expected) => {
    const absolute = Object.entries(environment).map(([name, value]) => [name, value && at(value)]);
    expect(ask(Object.fromEntries(absolute))).toEqual({ folder: at(...expected), warnings: [] });
    expect(readdirSync(at("tmp"))).toEqual([]);
  });

  it("of the home folder, where XDG_CACHE_HOME is relative", () => {
    const environment = { HOME: at("home"), XDG_CACHE_HOME: "caches" };
    expect(ask(environment)).toEqual({ folder: at("home", ".cache", "naevus"), warnings: [] });
  });
});

describe("a folder of the user's own in the temporary one, with a warning that comes once", () => {
  it.skipIf(user === undefined)("where the system does not know the user", () => {
    expect(ask({})).toEqual(inTemporary(noHome));
    expect(lstatSync(at("tmp", `naevus-${own}`))).toMatchObject({ mode: 0o40700, uid: user });
    expect(ask({})).toEqual(inTemporary(noHome));
  });

  it.each(["", ".", "home"])("where HOME is no absolute path: %j", (home) => {
    expect(ask({ HOME: home })).toEqual(inTemporary(noHome));
  });

  it("which the process warns of where the one who asks cannot be told", () => {
    expect(ask({ HOME: "" }, "process")).toEqual(inTemporary(noHome));
  });

  it("where HOME or XDG_CACHE_HOME is a file", () => {
    const trouble = (path: string) => `${path} cannot be written to (a part of the path is a file, not a folder)`;
    expect(ask({ HOME: at("file") })).toEqual(inTemporary(trouble(at("file", ".cache", "naevus"))));
    expect(ask({ HOME: at("home"), XDG_CACHE_HOME: at("file") })).toEqual(inTemporary(trouble(at("file", "naevus"))));
  });

  it("where HOME or XDG_CACHE_HOME may not be written to", () => {
    const trouble = (path: string) => `${path} cannot be written to (no permission to write there)`;
    expect(ask({ HOME: at("closed") })).toEqual(inTemporary(trouble(at("closed", ".cache", "naevus"))));
    expect(ask({ XDG_CACHE_HOME: at("closed") })).toEqual(inTemporary(trouble(at("closed", "naevus"))));
  });
});

describe("no folder at all", () => {
  const refused = (trouble: string) => ({
    code: "ERR_NAEVUS_FILE",
    message: `the cache has no place: ${noHome}, and ${trouble}; ${cure}`,
  });
  const taken = () => at("tmp", `naevus-${own}`);

  it("where that name stands for a link, or the temporary folder is closed or relative", () => {
    symlinkSync(at("home"), taken());
    expect(ask({ HOME: "" })).toEqual(refused(`${taken()} is no folder`));
    expect(readdirSync(at("home"))).toEqual([]);
    expect(ask({ HOME: "", TMPDIR: at("closed") })).toEqual(
      refused(`${at("closed", `naevus-${own}`)} cannot be written to (no permission to write there)`),
    );
    expect(ask({ HOME: "", TMPDIR: "home" })).toEqual(refused("home is no absolute path"));
  });

  it("where that folder is open to others", () => {
    mkdirSync(taken());
    chmodSync(taken(), 0o777);
    if (user !== undefined) chownSync(taken(), user, user);
    expect(ask({ HOME: "" })).toEqual(refused(`${taken()} is open to other users`));
  });

  it.skipIf(user === undefined)("where another user was there first", () => {
    mkdirSync(taken(), { mode: 0o700 });
    chownSync(taken(), user! + 1, user! + 1);
    expect(ask({ HOME: "" })).toEqual(refused(`${taken()} belongs to another user`));
  });
});
