/** The packed store of the real 9-class set. */
import { expect, test } from "vitest";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { readDataset } from "../read-dataset.ts";
import { packImages } from "./packed-store.ts";

const real = process.env.NAEVUS_DATA;
test.skipIf(real === undefined)("the 9-class ISIC set packs whole, with NAEVUS_DATA", async () => {
  const packed = await packImages(await readDataset(real!), { size: 4, cacheFolder: temporaryFolder() });
  expect(packed.images).toHaveLength(2359);
  expect(packed.problems).toEqual([]);
  expect(packed.fingerprint).toBe("91634e3017127d0ebf505fd35ebc0d0486ab65be810e30a801d4d49571502184");
  packed.close();
});
