package import CLIPEngine

extension RoboflowAnswers {
    /// What `/model/registry` and the routes that change it answer.
    ///
    /// `models` are those in memory, as Roboflow's clients take them; each begins with the members that the real server gives.
    /// What follows those is an addition, and so is `available`: what a request would bring. No directory of this machine is
    /// named.
    package static func registry(
        of catalogue: [ModelListing],
        memory: (used: Int, limit: Int?)
    ) -> [UInt8] {
        JSONWriter.object { writer in
            writer.member("models") { writer in
                writer.array { writer in
                    for model in catalogue {
                        guard let description = model.description else { continue }
                        writer.object { write(model, description, to: &$0) }
                    }
                }
            }
            writer.nullMembers(
                "total_vram_bytes",
                "gpu_memory_used",
                "gpu_memory_total",
                "torch_cuda_allocated",
                "torch_cuda_reserved",
                "torch_cuda_allocator_cache",
                "non_torch_gpu_memory"
            )
            writer.member("model_memory") { writer in
                writer.object { writer in
                    writer.member("bytes") { $0.integer(memory.used) }
                    if let limit = memory.limit {
                        writer.member("max_bytes") { $0.integer(limit) }
                    } else {
                        writer.nullMembers("max_bytes")
                    }
                }
            }
            writer.member("available") { writer in
                writer.array { writer in
                    for model in catalogue where model.description == nil {
                        writer.object { writer in
                            writer.member("model_id", id(of: model))
                            writeOrigin(of: model, to: &writer)
                            if let bytes = model.byteCountToFetch {
                                writer.member("bytes_to_fetch") { $0.integer(bytes) }
                            }
                        }
                    }
                }
            }
        }
    }

    private static func write(
        _ model: ModelListing,
        _ description: ModelDescription,
        to writer: inout JSONWriter
    ) {
        writer.member("model_id", id(of: model))
        writer.member("task_type", "embedding")
        writer.nullMembers("batch_size", "input_height", "input_width", "vram_bytes")
        writer.member("request_aliases") { $0.array { _ in } }
        writer.member("request_paths") { writer in
            writer.array { writer in
                for path in RoboflowRoutes.paths(of: .listing(model), towers: description.towers) {
                    writer.string(path)
                }
            }
        }
        writeOrigin(of: model, to: &writer)
        writer.member("precision", description.precision.rawValue)
        writer.member("bytes") { $0.integer(description.byteCount) }
        writer.member("load_seconds") { $0.number(description.loadTime / .seconds(1)) }
        writer.towers(description.towers)
    }

    private static func id(of model: ModelListing) -> String {
        "\(ModelFamily.listing(model).prefix)/\(model.name)"
    }

    /// How far a model is from answering, and where it comes from.
    private static func writeOrigin(of model: ModelListing, to writer: inout JSONWriter) {
        writer.member("state", model.state.rawValue)
        writer.member("source", model.origin == nil ? "directory" : "repository")
        writer.member("repository", model.origin?.repository)
        writer.member("revision", model.origin?.revision)
        writer.member("licence", model.origin?.licence)
    }
}
