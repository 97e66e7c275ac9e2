/** Which of a table's names means an image file: by its folders where the table gives them, never a namesake of another folder. */

import { foldedName } from "./folded-names.ts";
import { fileStem, imageId, isicId, withoutImageSuffix } from "./image-id.ts";

/** A path in the one form in which paths are compared: accents in one; a backslash parts folders, in a file's own name too. */
const oneForm = (path: string): string => path.normalize("NFC").replaceAll("\\", "/");

/** A table's name for an image in one form: folders with `/`, accents in one, without the suffix of an image's format. */
export const imageName = (given: string): string => withoutImageSuffix(oneForm(given).replace(/^(\.?\/)+/, ""));

/** The folders of a path, the innermost first, folded. */
const foldersOf = (path: string): string[] => foldedName(path).split("/").slice(0, -1).reverse();

/** Folders that say which part of a data set an image belongs to; two of them that differ are two images. */
const splitFolder = /^(train|training|test|testing|val|valid|validation)$/;

interface Candidate {
  readonly name: string;
  readonly stem: string;
  readonly folders: readonly string[];
}

/**
 * How many folders of a table's name agree with a file's, from the innermost; undefined where they are of different images.
 *
 * One may tell more of the outer folders than the other (`melanoma/a` and `/home/me/Train/melanoma/a`). Outer folders may also differ, as
 * data are moved, if the class folder agrees and they are not Train and Test.
 */
function agreement(named: readonly string[], own: readonly string[]): number | undefined {
  const both = Math.min(named.length, own.length);
  let agreeing = 0;
  while (agreeing < both && named[agreeing] === own[agreeing]) agreeing++;
  if (agreeing === both) return agreeing;
  return agreeing > 0 && !splitFolder.test(named[agreeing]!) ? agreeing : undefined;
}

/** How a name was found: as it is written (`exact`), in other letters (`folded`), or as the same ISIC id or a copy (`id`). */
export type Likeness = "exact" | "folded" | "id";

/** The names in a table that mean one image, and how they were found. */
export interface FoundNames {
  /** One, or several names of one image, such as one with folders and one without. */
  readonly names: readonly string[];
  readonly likeness: Likeness;
}

/** By which part of a name it is looked up. */
type Part = "stem" | "id";

/** Stands for names in any folder; no folder is called so. */
const anyFolder = "/";

const keyOf = (part: Part, folder: string, text: string): string => `${part}\n${folder}\n${foldedName(text)}`;

/** The names of one table, or of several of the same images. */
export class ImageNames {
  /** By a part of the name and its innermost folder, which has to agree; names without folders under the empty one. */
  readonly #candidates = new Map<string, Candidate[]>();

  /** @param names in the form of {@link imageName} */
  constructor(names: Iterable<string>) {
    for (const name of names) {
      const candidate = { name, stem: name.slice(name.lastIndexOf("/") + 1), folders: foldersOf(name) };
      for (const folder of [candidate.folders[0] ?? "", anyFolder]) {
        this.#list("stem", folder, candidate.stem).push(candidate);
        this.#list("id", folder, imageId(name)).push(candidate);
      }
    }
  }

  #list(part: Part, folder: string, text: string): Candidate[] {
    const key = keyOf(part, folder, text);
    const there = this.#candidates.get(key) ?? [];
    if (there.length === 0) this.#candidates.set(key, there);
    return there;
  }

  /**
   * The names that mean a file: those with its folders before those without, as written before folded, folded before the same id. Where
   * several could be meant, none is; of an ISIC id all are.
   */
  find(path: string): FoundNames | undefined {
    const file = oneForm(path);
    const stem = fileStem(file);
    const own = foldersOf(file);
    const like = (part: Part, text: string): readonly Candidate[] =>
      (own.length === 0 ? [anyFolder] : [own[0]!, ""]).flatMap((folder) => this.#known(part, folder, text));
    const alike = like("stem", stem);
    const levels: readonly (readonly [Likeness, () => readonly Candidate[]])[] = [
      ["exact", () => alike.filter((candidate) => candidate.stem === stem)],
      ["folded", () => alike],
      ["id", () => like("id", imageId(file))],
    ];
    for (const [likeness, candidatesOf] of levels) {
      const candidates = candidatesOf();
      const withFolders = best(candidates, own);
      const without = candidates.filter(({ folders }) => folders.length === 0).map(({ name }) => name);
      if (withFolders.length + without.length === 0) continue;
      const isIsic = isicId(file) !== undefined;
      const names = [withFolders, without].flatMap((some) => (some.length === 1 || isIsic ? some : []));
      return names.length === 0 ? undefined : { names, likeness };
    }
    const isic = isicId(file);
    const anywhere = isic === undefined ? [] : this.#known("id", anyFolder, isic).map(({ name }) => name);
    return anywhere.length === 0 ? undefined : { names: anywhere, likeness: "id" };
  }

  #known(part: Part, folder: string, text: string): readonly Candidate[] {
    return this.#candidates.get(keyOf(part, folder, text)) ?? [];
  }
}

/** Of the names with folders those that agree most with a file's. */
function best(candidates: readonly Candidate[], own: readonly string[]): string[] {
  let most = 0;
  let names: string[] = [];
  for (const { name, folders } of candidates) {
    const agreeing = folders.length === 0 ? undefined : agreement(folders, own);
    if (agreeing === undefined || agreeing < most) continue;
    names = agreeing > most ? [name] : [...names, name];
    most = agreeing;
  }
  return names;
}
