/** What a small study that is the same on all machines is made with. */
import { copyFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Moves on by as much each time it is looked at, so that speeds, and the epochs that they allow, are alike on all machines. */
export function steadyStopwatch(): () => number {
  let milliseconds = 0;
  return () => {
    milliseconds += 10;
    return milliseconds;
  };
}

/** Files all but one content of a class under another class too, so that the plan leaves the class out whole, and adds a file that is no image. */
export async function spoil(data: string): Promise<void> {
  const spoilt = (await readdir(join(data, "Train", "squamous cell carcinoma"))).sort();
  for (const name of spoilt.slice(1)) {
    await copyFile(
      join(data, "Train", "squamous cell carcinoma", name),
      join(data, "Train", "melanoma", `copy-of-${name}`),
    );
  }
  const tested = await readdir(join(data, "Test", "squamous cell carcinoma"));
  for (const name of tested) {
    await copyFile(
      join(data, "Test", "squamous cell carcinoma", name),
      join(data, "Train", "melanoma", `copy-of-${name}`),
    );
  }
  await writeFile(join(data, "Train", "nevus", "broken.jpg"), "no image");
}
