package import CLIPEngine
package import CLIPIndex

/// The bodies of answers about the server itself.
package enum StateAnswers {
    /// The answer of `/info`.
    ///
    /// Roboflow's clients need the three strings; the name is this server's own, so that it is not mistaken for
    /// Roboflow's. The other members are additions. Where the index is stays untold, since whoever may use the server reads this.
    package static func info(
        _ identity: ServerIdentity,
        models: [ModelDescription],
        decoding: ImageDecoding,
        caches: (String) -> (texts: CacheStatistics?, images: CacheStatistics?)?,
        pictures: PictureSearch?
    ) -> [UInt8] {
        JSONWriter.object { writer in
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
                            writer.towers(model.towers)
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
            guard let pictures else { return writer.nullMembers("index") }
            writer.member("index") { writer in
                writer.object { writer in
                    writer.member("model", pictures.model)
                    writer.member("precision", pictures.precision)
                    write(pictures.pictureCount, as: "pictures", to: &writer)
                }
            }
        }
    }

    /// Writes a number; null if there is none, as where a tower is missing.
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

    /// The answer of `/healthz` and `/readiness`.
    package static func status(_ status: String) -> [UInt8] {
        JSONWriter.object { $0.member("status", status) }
    }
}
