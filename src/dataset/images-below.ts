/** The image files below a folder, however deep it is. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { listFolder } from "./class-folders.ts";
import { imageSuffix } from "./image-id.ts";

/** A path that is to be read as an image, or why none can be read there: one sentence that names it. */
export type FoundImage = { readonly image: string } | { readonly image: string; readonly error: string };

/** One folder under whatever name links give it. */
const identityOf = ({ dev, ino }: { readonly dev: number; readonly ino: number }): string => `${dev}:${ino}`;

/**
 * Every file below a folder that is an image by its suffix, by code point. Links are followed, each folder is read once, and folders that
 * naevus wrote are passed over. What cannot be read gives an error in its place: a folder without permission, one that holds itself
 * through a link, a broken link, a name that is not UTF-8, and a folder without any image.
 */
export async function* imagesBelow(folder: string): AsyncGenerator<FoundImage> {
  const stats = await stat(folder).catch(() => undefined);
  let found = 0;
  for await (const image of walk(folder, stats ? [identityOf(stats)] : [], new Set())) {
    found++;
    yield image;
  }
  if (found === 0) yield { image: folder, error: `${folder}: no images below this folder; give one that holds some` };
}

async function* walk(folder: string, above: readonly string[], done: Set<string>): AsyncGenerator<FoundImage> {
  let entries: Awaited<ReturnType<typeof listFolder>>["entries"];
  try {
    ({ entries } = await listFolder(folder, ""));
  } catch (error) {
    yield { image: folder, error: (error as Error).message };
    return;
  }
  for (const { name, isUtf8, stats } of entries) {
    const image = join(folder, name);
    const trouble = (reason: string): FoundImage => ({ image, error: `${image}: ${reason}` });
    if (stats === undefined) yield trouble("a broken link, or may not be read; mend or remove it");
    else if (stats.isDirectory() || imageSuffix.test(name)) {
      if (!isUtf8) yield trouble("its name is not UTF-8; rename it");
      else if (!stats.isDirectory()) yield { image };
      else {
        const identity = identityOf(stats);
        if (above.includes(identity)) yield trouble("a link to a folder that holds it; remove it");
        else if (!done.has(identity)) yield* walk(image, [...above, identity], done);
        done.add(identity);
      }
    }
  }
}
