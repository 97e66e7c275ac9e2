/** Image files with metadata that a test can find again: what cameras, phones and programs write beside a picture. */

const segment = (marker: number, content: string): Buffer => {
  const bytes = Buffer.from(content, "latin1");
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(bytes.length + 2, 2);
  return Buffer.concat([head, bytes]);
};

/** An EXIF block with the mark as the camera's owner and a place on earth. */
function exif(mark: string): string {
  const text = `${mark}\0`;
  const tiff = Buffer.alloc(8 + 2 + 2 * 12 + 4 + 2 + 12 + 4 + text.length);
  tiff.write("MM\0*", 0, "latin1");
  tiff.writeUInt32BE(8, 4);
  const gps = 8 + 2 + 2 * 12 + 4;
  const at = gps + 2 + 12 + 4;
  const entry = (offset: number, [tag, type, count, value]: readonly [number, number, number, number]) => {
    tiff.writeUInt16BE(tag, offset);
    tiff.writeUInt16BE(type, offset + 2);
    tiff.writeUInt32BE(count, offset + 4);
    tiff.writeUInt32BE(value, offset + 8);
  };
  tiff.writeUInt16BE(2, 8);
  entry(10, [0x013b, 2, text.length, at]);
  entry(22, [0x8825, 4, 1, gps]);
  tiff.writeUInt16BE(1, gps);
  // GPSLatitudeRef "N".
  entry(gps + 2, [1, 2, 2, 0x4e000000]);
  tiff.write(text, at, "latin1");
  return `Exif\0\0${tiff.toString("latin1")}`;
}

/** A JPEG file with the mark in its EXIF (artist, beside a GPS block), XMP, IPTC, colour profile and comment. */
export function withMarkedMetadata(jpeg: Uint8Array, mark: string): Uint8Array {
  return Buffer.concat([
    jpeg.subarray(0, 2),
    segment(0xe1, exif(mark)),
    segment(0xe1, `http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/">${mark}</x:xmpmeta>`),
    segment(0xed, `Photoshop 3.0\0${mark}`),
    segment(0xec, mark),
    segment(0xfe, mark),
    jpeg.subarray(2),
  ]);
}

/** The chunks of a PNG file by their types. */
export function pngChunks(png: Buffer): string[] {
  const types: string[] = [];
  for (let at = 8; at + 8 <= png.length; at += 12 + png.readUInt32BE(at)) {
    types.push(png.toString("latin1", at + 4, at + 8));
    if (types.at(-1) === "IEND") break;
  }
  return types;
}
