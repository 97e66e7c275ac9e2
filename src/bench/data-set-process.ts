/** Runs as a process of its own: audits, packs, streams or trains on a folder, as its arguments say, and writes time, processor time and memory as one JSON line. */
import { auditDataset } from "../audit/audit.ts";
import { readDataset } from "../image/read-dataset.ts";
import { packImages } from "../image/store/packed-store.ts";
import { Random } from "../random.ts";
import { train } from "../run/train.ts";

/** Width and height at which the packed store keeps images. */
const size = 64;
const batch = 32;

const [task, data, cacheFolder] = process.argv.slice(2) as ["audit" | "pack" | "stream" | "train", string, string];

/** Opens every image, compares all, and judges sources. */
async function audit(): Promise<object> {
  const { counts } = await auditDataset(await readDataset(data));
  return { contents: counts.contents, nearDuplicatePairs: counts.nearDuplicatePairs };
}

/** Decodes every image into the packed store. */
async function pack(): Promise<object> {
  const packed = await packImages(await readDataset(data), { size, cacheFolder });
  packed.close();
  return { packed: packed.images.length };
}

/** Reads every image of a packed store once, in batches of images drawn at random. */
async function stream(): Promise<object> {
  const packed = await packImages(await readDataset(data), { size, cacheFolder });
  const order = Random.of(0).shuffle(Uint32Array.from(packed.images, (_, i) => i));
  const out = new Uint8Array(batch * size * size * 3);
  const whole = Math.floor(order.length / batch) * batch;
  let sum = 0;
  for (let start = 0; start < whole; start += batch) {
    packed.read(order.subarray(start, start + batch), out);
    sum += out[0]!;
  }
  packed.close();
  return { read: whole, meanOfFirstValues: sum / (whole / batch) };
}

/** Trains for one epoch, shuffled, and leaves a run beside the packed store. */
async function trainOnce(): Promise<object> {
  const settings = { imageSize: size, batch, epochs: 1, cache: cacheFolder, out: `${cacheFolder}-run` };
  const { loss, imagesPerSecond } = await train(await readDataset(data), settings);
  return { loss, imagesPerSecond };
}

const start = performance.now();
const figures = await { audit, pack, stream, train: trainOnce }[task]();
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage();
const processorSeconds = (user + system) / 1e6;
const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ ...figures, seconds, processorSeconds, peakMemoryBytes }));
