package import CLIPEngine
internal import CLIPJSON

/// The bodies of successful answers, in the real server's key order.
package enum RoboflowAnswers {
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
        JSONWriter.object { writer in
            writer.reserve(
                embeddings.count * (embeddings.first?.values.count ?? 0) * JSONWriter.mostBytesPerNumber
            )
            start(&writer, model: model, seconds: seconds)
            writer.member("embeddings") { writer in
                writer.array { writer in
                    for embedding in embeddings where !isUnwanted() {
                        writer.numbers(embedding.values)
                    }
                }
            }
        }
    }

    /// No answer of `compare` is longer: names come back, a byte as six characters at most.
    package static func mostBytes(ofSimilaritiesTo prompts: CompareBody.Prompts) -> Int {
        guard case .mapping(let members) = prompts else { return 0 }
        return members.reduce(0) { $0 + 6 * $1.name.utf8.count + JSONWriter.mostBytesPerNumber }
    }

    /// What `compare` answers: a list of similarities, or an object if the prompts had names.
    package static func similarities(
        _ similarities: [Float],
        prompts: CompareBody.Prompts,
        model: String,
        seconds: Double
    ) -> [UInt8] {
        JSONWriter.object { writer in
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
}
