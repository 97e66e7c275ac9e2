/** Images below a folder: order, links, loops, and what cannot be read. */
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { type FoundImage, imagesBelow } from "./images-below.ts";

const folder = temporaryFolder();

async function found(place: string): Promise<FoundImage[]> {
  const images: FoundImage[] = [];
  for await (const image of imagesBelow(place)) images.push(image);
  return images;
}

async function write(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), "");
  }
}

it("lists images by their suffix and by code point, not what is hidden or no image", async () => {
  await write(
    "order/b.jpg",
    "order/a/2.PNG",
    "order/a/10.tif",
    "order/a/notes.txt",
    "order/.hidden/x.jpg",
    "order/Z.webp",
  );
  const place = join(folder, "order");
  expect(await found(place)).toEqual(
    ["Z.webp", "a/10.tif", "a/2.PNG", "b.jpg"].map((path) => ({ image: join(place, path) })),
  );
});

it("follows links, reads each folder once, and names a folder that holds itself", async () => {
  await write("links/real/a.jpg", "outside/b.jpg");
  const place = join(folder, "links");
  await symlink("..", join(place, "real", "loop"));
  await symlink("real", join(place, "same"));
  await symlink(join(folder, "outside"), join(place, "other"));
  await symlink("nowhere.jpg", join(place, "broken.jpg"));
  expect(await found(place)).toEqual([
    { image: join(place, "broken.jpg"), error: expect.stringMatching(/broken\.jpg: a broken link/) },
    { image: join(place, "other", "b.jpg") },
    { image: join(place, "real", "a.jpg") },
    { image: join(place, "real", "loop"), error: expect.stringMatching(/loop: a link to a folder that holds it; /) },
  ]);
});

it("names what cannot be read and goes on", async () => {
  await write("trouble/z.jpg");
  const place = join(folder, "trouble");
  await writeFile(Buffer.concat([Buffer.from(`${place}/caf`), Buffer.from([0xe9]), Buffer.from(".jpg")]), "");
  expect(await found(place)).toEqual([
    { image: join(place, "caf\\xe9.jpg"), error: expect.stringMatching(/its name is not UTF-8; rename it/) },
    { image: join(place, "z.jpg") },
  ]);
  await mkdir(join(folder, "empty"));
  expect(await found(join(folder, "empty"))).toEqual([
    { image: join(folder, "empty"), error: expect.stringMatching(/no images below this folder; /) },
  ]);
});
