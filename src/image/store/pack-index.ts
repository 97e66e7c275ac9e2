/** The index beside the packed pixels: which file had which content, and where each content's pixels are. */

import { z } from "zod";
import { folderKey } from "../../dataset/content-hashes.ts";
import type { FileState } from "../../disk/file-state.ts";
import { readText } from "../../disk/files.ts";
import { seal, unseal } from "../../disk/sealed-text.ts";
import { decoderVersion } from "../decoding/decode.ts";
import { pixelLimitKey } from "../decoding/pixel-limit.ts";
import { type Geometry, geometryNames } from "../geometry.ts";
import { heightAndWidth, type ImageSize, imageSizeSetting } from "../image-size.ts";
import { type ResamplingFilter, resamplingFilters } from "../resampling.ts";
import { isPixelFile, type StoredImage } from "./pixel-file.ts";

/** A content that was decoded: where it is in the pixel file, and the hash of its pixels before scaling. */
export interface DecodedContent extends StoredImage {
  readonly pixels: string;
}

/** A decoded content, or why there is none. */
export type Content = DecodedContent | string;

/** The index of one data folder at one size, with the keys that its pixels depend on. */
export interface PackIndex {
  /** The pixel file's name, in the same folder, and its state when its images were last known to be whole; undefined where no image was ever decoded. */
  readonly pixelFile: { readonly name: string; readonly state: FileState } | undefined;
  /** Number of images in the pixel file. */
  readonly slots: number;
  /** By path relative to the data's root: its state when read, and the SHA-256 of its content. */
  readonly files: ReadonlyMap<string, FileState & { readonly sha256: string }>;
  /** By SHA-256. */
  readonly contents: ReadonlyMap<string, Content>;
}

const format = "naevus packed images 3";

const schema = z.strictObject({
  format: z.literal(format),
  size: z.union([z.number(), z.templateLiteral([z.number(), "x", z.number()])]),
  geometry: z.enum(geometryNames),
  resampling: z.enum(resamplingFilters),
  decoder: z.string(),
  pixelFile: z
    .strictObject({
      name: z.string(),
      state: z.strictObject({ bytes: z.number(), modified: z.number(), changed: z.number() }),
    })
    .nullable(),
  slots: z.int().nonnegative(),
  files: z.array(z.tuple([z.string(), z.number(), z.number(), z.number(), z.string()])),
  contents: z.array(
    z.tuple([
      z.string(),
      z.union([
        z.strictObject({ slot: z.int().nonnegative(), checksum: z.int().nonnegative(), pixels: z.string() }),
        z.string(),
      ]),
    ]),
  ),
});

/** How the images of a pack came to their form. */
export interface PackForm {
  readonly size: ImageSize;
  readonly geometry: Geometry;
  readonly resampling: ResamplingFilter;
}

/** The bytes of one image in that form. */
export function packedBytes({ size }: Pick<PackForm, "size">): number {
  const [height, width] = heightAndWidth(size);
  return height * width * 3;
}

/** The name that a data folder's pack has in the cache: one per folder and form. */
export async function packName(root: string, { size: given, geometry, resampling }: PackForm): Promise<string> {
  const size = imageSizeSetting(given);
  return `images-${size}-${await folderKey(root, size, geometry, resampling, ...pixelLimitKey())}`;
}

/** What there is in place of an index: nothing that can be used, or what is not as it was written. */
export type NoIndex = "none" | "damaged";

/** Reads the index of the pack `name`; `none` where there is none, or it was made by another version or decoder. */
export async function readPackIndex(file: string, name: string, form: PackForm): Promise<PackIndex | NoIndex> {
  let sealed: string;
  try {
    sealed = await readText(file);
  } catch {
    return "none";
  }
  const text = unseal(sealed);
  // Earlier versions sealed nothing.
  if (text === undefined) return sealed.startsWith("{") ? "none" : "damaged";
  const parsed = schema.safeParse(JSON.parse(text));
  if (!parsed.success) return "none";
  const { size, geometry, resampling } = parsed.data;
  if (size !== imageSizeSetting(form.size) || geometry !== form.geometry || resampling !== form.resampling)
    return "none";
  if (parsed.data.decoder !== (await decoderVersion())) return "none";
  const { pixelFile, slots, files, contents } = parsed.data;
  const index: PackIndex = {
    pixelFile: pixelFile ?? undefined,
    slots,
    files: new Map(
      files.map(([path, bytes, modified, changed, sha256]) => [path, { bytes, modified, changed, sha256 }]),
    ),
    contents: new Map(contents),
  };
  return isConsistent(index, name) ? index : "damaged";
}

/** Whether the pixel file is one of this pack, and every image has a place of its own in it. */
function isConsistent({ pixelFile, slots, contents }: PackIndex, name: string): boolean {
  const places = decodedContents(contents).map(({ slot }) => slot);
  if (pixelFile === undefined) return places.length === 0;
  return (
    isPixelFile(pixelFile.name, name) && places.every((slot) => slot < slots) && new Set(places).size === places.length
  );
}

/** The contents that have pixels. */
export const decodedContents = (contents: PackIndex["contents"]): DecodedContent[] =>
  [...contents.values()].filter((content) => typeof content !== "string");

/** The text of an index, for {@link readPackIndex}. */
export async function formatPackIndex(index: PackIndex, { size, geometry, resampling }: PackForm): Promise<string> {
  const content: z.infer<typeof schema> = {
    format,
    size: imageSizeSetting(size),
    geometry,
    resampling,
    decoder: await decoderVersion(),
    pixelFile: index.pixelFile ?? null,
    slots: index.slots,
    files: [...index.files].map(([path, file]) => [path, file.bytes, file.modified, file.changed, file.sha256]),
    contents: [...index.contents],
  };
  return seal(JSON.stringify(content));
}
