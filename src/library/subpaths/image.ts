/** `naevus/image`: images: decoded as training decodes them, packed at working resolution, and as pictures for a page. */
import "../../node-version.ts";

export { decodeImage } from "../../image/decoding/decode.ts";
export { withPixelLimit } from "../../image/decoding/pixel-limit.ts";
export { type Geometry, geometryNames } from "../../image/geometry.ts";
export type { ImageSize } from "../../image/image-size.ts";
export { type PixelPictureOptions, pixelPicture } from "../../image/pixel-picture.ts";
export { type ResamplingFilter, resamplingFilters } from "../../image/resampling.ts";
export { type ImageBatch, type ImageBatchOptions, imageBatches } from "../../image/store/image-batches.ts";
export type { ImageContent } from "../../image/store/packed-store.ts";
export { type PackedImages, type PackOptions, packImages } from "../../image/store/packed-store.ts";
export type { ImageSelection, OpenPixelFile } from "../../image/store/pixel-file.ts";
