/**
 * Out-of-fold logits of one recipe under many seeds, on which src/evaluation/comparison/recipe-comparison.proof.ts counts false claims.
 *
 *     npm run build && node scripts/references/recipe_seeds.js DATA METADATA EPOCHS [SEEDS]
 *
 * Trains the notebook's network, on images reduced to 64 by 64 pixels, on four of five grouped folds of the curated training images,
 * for every fold and seed (20 seeds of ten epochs: about ten minutes on two cores), and writes
 * src/evaluation/reference-numbers/recipe-seeds-EPOCHS.bin.gz. Kept are 10 epochs, and 4, which leave more to the seed. The file
 * holds numbers alone: a JSON line with { images, classes, folds, seeds, step }, then, one byte per number, each image's class, fold and
 * group (two bytes, low one first), then the logits, (seeds, images, classes), as whole steps below the largest of their image.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { cleanDataset, foldsOf, groupsOf } from "../../dist/dataset/protocols.js";
import { cacheFolder } from "../../dist/disk/cache-folder.js";
import { selectEngine } from "../../dist/engine/select-engine.js";
import { packImages } from "../../dist/image/store/packed-store.js";
import { curate } from "../../dist/run/curate.js";
import { openCuratedData } from "../../dist/run/data/open-data.js";
import { fitNetwork } from "../../dist/run/fit-network.js";
import { parseSettings } from "../../dist/training/settings/parse.js";

const [data, metadata, epochs, given = "20"] = process.argv.slice(2);
if (data === undefined || metadata === undefined || epochs === undefined) {
  console.error("usage: node scripts/references/recipe_seeds.js DATA METADATA EPOCHS [SEEDS]");
  process.exit(1);
}
const seeds = Number(given);
const folds = 5;
/** Logits are kept to this. */
const step = 1 / 8;
const file = new URL(`../../src/evaluation/reference-numbers/recipe-seeds-${epochs}.bin.gz`, import.meta.url);

const folder = await mkdtemp(join(tmpdir(), "naevus-recipe-seeds-"));
const curation = join(folder, "curation.csv");
await curate(data, { out: curation, metadata });
const { dataset, options } = await openCuratedData(data, { curation, metadata });
await rm(folder, { recursive: true });
const clean = await cleanDataset(dataset, options);
const training = { ...clean, images: clean.images.filter(({ split }) => split === "train") };
const packed = await packImages(training, { size: 64, cacheFolder: await cacheFolder(undefined, console.error) });
const { foldOf } = await foldsOf({ ...training, images: packed.images }, { ...options, folds });
const { groupOf } = await groupsOf({ ...training, images: packed.images }, options);
const classes = training.classes.length;
const images = packed.images.length;
const engine = await selectEngine("auto", console.error);
const indices = packed.images.map((_, index) => index);

const logits = new Uint8Array(seeds * images * classes);
for (let seed = 0; seed < seeds; seed++) {
  let right = 0;
  for (let fold = 0; fold < folds; fold++) {
    const judged = indices.filter((index) => foldOf[index] === fold);
    const fit = await fitNetwork({
      engine,
      packed,
      classes,
      learned: indices.filter((index) => foldOf[index] !== fold),
      judged,
      settings: parseSettings({ network: "notebook", epochs: Number(epochs), imageSize: 64, seed: 1000 * seed + fold }),
    });
    judged.forEach((index, row) => {
      const own = fit.logits.subarray(row * classes, (row + 1) * classes);
      const largest = own.indexOf(Math.max(...own));
      if (largest === packed.images[index]?.label) right++;
      own.forEach((logit, label) => {
        // At least one step below, so that the most probable class stays the only one.
        const below = label === largest ? 0 : Math.max(1, Math.round(((own[largest] ?? 0) - logit) / step));
        logits[(seed * images + index) * classes + label] = Math.min(255, below);
      });
    });
  }
  console.log(`seed ${seed}: accuracy ${((100 * right) / images).toFixed(1)} %`);
}
packed.close();

const header = Buffer.from(`${JSON.stringify({ images, classes, folds, seeds, step })}\n`);
const labels = Buffer.from(packed.images.map(({ label }) => label));
const groups = Buffer.from(Uint16Array.from(groupOf).buffer);
await writeFile(file, gzipSync(Buffer.concat([header, labels, Buffer.from(foldOf), groups, logits]), { level: 9 }));
