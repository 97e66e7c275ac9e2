/** The index beside the packed pixels: which file had which content, and where each content's pixels are. */

import { readFile } from "node:fs/promises";
import { z } from "zod";
import { folderKey } from "../dataset/content-hashes.ts";
import type { FileState } from "../file-state.ts";
import { decoderVersion } from "./decode.ts";
import { type Geometry, geometryNames } from "./geometry.ts";
import { type ResamplingFilter, resamplingFilters } from "./resampling.ts";

/** A content that was decoded: where it is in the pixel file, counted in images, and the hash of its pixels before scaling. */
export interface DecodedContent {
  readonly slot: number;
  readonly pixels: string;
}

/** A decoded content, or why there is none. */
export type Content = DecodedContent | string;

/** The index of one data folder at one size, with the keys that its pixels depend on. */
export interface PackIndex {
  /** Name of the pixel file, in the same folder; undefined where no image was ever decoded. */
  readonly pixelFile: string | undefined;
  /** Number of images in the pixel file. */
  readonly slots: number;
  /** By path relative to the data's root: its state when read, and the SHA-256 of its content. */
  readonly files: ReadonlyMap<string, FileState & { readonly sha256: string }>;
  /** By SHA-256. */
  readonly contents: ReadonlyMap<string, Content>;
}

const format = "naevus packed images 2";

const schema = z.strictObject({
  format: z.literal(format),
  size: z.number(),
  geometry: z.enum(geometryNames),
  resampling: z.enum(resamplingFilters),
  decoder: z.literal(decoderVersion),
  pixelFile: z.string().nullable(),
  slots: z.number().int().nonnegative(),
  files: z.array(z.tuple([z.string(), z.number(), z.number(), z.number(), z.string()])),
  contents: z.array(
    z.tuple([z.string(), z.union([z.strictObject({ slot: z.int().nonnegative(), pixels: z.string() }), z.string()])]),
  ),
});

/** How the images of a pack came to their form. */
export interface PackForm {
  /** Width and height in pixels. */
  readonly size: number;
  readonly geometry: Geometry;
  readonly resampling: ResamplingFilter;
}

/** The name that a data folder's pack has in the cache: one per folder and form. */
export async function packName(root: string, { size, geometry, resampling }: PackForm): Promise<string> {
  return `images-${size}-${await folderKey(root, size, geometry, resampling)}`;
}

/** Reads an index; undefined where there is none, it is damaged, or it was made by another decoder. */
export async function readPackIndex(file: string, form: PackForm): Promise<PackIndex | undefined> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, "utf8"));
  } catch {
    return undefined;
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) return undefined;
  const { size, geometry, resampling } = parsed.data;
  if (size !== form.size || geometry !== form.geometry || resampling !== form.resampling) return undefined;
  const { pixelFile, slots, files, contents } = parsed.data;
  return {
    pixelFile: pixelFile ?? undefined,
    slots,
    files: new Map(
      files.map(([path, bytes, modified, changed, sha256]) => [path, { bytes, modified, changed, sha256 }]),
    ),
    contents: new Map(contents),
  };
}

/** The text of an index, for {@link readPackIndex}. */
export function formatPackIndex(index: PackIndex, { size, geometry, resampling }: PackForm): string {
  return JSON.stringify({
    format,
    size,
    geometry,
    resampling,
    decoder: decoderVersion,
    pixelFile: index.pixelFile ?? null,
    slots: index.slots,
    files: [...index.files].map(([path, file]) => [path, file.bytes, file.modified, file.changed, file.sha256]),
    contents: [...index.contents],
  } satisfies z.infer<typeof schema>);
}
