/** What is odd about the files themselves: their names, sizes, colours and orientation. */
import type { ImageRecord } from "../dataset/dataset.ts";
import type { ContentFacts, Survey } from "../near-duplicates/survey.ts";

/** The smallest side in pixels that a photograph should have. */
const leastSide = 64;

/** The kinds of oddities; each file may have several. */
export const oddities = {
  tooSmall: `a side shorter than ${leastSide} pixels`,
  notRgb: "stored as something else than plain RGB; converted on reading",
  wronglyNamed: "the suffix says another format than the content is",
  turned: "an EXIF orientation other than upright; set upright on reading",
} as const;

/** The ways in which a file can be odd. */
export type Oddity = keyof typeof oddities;

/** A file and what is odd about it, in a few words. */
export interface FileFinding {
  readonly path: string;
  readonly what: string;
}

const formatBySuffix: Readonly<Record<string, ContentFacts["format"]>> = {
  jpg: "JPEG",
  jpeg: "JPEG",
  jpe: "JPEG",
  jfif: "JPEG",
  png: "PNG",
  webp: "WebP",
  bmp: "BMP",
  tif: "TIFF",
  tiff: "TIFF",
};

const checks: { readonly [K in Oddity]: (facts: ContentFacts, path: string) => string | undefined } = {
  tooSmall: ({ width, height }) => (Math.min(width, height) < leastSide ? `${width} x ${height} pixels` : undefined),
  notRgb: ({ colourSpace, transparent, pages }) => {
    const what = [
      ...(colourSpace === "srgb" ? [] : [colourSpace]),
      ...(transparent ? ["transparent"] : []),
      ...(pages > 1 ? [`${pages} pages or frames`] : []),
    ];
    return what.length > 0 ? what.join(", ") : undefined;
  },
  wronglyNamed: ({ format }, path) => {
    const suffix = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
    return formatBySuffix[suffix] === format ? undefined : `.${suffix}, but it is ${format}`;
  },
  turned: ({ orientation }) => (orientation === 1 ? undefined : `orientation ${orientation}`),
};

/** All oddities of the files that can be decoded, in the images' order. */
export function findOddities(
  images: readonly ImageRecord[],
  { contents, contentOf }: Survey,
): { readonly [K in Oddity]: readonly FileFinding[] } {
  const of = (kind: Oddity): FileFinding[] =>
    images.flatMap(({ path }, index) => {
      const content = contentOf[index];
      const what = content === undefined ? undefined : checks[kind](contents[content]!, path);
      return what === undefined ? [] : [{ path, what }];
    });
  return { tooSmall: of("tooSmall"), notRgb: of("notRgb"), wronglyNamed: of("wronglyNamed"), turned: of("turned") };
}
