internal import CLIPFiles
package import CLIPHub
internal import Foundation

/// A model as `--model` and `CLIP_MODEL` name it, and its place.
///
/// | written | means |
/// |---|---|
/// | `NAME=PLACE` | the model that PLACE means, under another name |
/// | an existing path, or one that begins with `/`, `./`, `../`, `~/` or ends with `.safetensors` | that path |
/// | `ViT-B-32` | a known model of the hub |
/// | `ViT-B-32@refs/pr/1` | the repository of a known model, at another revision than ours |
/// | `OWNER/REPOSITORY`, `OWNER/REPOSITORY@REVISION` | a repository of the hub |
///
/// A path that exists wins over the hub: `ViT-B-32` is the directory of that name in the working directory, if there is
/// one.
package struct ModelChoice: Equatable {
    /// Where a model's files are.
    package enum Place: Equatable {
        case directory(String)
        case hub(HubRequest)
    }

    /// The name that requests use.
    package let name: String
    package let place: Place

    /// The path that was given; nil for a model of the hub.
    var directory: String? { if case .directory(let path) = place { path } else { nil } }

    /// Reads a model's name and place.
    ///
    /// - Parameter exists: whether a path exists.
    package init(
        _ text: String,
        exists: (String) -> Bool = { FileManager.default.fileExists(atPath: $0) }
    ) throws(CommandFailure) {
        guard FileName.isText(text) else {
            throw CommandFailure(
                "The model '\(text.printable)' is not UTF-8; rename its directory, or name a link to it.",
                status: .unusableInput
            )
        }
        var place = text
        var given: String?
        // A path or an address may contain the equals sign, too.
        if !exists(text), !HubRequest.isAddress(text), let separator = text.firstIndex(of: "="),
            separator > text.startIndex
        {
            given = String(text[..<separator])
            place = String(text[text.index(after: separator)...])
        }
        if !HubRequest.isAddress(place), Self.isPath(place) || exists(place) {
            name = given ?? Self.name(ofDirectory: place)
            self.place = .directory(place)
            return
        }
        do throws(HubError) {
            if let known = KnownModel.named(place) {
                name = given ?? known.name
                self.place = .hub(try known.request)
            } else if let mark = place.lastIndex(of: "@"),
                let known = KnownModel.named(String(place[..<mark]))
            {
                name = given ?? known.name
                let revision = String(place[place.index(after: mark)...])
                self.place = .hub(try HubRequest(repository: known.repository, revision: revision))
            } else if place.contains("/") {
                let request = try HubRequest(place)
                name = given ?? request.repository.name
                self.place = .hub(request)
            } else {
                throw .unknownName(place.printable, similar: KnownModel.names(similarTo: place))
            }
        } catch {
            throw CommandFailure("\(error)", status: error.exitStatus)
        }
    }

    /// Whether a place can only be a path.
    private static func isPath(_ place: String) -> Bool {
        place.isEmpty || place == "." || place == ".." || place == "~"
            || ["/", "./", "../", "~/"].contains { place.hasPrefix($0) }
            || place.hasSuffix("/") || place.hasSuffix(".safetensors")
    }

    /// The last part of a path.
    ///
    /// For a file it is the name without its suffix, or, if the file has the usual name of all checkpoints, the
    /// folder's name.
    private static func name(ofDirectory path: String) -> String {
        let url = URL(fileURLWithPath: path).standardizedFileURL
        guard url.pathExtension == "safetensors" else { return url.lastPathComponent }
        let name = url.deletingPathExtension().lastPathComponent
        return ["model", "open_clip_model", "open_clip_pytorch_model", "model.fp16"].contains(name)
            ? url.deletingLastPathComponent().lastPathComponent : name
    }
}
