package import CLIPEngine

/// The bodies of successful answers, with the fields that OpenAI's client wants.
package enum OpenAIAnswers {
    /// What `/v1/embeddings` answers.
    ///
    /// - Parameters:
    ///   - tokens: what is counted as usage: the texts' tokens; pictures have none.
    ///   - isUnwanted: whether to stop in the middle, since nobody waits for it any more.
    package static func embeddings(
        _ embeddings: [Embedding],
        encoding: EmbeddingsBody.Encoding,
        model: String,
        tokens: Int,
        unless isUnwanted: () -> Bool = { false }
    ) -> [UInt8] {
        JSONWriter.object { writer in
            let width = embeddings.first?.values.count ?? 0
            writer.reserve(embeddings.count * (width * JSONWriter.mostBytesPerNumber + 64) + 128)
            writer.member("object", "list")
            writer.member("data") { writer in
                writer.array { writer in
                    for (index, embedding) in embeddings.enumerated() where !isUnwanted() {
                        writer.object { writer in
                            writer.member("object", "embedding")
                            writer.member("index") { $0.integer(index) }
                            writer.member("embedding") { writer in
                                switch encoding {
                                case .float: writer.numbers(embedding.values)
                                case .base64: writer.string(embedding.base64)
                                }
                            }
                        }
                    }
                }
            }
            writer.member("model", model)
            writer.member("usage") { writer in
                writer.object { writer in
                    writer.member("prompt_tokens") { $0.integer(tokens) }
                    writer.member("total_tokens") { $0.integer(tokens) }
                }
            }
        }
    }

    static func models(_ models: [ModelListing], forInfinity: Bool) -> [UInt8] {
        JSONWriter.object { writer in
            writer.member("object", "list")
            writer.member("data") { writer in
                writer.array { writer in
                    for model in models { write(model, forInfinity: forInfinity, to: &writer) }
                }
            }
        }
    }

    static func model(_ model: ModelListing) -> [UInt8] {
        var writer = JSONWriter()
        write(model, forInfinity: false, to: &writer)
        return writer.bytes
    }

    /// Nobody knows when a checkpoint was made, which OpenAI's `created` tells; clients want a number there.
    ///
    /// - Parameter forInfinity: whether its client reads it, which takes no other owner and wants figures of its queue, of which
    ///   it needs none.
    private static func write(_ model: ModelListing, forInfinity: Bool, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", model.name)
            writer.member("object", "model")
            writer.member("created") { $0.integer(0) }
            if forInfinity {
                writer.member("stats") { $0.object { _ in } }
                writer.member("owned_by", "infinity")
                return
            }
            writer.member(
                "owned_by",
                model.origin.map { String($0.repository.prefix { $0 != "/" }) } ?? "local"
            )
        }
    }
}
