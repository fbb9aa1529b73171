import Benchmark
internal import CLIPEngine
internal import Inside

/// JSON to what the engine is asked, and its answers to JSON.
func wire() {
    let photograph = Samples.base64Photograph
    Benchmark("read-base64-photograph") { benchmark in
        benchmark.measure { Base64.decode(photograph) }
    }
    Benchmark("parse-caption-request") { benchmark in
        let body = Array(#"{"clip_version_id": "ViT-B-32", "text": "\#(Samples.caption)"}"#.utf8)
        try benchmark.measure {
            var fields = try fields(of: body)
            return try EmbedTextBody(&fields).texts
        }
    }
    Benchmark("parse-eight-image-request") { benchmark in
        let image = #"{"type": "base64", "value": "\#(String(decoding: photograph, as: UTF8.self))"}"#
        let images = repeatElement(image, count: 8).joined(separator: ", ")
        let body = Array(#"{"clip_version_id": "ViT-B-32", "image": [\#(images)]}"#.utf8)
        try benchmark.measure {
            var fields = try fields(of: body)
            return try EmbedImageBody(&fields).sources()
        }
    }
    Benchmark("write-eight-embeddings") { benchmark in
        let embeddings = (0..<8).map { _ in Embedding(values: noise(count: 512)) }
        benchmark.measure { Answers.embeddings(embeddings, model: "ViT-B-32", seconds: 0.0123) }
    }
}

private func fields(of body: [UInt8]) throws -> FieldReader {
    try BodyFields.read(of: body, contentType: "application/json", query: nil)
}
