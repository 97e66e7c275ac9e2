/** Which addresses a download may ask: what the archive answers is text of others, and must not send the client anywhere else. */

/** Where the ISIC Archive keeps its image files. */
const isicStorage: readonly string[] = ["content.isic-archive.com", "isic-archive.s3.amazonaws.com"];

/** Whether an address may be asked. */
export type AllowedAddress = (url: URL) => boolean;

/**
 * Allowed are the archive's own scheme, host and port, which the user chose, and over https the hosts of the ISIC Archive's image files
 * and `others`. A name is taken as it is written and not by what it resolves to: over https a machine must prove that it has the name, so
 * that a name server that lies leads to no other one.
 *
 * @param archive address of the interface
 * @param others further hosts that keep images, each with its port where that is not the usual one, such as those of a mirror; where the
 *   archive's own address is http, they may be asked over http too
 */
export function allowedAddresses(archive: string, others: readonly string[] = []): AllowedAddress {
  const { origin, protocol } = new URL(archive);
  const hosts = new Set(others.map((host) => host.toLowerCase()));
  return (url) => {
    if (url.username !== "" || url.password !== "") return false;
    if (url.origin === origin) return true;
    if (url.protocol === "https:") return isicStorage.includes(url.host) || hosts.has(url.host);
    return url.protocol === "http:" && protocol === "http:" && hosts.has(url.host);
  };
}
