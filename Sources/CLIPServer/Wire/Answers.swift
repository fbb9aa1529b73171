package import CLIPEngine
internal import CLIPJSON

/// The bodies of successful answers, in the real server's key order.
package enum Answers {
    /// What `embed_image` and `embed_text` answer.
    ///
    /// - Parameter model: its id, such as `clip/ViT-B-32`.
    /// - Parameter isUnwanted: whether to stop in the middle, since nobody waits for it any more.
    package static func embeddings(
        _ embeddings: [Embedding],
        model: String,
        seconds: Double,
        unless isUnwanted: () -> Bool = { false }
    ) -> [UInt8] {
        object { writer in
            writer.reserve(embeddings.count * (embeddings.first?.values.count ?? 0) * bytesPerNumber)
            start(&writer, model: model, seconds: seconds)
            writer.member("embeddings") { writer in
                writer.array { writer in
                    for embedding in embeddings where !isUnwanted() {
                        writer.array { writer in
                            for value in embedding.values { writer.number(value) }
                        }
                    }
                }
            }
        }
    }

    /// Most of the numbers of an embedding have fewer characters, comma included.
    private static let bytesPerNumber = 22

    /// No answer of `compare` is longer: names come back, a byte as six characters at most.
    package static func mostBytes(ofSimilaritiesTo prompts: CompareBody.Prompts) -> Int {
        guard case .mapping(let members) = prompts else { return 0 }
        return members.reduce(0) { $0 + 6 * $1.name.utf8.count + bytesPerNumber }
    }

    /// What `compare` answers: a list of similarities, or an object if the prompts had names.
    package static func similarities(
        _ similarities: [Float],
        prompts: CompareBody.Prompts,
        model: String,
        seconds: Double
    ) -> [UInt8] {
        object { writer in
            start(&writer, model: model, seconds: seconds)
            writer.member("similarity") { writer in
                switch prompts {
                case .list:
                    writer.array { writer in
                        for similarity in similarities { writer.number(similarity) }
                    }
                case .mapping(let members):
                    writer.object { writer in
                        for (member, similarity) in zip(members, similarities) {
                            writer.member(member.name.string) { $0.number(similarity) }
                        }
                    }
                }
            }
            writer.nullMembers("parent_id")
        }
    }

    /// `inference_id` and `frame_id` are always null over HTTP.
    ///
    /// Of `resolved_model` only the id has a meaning here; the
    /// rest describes packages of Roboflow's platform, and is null in the real server's answers from local files too.
    private static func start(_ writer: inout JSONWriter, model: String, seconds: Double) {
        writer.nullMembers("inference_id", "frame_id")
        writer.member("time") { $0.number(seconds) }
        writer.member("resolved_model") { writer in
            writer.object { writer in
                writer.member("model_id") { $0.string(model) }
                writer.nullMembers("model_package_id", "backend", "quantization")
            }
        }
    }

    /// What `/info` answers.
    ///
    /// Roboflow's clients want the three strings; the name is our own, so that nobody takes this server for
    /// theirs. What follows them is an addition.
    package static func info(
        _ identity: ServerIdentity,
        models: [ModelDescription],
        decoding: ImageDecoding,
        caches: (String) -> (texts: CacheStatistics?, images: CacheStatistics?)?
    ) -> [UInt8] {
        object { writer in
            writer.member("name", identity.name)
            writer.member("version", identity.version)
            writer.member("uuid", identity.uuid)
            writer.member("decoding", decoding.rawValue)
            writer.member("default_model", models.first(where: \.isDefault)?.name)
            writer.member("models") { writer in
                writer.array { writer in
                    for model in models {
                        writer.object { writer in
                            writer.member("name", model.name)
                            write(model.towers, to: &writer)
                            write(model.imageSize, as: "image_size", to: &writer)
                            writer.member("embedding_width") { $0.integer(model.embeddingWidth) }
                            write(model.contextLength, as: "context_length", to: &writer)
                            writer.member("precision", model.precision.rawValue)
                            writer.member("bytes") { $0.integer(model.byteCount) }
                            guard let caches = caches(model.name) else { return }
                            if let cache = caches.texts {
                                writer.member("text_cache") { write(cache, to: &$0) }
                            }
                            if let cache = caches.images {
                                writer.member("image_cache") { write(cache, to: &$0) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The towers of a model, `image` and `text` or one of them.
    static func write(_ towers: [Tower], to writer: inout JSONWriter) {
        writer.member("towers") { writer in
            writer.array { writer in
                for tower in towers { writer.string(tower.rawValue) }
            }
        }
    }

    /// A figure; null where the tower that has it is not there.
    private static func write(_ figure: Int?, as name: String, to writer: inout JSONWriter) {
        guard let figure else { return writer.nullMembers(name) }
        writer.member(name) { $0.integer(figure) }
    }

    private static func write(_ cache: CacheStatistics, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("hits") { $0.integer(cache.hits) }
            writer.member("misses") { $0.integer(cache.misses) }
            writer.member("shared") { $0.integer(cache.shared) }
            writer.member("entries") { $0.integer(cache.entries) }
            writer.member("bytes") { $0.integer(cache.byteCount) }
            writer.member("max_bytes") { $0.integer(cache.limit) }
        }
    }

    /// What `/healthz` and `/readiness` answer.
    package static func status(_ status: String) -> [UInt8] {
        object { $0.member("status", status) }
    }

    static func object(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(body)
        return writer.bytes
    }
}
