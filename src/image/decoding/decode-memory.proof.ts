/** The memory that one decoding takes, in a process of its own: docs/images.md states it. */
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { beforeAll, expect, test } from "vitest";
import { compileModule } from "../../testing/compiled.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";

const folder = temporaryFolder();
const program = join(folder, "decode.mjs");
const [width, height] = [5000, 4000];

beforeAll(() => {
  compileModule("image/decoding/decode.ts", folder);
  // A small image first, so that what a library takes but once is not counted.
  writeFileSync(
    program,
    `import { readFileSync } from "node:fs";
     import { decodeImage } from "./out/image/decoding/decode.js";
     // resourceUsage() would count the process that started this one.
     const peak = () => 1024 * /VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "latin1"))[1];
     await decodeImage(process.argv[2], 128);
     const before = peak();
     await decodeImage(process.argv[3], 128);
     console.log((peak() - before) / ${width * height});`,
  );
}, 240_000);

/** A ramp with some pattern, which compresses somewhat. */
function picture(w: number, h: number, channels: 3 | 4): Sharp {
  const data = Buffer.alloc(w * h * channels, 255);
  for (let y = 0, at = 0; y < h; y++) {
    for (let x = 0; x < w; x++, at += channels) {
      data[at] = (x >> 4) & 255;
      data[at + 1] = (y >> 4) & 255;
      data[at + 2] = (x ^ y) & 127;
    }
  }
  return sharp(data, { raw: { width: w, height: h, channels } });
}

function bitmap(w: number, h: number, bits: 1 | 24 | 32): Buffer {
  const stride = Math.ceil((w * bits) / 32) * 4;
  const file = Buffer.alloc(62 + stride * h, 0x5a);
  file.fill(0, 0, 62);
  file.write("BM");
  file.writeUInt32LE(62, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(w, 18);
  file.writeInt32LE(h, 22);
  file.writeUInt16LE(bits, 28);
  return file;
}

const files: readonly (readonly [
  name: string,
  bytesPerPixel: number,
  make: (w: number, h: number) => Promise<Buffer> | Buffer,
])[] = [
  ["JPEG", 5, (w, h) => picture(w, h, 3).jpeg().toBuffer()],
  [
    "JPEG, turned",
    8,
    (w, h) =>
      picture(w, h, 3)
        .jpeg()
        .withExif({ IFD0: { Orientation: "6" } })
        .toBuffer(),
  ],
  [
    "progressive JPEG",
    11,
    (w, h) => picture(w, h, 3).jpeg({ progressive: true, chromaSubsampling: "4:4:4" }).toBuffer(),
  ],
  ["PNG", 6, (w, h) => picture(w, h, 3).png({ compressionLevel: 1 }).toBuffer()],
  ["PNG with opacity", 8, (w, h) => picture(w, h, 4).png({ compressionLevel: 1 }).toBuffer()],
  ["WebP", 12, (w, h) => picture(w, h, 3).webp({ effort: 0 }).toBuffer()],
  ["TIFF", 8, (w, h) => picture(w, h, 3).tiff({ compression: "none" }).toBuffer()],
  ["1-bit BMP", 5, (w, h) => bitmap(w, h, 1)],
  ["24-bit BMP", 8, (w, h) => bitmap(w, h, 24)],
  ["32-bit BMP", 9, (w, h) => bitmap(w, h, 32)],
];

test.skipIf(process.platform !== "linux").each(files)(
  "a %s takes at most %i bytes a pixel, its file included",
  async (name, bytesPerPixel, make) => {
    const [small, large] = [join(folder, `small ${name}`), join(folder, name)];
    writeFileSync(small, await make(64, 64));
    writeFileSync(large, await make(width, height));
    const { stdout, stderr } = spawnSync(process.execPath, [program, small, large], { encoding: "utf8" });
    rmSync(large);
    expect(stderr).toBe("");
    expect(Number(stdout)).toBeGreaterThan(2.5);
    expect(Number(stdout)).toBeLessThan(bytesPerPixel);
  },
  120_000,
);
