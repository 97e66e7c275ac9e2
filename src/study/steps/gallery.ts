/** Step 5: what each augmentation does to one training image. */
import { augmentationGallery } from "../../image/augmentation/gallery.ts";
import { pixelPicture } from "../../image/pixel-picture.ts";
import type { PackedImages } from "../../image/store/packed-store.ts";
import { Random } from "../../random.ts";
import { doStep, pictureInputs, type StudyContext } from "../study-context.ts";
import type { GalleryPictures } from "../study-report.ts";
import { firstNetwork } from "./cross-validated.ts";
import type { MadeDataset } from "./dataset.ts";

/** The gallery at the size of the notebook's network; empty in a report without pictures. */
export const galleryStep = (
  context: StudyContext,
  { data, findings }: Pick<MadeDataset, "data" | "findings">,
): Promise<GalleryPictures[]> => {
  const { settings, pictures } = context;
  return doStep(context, {
    id: "gallery",
    inputs: [findings.plan, settings.imageSize ?? null, settings.seed, ...pictureInputs(context)],
    run: async () =>
      pictures ? makeGallery(await data.pack({ ...settings, network: firstNetwork }), settings.seed) : [],
  });
};

/** Pictures of what each augmentation does to two training images. */
async function makeGallery(packed: PackedImages, seed: number): Promise<GalleryPictures[]> {
  const { height, width } = packed;
  const training = packed.images.flatMap(({ split }, index) => (split === "train" ? [index] : []));
  const [one, other] = Random.of(seed, 0x67616c).shuffle(training);
  const pixels = new Uint8Array(2 * height * width * 3);
  packed.read([one!, other!], pixels);
  const image = pixels.slice(0, pixels.length / 2);
  const rows = augmentationGallery(image, { height, width, partner: pixels.slice(pixels.length / 2), seed });
  const original = { label: "as it is", picture: await pixelPicture(image, { height, width }) };
  return [
    { title: "Original", pictures: [original] },
    ...(await Promise.all(
      rows.map(async ({ title, pictures }) => ({
        title,
        pictures: await Promise.all(
          pictures.map(async ({ label, pixels: own }) => ({
            label,
            picture: await pixelPicture(own, { height, width }),
          })),
        ),
      })),
    )),
  ];
}
