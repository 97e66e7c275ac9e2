/** Which classes a diagnosis in the metadata agrees with: the names of ISIC and HAM10000, and a user's own mapping file. */

import { DatasetError } from "../errors.ts";
import { nameList } from "../text/name-list.ts";
import { readTable } from "./csv-table.ts";
import { FoldedNames } from "./folded-names.ts";
import { isMissing, isMissingName } from "./missing-values.ts";

/** What diagnoses and class folders are called, by the kind that is meant; all in the form of {@link plainName}. */
const names = {
  melanoma: ["mel", "melanoma", "malignant melanoma", "melanoma invasive", "melanoma in situ", "melanoma metastasis"],
  nevus: ["nv", "nevus", "nevi", "naevus", "naevi", "melanocytic nevus", "melanocytic nevi", "melanocytic naevus"],
  basalCellCarcinoma: ["bcc", "basal cell carcinoma"],
  actinicKeratosis: ["ak", "actinic keratosis", "actinic keratoses", "solar keratosis", "solar or actinic keratosis"],
  squamousCellCarcinoma: [
    "scc",
    "squamous cell carcinoma",
    "squamous cell carcinoma in situ",
    "squamous cell carcinoma invasive",
    "bowen's disease",
  ],
  actinicKeratosisOrCarcinomaInSitu: ["akiec", "actinic keratoses and intraepithelial carcinoma"],
  benignKeratosis: ["bkl", "benign keratosis", "benign keratosis like lesion", "benign keratosis like lesions"],
  pigmentedBenignKeratosis: ["pbk", "pigmented benign keratosis"],
  seborrheicKeratosis: ["sk", "seborrheic keratosis", "seborrheic keratoses", "seborrhoeic keratosis"],
  solarLentigo: ["solar lentigo", "lentigo solaris"],
  lichenPlanusLikeKeratosis: ["lplk", "lichen planus like keratosis"],
  dermatofibroma: ["df", "dermatofibroma"],
  vascularLesion: [
    "vasc",
    "vascular lesion",
    "vascular lesions",
    "angioma",
    "hemangioma",
    "angiokeratoma",
    "pyogenic granuloma",
  ],
  malignant: ["malignant"],
  benign: ["benign"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

type Kind = keyof typeof names;

const benignKeratoses = [
  "benignKeratosis",
  "pigmentedBenignKeratosis",
  "seborrheicKeratosis",
  "solarLentigo",
  "lichenPlanusLikeKeratosis",
] as const;

/**
 * The kinds of class, beside its own, that each diagnosis may stand in. ISIC 2019's BKL is several classes elsewhere, and HAM10000's
 * akiec became AK (130 images) and SCC (197 images) in ISIC 2019.
 */
const alsoAgrees: { readonly [K in Kind]: readonly Kind[] } = {
  melanoma: ["malignant"],
  nevus: ["benign"],
  basalCellCarcinoma: ["malignant"],
  // Neither benign nor malignant for sure.
  actinicKeratosis: ["actinicKeratosisOrCarcinomaInSitu", "benign", "malignant"],
  squamousCellCarcinoma: ["actinicKeratosisOrCarcinomaInSitu", "malignant"],
  actinicKeratosisOrCarcinomaInSitu: ["actinicKeratosis", "squamousCellCarcinoma", "benign", "malignant"],
  benignKeratosis: [...benignKeratoses, "benign"],
  pigmentedBenignKeratosis: [...benignKeratoses, "benign"],
  seborrheicKeratosis: ["benignKeratosis", "pigmentedBenignKeratosis", "benign"],
  solarLentigo: ["benignKeratosis", "pigmentedBenignKeratosis", "benign"],
  lichenPlanusLikeKeratosis: ["benignKeratosis", "pigmentedBenignKeratosis", "benign"],
  dermatofibroma: ["benign"],
  vascularLesion: ["benign"],
  malignant: [
    "melanoma",
    "basalCellCarcinoma",
    "squamousCellCarcinoma",
    "actinicKeratosis",
    "actinicKeratosisOrCarcinomaInSitu",
  ],
  benign: [
    "nevus",
    ...benignKeratoses,
    "dermatofibroma",
    "vascularLesion",
    "actinicKeratosis",
    "actinicKeratosisOrCarcinomaInSitu",
  ],
};

/** A name in the form in which it is compared: `Squamous-cell carcinoma, NOS` is `squamous cell carcinoma`. */
const plainName = (name: string): string =>
  name
    .normalize("NFC")
    .toLowerCase()
    .replace(/[\s_,-]+/g, " ")
    .trim()
    .replace(/ nos$/, "");

const kindByName: ReadonlyMap<string, Kind> = new Map(
  (Object.entries(names) as [Kind, readonly string[]][]).flatMap(([kind, all]) => all.map((name) => [name, kind])),
);

/** Says for each diagnosis which classes of a data set it agrees with. */
export interface DiagnosisMapping {
  /**
   * The labels that an image of this diagnosis may have; none where it belongs to no class. Undefined where the diagnosis is not
   * known, so that it says nothing.
   */
  labelsOf(diagnosis: string): readonly number[] | undefined;
}

/**
 * The mapping for a data set's classes. A class whose name is not known is never contradicted, as nobody can say what it holds.
 *
 * @param own diagnoses with the names of their classes, which go before what is built in; with none, the diagnosis says nothing
 */
export function diagnosisMapping(
  classes: readonly string[],
  own: ReadonlyMap<string, readonly string[]> = new Map(),
): DiagnosisMapping {
  const kinds = classes.map((name) => kindByName.get(plainName(name)));
  const labelByName = new Map(classes.map((name, label) => [plainName(name), label]));
  const given = new Map(
    [...own].map(([diagnosis, its]) => [plainName(diagnosis), its.map((name) => classes.indexOf(name))]),
  );
  return {
    labelsOf(diagnosis) {
      const name = plainName(diagnosis);
      const mapped = given.get(name);
      if (mapped !== undefined) return mapped.length > 0 ? mapped : undefined;
      const kind = kindByName.get(name);
      if (kind === undefined) {
        const label = labelByName.get(name);
        return label === undefined ? undefined : [label];
      }
      const agreeing: readonly Kind[] = [kind, ...alsoAgrees[kind]];
      return classes.flatMap((_, label) => {
        const its = kinds[label];
        return its === undefined || agreeing.includes(its) ? [label] : [];
      });
    },
  };
}

/**
 * Reads a mapping file: CSV with the columns `diagnosis` and `class`. A diagnosis that may be several classes has several lines; one
 * whose class is left empty says nothing of its images.
 *
 * @throws DatasetError where the file cannot be read, lacks a column or names a class that the data set does not have
 */
export async function readDiagnosisMapping(file: string, classes: readonly string[]): Promise<DiagnosisMapping> {
  const { columns, rows } = await readTable(file, { what: "mapping of diagnoses to classes", comments: true });
  const missing = ["diagnosis", "class"].find((column) => !columns.includes(column));
  if (missing !== undefined) {
    throw new DatasetError(
      `${file}: no column ${missing}; expected diagnosis and class, there is ${nameList(columns)}`,
    );
  }
  const own = new Map<string, string[]>();
  const classNames = new FoldedNames(classes.map((name) => [name, name]));
  for (const { line, fields } of rows) {
    const diagnosis = fields.get("diagnosis");
    const given = fields.get("class");
    // A class of the data may be called `none` or `unknown`; otherwise these say that there is none.
    const name = given && classNames.get(given);
    if (diagnosis === undefined || isMissingName(diagnosis))
      throw new DatasetError(`${file}: line ${line}: no diagnosis; give one, or remove the line`);
    if (given !== undefined && name === undefined && !isMissing(given)) {
      throw new DatasetError(`${file}: line ${line}: no class "${given}" in the data; there is ${nameList(classes)}`);
    }
    const key = plainName(diagnosis);
    const before = own.get(key) ?? [];
    own.set(key, name === undefined ? before : [...before, name]);
  }
  return diagnosisMapping(classes, own);
}
