/** Files are written whole or not at all, on a full disk too. */
import { spawnSync } from "node:child_process";
import { chmod, lstat, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { FileError } from "../errors.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import {
  isTemporary,
  refuseUnwritable,
  removeTemporaryFiles,
  temporaryName,
  writeError,
  writeFileAtomic,
} from "./files.ts";
import { identityTag, ownIdentity } from "./process-identity.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

it("writes text and pieces of bytes, over what stood there", async () => {
  const file = join(folder, "a.txt");
  await writeFileAtomic(file, "naïve");
  expect(await readFile(file, "utf8")).toBe("naïve");
  await writeFileAtomic(file, [Buffer.from("one "), new Uint8Array(), Buffer.from("two")]);
  expect(await readFile(file, "utf8")).toBe("one two");
  expect(await readdir(folder)).toEqual(["a.txt"]);
});

it("says what to do where it cannot write, and leaves nothing behind", async () => {
  await expect(writeFileAtomic(join(folder, "none", "a"), "")).rejects.toThrow(
    new FileError(
      `${join(folder, "none", "a")}: could not be written: the folder does not exist; create it or choose another one`,
    ),
  );
  await mkdir(join(folder, "taken"));
  await expect(writeFileAtomic(join(folder, "taken"), "")).rejects.toThrow(
    /taken: could not be written: there is a folder/,
  );
  expect(await readdir(folder)).toEqual(["taken"]);
});

it("writes a file of the longest name that the system has", async () => {
  const file = join(folder, "n".repeat(250));
  await writeFileAtomic(file, "text");
  expect(await readdir(folder)).toEqual(["n".repeat(250)]);
});

it.skipIf(process.platform === "win32")("puts no file in the place of a pipe", async () => {
  const pipe = join(folder, "pipe");
  expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
  await expect(writeFileAtomic(pipe, "")).rejects.toThrow(
    new FileError(`${pipe}: could not be written: there is a pipe of that name; choose another name`),
  );
  expect((await lstat(pipe)).isFIFO()).toBe(true);
});

it("names the cure for a full disk", () => {
  const error = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  expect(writeError("run/model.onnx", error).message).toBe(
    "run/model.onnx: could not be written: the disk is full; make room and try again",
  );
});

/** Sets the largest size of a file that this process may write; false where the system has no `prlimit`. */
const limitFileSize = (bytes: number | "unlimited"): boolean =>
  spawnSync("prlimit", [`--pid=${process.pid}`, `--fsize=${bytes}:`]).status === 0;

// The limit stands for the full disk: writing fails half-way through in the same manner.
it.skipIf(!limitFileSize("unlimited"))("keeps the old file when there is no room for the new one", async () => {
  const file = join(folder, "kept.bin");
  await writeFile(file, "old");
  limitFileSize(100_000);
  try {
    await expect(writeFileAtomic(file, [new Uint8Array(1_000_000)])).rejects.toThrow(
      /kept\.bin: could not be written: the file is larger than the limit/,
    );
  } finally {
    limitFileSize("unlimited");
  }
  expect(await readFile(file, "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(["kept.bin"]);
});

it("removes what a killed process left, and nothing else", async () => {
  const leftover = `.checkpoint.safetensors.${"0f".repeat(6)}.tmp`;
  for (const name of [leftover, ".hidden.tmp", "a.tmp"]) await writeFile(join(folder, name), "");
  expect(isTemporary(leftover)).toBe(true);
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  const written = temporaryName(join(folder, "a".repeat(250)));
  const dead = written.replace(identityTag(ownIdentity), identityTag({ ...ownIdentity, pid }));
  for (const file of [written, dead]) {
    await writeFile(file, "");
    expect(isTemporary(basename(file))).toBe(true);
  }
  await removeTemporaryFiles(folder);
  expect((await readdir(folder)).sort()).toEqual([basename(written), ".hidden.tmp", "a.tmp"].sort());
});

it.skipIf(process.seteuid === undefined)("says that it may not write", async () => {
  await chmod(folder, 0o555);
  // The superuser may write all, so the test steps down for a moment.
  const superuser = process.geteuid!() === 0;
  if (superuser) process.seteuid!(65534);
  try {
    await expect(writeFileAtomic(join(folder, "a"), "")).rejects.toThrow(
      /a: could not be written: no permission to write there; change the permissions or choose another folder$/,
    );
  } finally {
    if (superuser) process.seteuid!(0);
    await chmod(folder, 0o700);
  }
});

it("lets a folder be written to that another process makes at the very moment", async () => {
  for (let i = 0; i < 1000; i++) {
    const made = join(folder, String(i), "run");
    await expect(Promise.all([refuseUnwritable(made), mkdir(made, { recursive: true })])).resolves.toBeDefined();
  }
});

it("writes where Node's permission model forbids to sync", async () => {
  const flag = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
  const program = `import { writeFileAtomic } from "${new URL("../../dist/disk/files.js", import.meta.url)}";
    await writeFileAtomic(${JSON.stringify(join(folder, "a"))}, "text");`;
  const args = [flag, "--allow-fs-read=*", "--allow-fs-write=*", "--input-type=module", "--eval", program];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  expect(await readFile(join(folder, "a"), "utf8")).toBe("text");
});
