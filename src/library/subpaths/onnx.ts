/** `naevus/onnx`: the model file: written from a network and its parameters, and run on pixels by ONNX Runtime. */
import "../../node-version.ts";

export { type LoadOptions, loadModel as openModel, type Model } from "../../inference/model.ts";
export type { RuntimeName } from "../../inference/runtime.ts";
export { testTimeAugmented } from "../../inference/test-time-augmentation.ts";
export type { Digest, LearnedImages } from "../../onnx/learned-images.ts";
export type { Ancestor } from "../../onnx/lineage.ts";
export type { ModelMetadata, StoredMetadata } from "../../onnx/model-metadata.ts";
export { onnxModel } from "../../onnx/onnx-model.ts";
