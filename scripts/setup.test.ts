// Setup in a small clone of its own, with a stand-in for npm and one for the TypeScript compiler.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { nodeProblem } from "../bin/node-version.js";
import { temporaryFolder } from "../src/testing/temporary-folder.ts";
import { newestFirst, packagedVersion } from "./onednn-package.js";

const project = path.resolve(import.meta.dirname, "..");
let clone: string;

const write = (file: string, text: string) => {
  mkdirSync(path.dirname(path.join(clone, file)), { recursive: true });
  writeFileSync(path.join(clone, file), text);
};

const lock = (version: string) =>
  JSON.stringify({
    packages: { "": {}, "node_modules/a": { version }, "node_modules/b": { version: "1", optional: true } },
  });

/**
 * `npm ci` as setup sees it: writes node_modules with a compiler in it that copies src/a.ts to dist/a.js, and writes a
 * library search that finds a library where there is a file named `library`; and with the files of ONNX Runtime that go into dist.
 */
const npm = `#!/bin/sh
echo "npm $*" >> calls
[ -f npm-fails ] && exit 7
mkdir -p node_modules/typescript/bin
cp package-lock.json node_modules/.package-lock.json
if [ ! -d node_modules/onnxruntime-web ]; then
  mkdir -p node_modules/onnxruntime-web/dist
  touch node_modules/onnxruntime-web/package.json
  touch node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm
fi
cat > node_modules/typescript/bin/tsc <<'TSC'
const fs = require("node:fs");
fs.appendFileSync("calls", "tsc\\n");
if (fs.readFileSync("src/a.ts", "utf8") === "wrong") process.exit(2);
const dist = process.argv.at(-1);
fs.copyFileSync("src/a.ts", dist + "/a.js");
fs.mkdirSync(dist + "/engine/onednn/library", { recursive: true });
fs.writeFileSync(
  dist + "/engine/onednn/library/native.js",
  'import fs from "node:fs";' +
    'export const isSupported = ({ major, minor }) => major === 3 || minor >= 6;' +
    'export const loadNative = () => { if (!fs.existsSync("library")) throw new Error("not found. Type: install it"); };',
);
TSC
`;

const apt = `#!/bin/sh
echo "$(basename $0) $*" >> calls
case "$(basename $0) $*" in
  *" update") touch lists ;;
  *" install "*) [ -f apt-fails ] && echo "no space left" >&2 && exit 100; touch library ;;
  "apt-cache pkgnames "*) [ -f too-old ] && echo libdnnl2; [ -f lists ] && printf 'libdnnl-dev\\nlibdnnl3.6\\n' ;;
  "apt-cache show "*libdnnl2) echo "Version: 2.2.4+ds-2" ;;
  "apt-cache show "*) echo "Version: 3.7.2+ds-2" ;;
esac
exit 0
`;

const sudo = `#!/bin/sh
echo "sudo $*" >> calls
[ -f password-needed ] && exit 1
shift
exec "$@"
`;

const setup = (variables: NodeJS.ProcessEnv = {}) => {
  const environment = { ...process.env, PATH: `${clone}:${process.env.PATH}`, NAEVUS_ONEDNN: "", ...variables };
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/setup.js"], {
    cwd: clone,
    encoding: "utf8",
    env: environment,
  });
  const calls = existsSync(path.join(clone, "calls")) ? readFileSync(path.join(clone, "calls"), "utf8").trim() : "";
  rmSync(path.join(clone, "calls"), { force: true });
  return { status, stdout, stderr, calls: calls.split("\n").filter(Boolean) };
};

/** Dates a file a minute ahead of now, or behind it. */
const date = (file: string, minutes: number) => {
  const time = Date.now() / 1000 + 60 * minutes;
  utimesSync(path.join(clone, file), time, time);
};

beforeEach(() => {
  clone = temporaryFolder();
  const scripts = ["scripts/setup.js", "scripts/build.js", "scripts/onednn-package.js"];
  for (const file of ["bin", ...scripts, "src/inference/onnxruntime-web", "package.json"]) {
    cpSync(path.join(project, file), path.join(clone, file), { recursive: true });
  }
  write("tsconfig.json", "{}");
  write("tsconfig.build.json", "{}");
  write("package-lock.json", lock("1"));
  write("src/a.ts", "first");
  write("library", "");
  for (const [name, script] of Object.entries({ npm, "apt-get": apt, "apt-cache": apt, sudo })) {
    write(name, script);
    chmodSync(path.join(clone, name), 0o755);
  }
});

test("a fresh clone gets its packages and is compiled, and then there is nothing to do or to say", () => {
  const { status, stdout, stderr, calls } = setup();
  expect({ status, stdout, calls }).toEqual({ status: 0, stdout: "", calls: ["npm ci --include=dev", "tsc"] });
  expect(stderr).toContain("setup: installing packages");
  expect(readFileSync(path.join(clone, "dist/a.js"), "utf8")).toBe("first");
  expect(setup()).toEqual({ status: 0, stdout: "", stderr: "", calls: [] });
});

test("a newer lock file means packages only where it asks for others", () => {
  setup();
  date("package-lock.json", 1);
  expect(setup().calls).toEqual([]);
  write("package-lock.json", lock("2"));
  date("package-lock.json", 1);
  expect(setup().calls).toEqual(["npm ci --include=dev"]);
});

test("a changed or removed source means a build, without stale files", () => {
  write("src/network/old.ts", "");
  setup();
  write("dist/stale.js", "");
  date("src/a.ts", 1);
  expect(setup().calls).toEqual(["tsc"]);
  expect(existsSync(path.join(clone, "dist/stale.js"))).toBe(false);
  date("src/a.ts", -1);
  expect(setup().calls).toEqual([]);
  rmSync(path.join(clone, "src/network/old.ts"));
  date("src/network", 1);
  expect(setup().calls).toEqual(["tsc"]);
});

test("a failed installation is said and ends with a status", () => {
  write("npm-fails", "");
  const { status, stderr, calls } = setup();
  expect({ status, calls }).toEqual({ status: 1, calls: ["npm ci --include=dev"] });
  expect(stderr).toContain("setup: npm ci --include=dev failed (exit status 7). npm's own messages stand above");
});

test("a failed build is said, and leaves dist as it was", () => {
  setup();
  write("src/a.ts", "wrong");
  date("src/a.ts", 1);
  const { status, stderr } = setup();
  expect(status).toBe(1);
  expect(stderr).toContain("build: the TypeScript compiler failed; dist/ is as it was.");
  expect(readFileSync(path.join(clone, "dist/a.js"), "utf8")).toBe("first");
});

describe.runIf(process.platform === "linux")("oneDNN", () => {
  beforeEach(() => {
    setup();
    rmSync(path.join(clone, "library"));
  });

  test("is installed from fresh package lists where there are none", () => {
    const { status, stderr, calls } = setup();
    expect(status).toBe(0);
    expect(calls).toEqual([
      "apt-get --version",
      "apt-cache pkgnames libdnnl",
      "apt-get -q update",
      "apt-cache pkgnames libdnnl",
      "apt-cache show --no-all-versions libdnnl3.6",
      "apt-get -q install -y --no-install-recommends libdnnl3.6",
    ]);
    expect(stderr).not.toContain("not found");
    expect(setup().calls).toEqual([]);
  });

  test("is not installed where the system's package is too old", () => {
    write("too-old", "");
    const { status, stderr, calls } = setup();
    expect(status).toBe(0);
    expect(calls).toEqual([
      "apt-get --version",
      "apt-cache pkgnames libdnnl",
      "apt-cache show --no-all-versions libdnnl2",
    ]);
    expect(stderr).toContain("setup: not found. Type: install it");
  });

  test("where apt fails, its message and what to type are shown, and setup goes on", () => {
    write("lists", "");
    write("apt-fails", "");
    const { status, stderr } = setup();
    expect(status).toBe(0);
    expect(stderr).toContain("no space left");
    expect(stderr).toContain("setup: not found. Type: install it");
    expect(stderr).toContain("the reference engine trains");
  });

  test("a library that the user names is not replaced by another", () => {
    const { status, stderr, calls } = setup({ NAEVUS_ONEDNN: "/nowhere/libdnnl.so.3" });
    expect({ status, calls }).toEqual({ status: 0, calls: [] });
    expect(stderr).toContain("setup: not found. Type: install it");
  });

  // Everything that takes rights is a stand-in, so that it is enough to seem to be another user.
  const asUser = { NODE_OPTIONS: "--import=data:text/javascript,process.getuid=()=>1000" };

  test("is installed through sudo where that needs no password", () => {
    write("lists", "");
    const { status, calls } = setup(asUser);
    expect(status).toBe(0);
    expect(calls).toEqual([
      "apt-get --version",
      "sudo -n true",
      "apt-cache pkgnames libdnnl",
      "apt-cache show --no-all-versions libdnnl3.6",
      "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends libdnnl3.6",
      "apt-get -q install -y --no-install-recommends libdnnl3.6",
    ]);
  });

  test("where a password is needed, only what to type is shown", () => {
    write("password-needed", "");
    const { status, stderr, calls } = setup(asUser);
    expect({ status, calls }).toEqual({ status: 0, calls: ["apt-get --version", "sudo -n true"] });
    expect(stderr).toContain("setup: not found. Type: install it");
  });
});

describe("pure parts", () => {
  test("the newest of oneDNN's packages comes first, without headers and debug packages", () => {
    expect(
      newestFirst(["libdnnl-dev", "libdnnl2", "libdnnl3", "libdnnl3.6", "libdnnl3.10", "libdnnl3-dbg", ""]),
    ).toEqual(["libdnnl3.10", "libdnnl3.6", "libdnnl3", "libdnnl2"]);
  });

  test.each([
    ["Package: libdnnl2\nVersion: 2.2.4+ds-2\nDepends: libc6", 2, 2],
    ["Version: 1:3.12.1+ds-3", 3, 12],
    ["", Number.NaN, Number.NaN],
  ])("the version of a package: %j", (text, major, minor) => {
    expect(packagedVersion(text)).toEqual({ major, minor });
  });

  test.each([
    ["18.19.0", true],
    ["20.10.0", true],
    ["20.19.0", false],
    ["22.0.0", false],
  ])("Node %s: too old is %s", (version, tooOld) => {
    expect(nodeProblem(version) !== undefined).toBe(tooOld);
  });

  test("what is said names both versions", () => {
    expect(nodeProblem("18.19.0")).toContain("needs Node 20.19 or later, and this is Node 18.19.0");
  });
});
