/** Which image a file shows, by its name: ISIC ids, and the suffixes that copies and downsampled versions get. */

/** The suffixes of the formats that are decoded, in any case. A file's content decides, its suffix only selects it. */
export const imageSuffix = /\.(jpe?g|jpe|jfif|png|webp|bmp|tiff?)$/i;

/** What a table may call an image by besides: formats that images are sorted and shared in before they are converted. */
const otherImageSuffix = /\.(gif|dib|hei[cf]|avif|jp2|dcm|dicom)$/i;

const suffixes = /(?:\s*\(\d+\)|[ _-]+(?:copy|kopie|copia|downsampled)(?:[ _-]*\d+)?|\s+-\s+copy)$/i;

/** A name without the suffixes of images' formats (`a.dcm.png` is `a`). What else follows a dot is its part: `lesion.2` is not `lesion`. */
export const withoutImageSuffix = (name: string): string => name.replace(imageSuffix, "").replace(otherImageSuffix, "");

/** A file's name without folders and without the suffix of its format. */
export const fileStem = (path: string): string =>
  withoutImageSuffix(path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1));

/** The ISIC id in a file's name, as `ISIC_0000000`; undefined where there is none. It names one image of the archive. */
export function isicId(path: string): string | undefined {
  const digits = /(?:^|[^a-z0-9])isic_(\d{7})(?!\d)/i.exec(fileStem(path))?.[1];
  return digits === undefined ? undefined : `ISIC_${digits}`;
}

/**
 * The id of the image that a file shows: its ISIC id, else its name without folders, format and the suffixes of copies, such as
 * ` (1)`, `_downsampled`, ` - Copy`. Outside of ISIC two files of one id may be different images.
 */
export function imageId(path: string): string {
  const isic = isicId(path);
  if (isic !== undefined) return isic;
  let id = fileStem(path);
  for (let shorter = id.replace(suffixes, ""); shorter !== id && shorter !== ""; shorter = id.replace(suffixes, "")) {
    id = shorter;
  }
  return id;
}
