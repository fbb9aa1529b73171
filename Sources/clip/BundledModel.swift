internal import CLIPEngine
internal import Foundation

/// The small model that comes with the program, so that a first run needs no download.
///
/// It answers only if no other model is named, because its embeddings are no use to a client that expects OpenAI's.
enum BundledModel {
    /// Its name in requests, in `x-model-id`, in `/info` and in the log.
    static let name = "clip-mini"

    /// The model; nil if it was not installed with the program.
    ///
    /// A checkout has it as `Models/clip-mini`, beside the build folder, whose name is or begins with `.build`. An
    /// installation has the program in `bin` and the model below `share/swift-clip`. No other folder is searched, so no
    /// folder that happens to lie above the program can take the model's place.
    static func source() -> ModelSource? {
        guard let program = Bundle.main.executableURL?.resolvingSymlinksInPath() else { return nil }
        let folder = program.deletingLastPathComponent()
        var candidates = [folder.deletingLastPathComponent().appendingPathComponent("share/swift-clip")]
        let parts = folder.pathComponents
        if let build = parts.lastIndex(where: { $0.hasPrefix(".build") }) {
            let checkout = parts[..<build].dropFirst().reduce(URL(fileURLWithPath: "/")) {
                $0.appendingPathComponent($1)
            }
            candidates.append(checkout)
        }
        for candidate in candidates {
            let directory = candidate.appendingPathComponent("Models/\(name)").path
            if FileManager.default.fileExists(atPath: "\(directory)/open_clip_config.json") {
                return ModelSource(name: name, directory: directory)
            }
        }
        return nil
    }

    /// The model that answers if clip-mini was not installed and models may be loaded on demand: the default of
    /// Roboflow's server.
    static let standIn = "ViT-B-16"

    /// A warning for an operator whose program came without clip-mini.
    static func absence(_ model: String) -> String {
        "no model is named, and clip-mini is not beside the program: \(model) is fetched when a request names no model"
    }

    /// A warning for an operator who uses clip-mini in production, in one line.
    static let advice = """
        clip-mini is a small model for first steps and answers because no model is named; \
        for a full one: clip serve --model siglip2-base-patch16-256, or another of clip pull --list
        """
}
