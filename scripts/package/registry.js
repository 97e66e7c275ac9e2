/** A registry of packages that holds one tarball and sends whoever asks for another package to npm's, for managers that take no tarball. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

/**
 * Starts the registry on this machine.
 *
 * @param {string} tarball
 * @param {Record<string, unknown> & { name: string, version: string }} manifest the package.json in the tarball
 * @param {string} upstream the registry that has all other packages
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export async function serveTarball(tarball, manifest, upstream) {
  const content = readFileSync(tarball);
  const { name, version } = manifest;
  const server = createServer((request, response) => {
    if (request.url === `/${name}.tgz`) return response.end(content);
    if (request.url !== `/${name}`)
      return response.writeHead(302, { location: new URL(`.${request.url}`, upstream).href }).end();
    const integrity = `sha512-${createHash("sha512").update(content).digest("base64")}`;
    const dist = { tarball: `http://${request.headers.host}/${name}.tgz`, integrity };
    const time = { [version]: "2020-01-01T00:00:00.000Z" };
    const versions = { [version]: { ...manifest, dist } };
    response.setHeader("content-type", "application/json");
    return response.end(JSON.stringify({ name, "dist-tags": { latest: version }, time, versions }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the registry has no port");
  return { url: `http://127.0.0.1:${address.port}/`, close: () => void server.close() };
}
