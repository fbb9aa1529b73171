internal import CLIPEngine
internal import Foundation

/// The small model that comes with the program, so that a first run needs no download.
///
/// It answers only where no other model is named: its embeddings mean nothing to those who expect OpenAI's.
enum BundledModel {
    /// What requests call it, and `x-model-id`, `/info` and the log.
    static let name = "clip-mini"

    /// The model, unless it was not installed with the program.
    ///
    /// A checkout has it as `Models/clip-mini` beside the folder that the build made, `.build` or another name that begins
    /// so; an installation has the program in `bin` and the model below `share/swift-clip`. Nothing else is searched, so that
    /// no folder that happens to lie above the program can take the model's place.
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

    /// What answers in its place where it was not installed and models may come on demand: the default of Roboflow's server.
    static let standIn = "ViT-B-16"

    /// What somebody has to know whose program came without it.
    static func absence(_ model: String) -> String {
        "no model is named, and clip-mini is not beside the program: \(model) is fetched when a request names no model"
    }

    /// What somebody who runs it for real has to know, in one line.
    static let advice = """
        clip-mini is a small model for first steps and answers because no model is named; \
        for a full one: clip serve --model siglip2-base-patch16-256, or another of clip pull --list
        """
}
