import Benchmark
@_spi(Benchmarks) internal import CLIPEngine
@_spi(Benchmarks) internal import CLIPServer

/// Turning JSON into requests to the engine, and its answers into JSON.
func wire() {
    let photograph = Samples.base64Photograph
    Benchmark("read-base64-photograph") { benchmark in
        benchmark.measure { Base64.decode(photograph) }
    }
    Benchmark("parse-caption-request") { benchmark in
        let body = Array(#"{"clip_version_id": "ViT-B-32", "text": "\#(Samples.caption)"}"#.utf8)
        try benchmark.measure { try WireStages.texts(ofBody: body) }
    }
    Benchmark("parse-eight-image-request") { benchmark in
        let image = #"{"type": "base64", "value": "\#(String(decoding: photograph, as: UTF8.self))"}"#
        let images = repeatElement(image, count: 8).joined(separator: ", ")
        let body = Array(#"{"clip_version_id": "ViT-B-32", "image": [\#(images)]}"#.utf8)
        try benchmark.measure { try WireStages.images(ofBody: body) }
    }
    Benchmark("write-eight-embeddings") { benchmark in
        let embeddings = (0..<8).map { _ in Embedding(values: noise(count: 512)) }
        benchmark.measure { WireStages.answer(embeddings, model: "ViT-B-32", seconds: 0.0123) }
    }
}
