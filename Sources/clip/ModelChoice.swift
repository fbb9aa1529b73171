internal import CLIPFiles
package import CLIPHub
internal import Foundation

/// A model as `--model` and `CLIP_MODEL` name it, and where it is.
///
/// | written | means |
/// |---|---|
/// | `NAME=PLACE` | what follows, by another name |
/// | what is there on this machine, begins with `/`, `./`, `../` or `~/`, or ends with `.safetensors` | that directory or file |
/// | `ViT-B-32` | a known model of the hub |
/// | `ViT-B-32@refs/pr/1` | the repository of a known model, at another revision than ours |
/// | `OWNER/REPOSITORY`, `OWNER/REPOSITORY@REVISION` | a repository of the hub |
///
/// What is there wins over what the hub has: `ViT-B-32` is a directory of that name in the working directory, if there is one.
package struct ModelChoice: Equatable {
    /// Where a model's files are.
    package enum Place: Equatable {
        case directory(String)
        case hub(HubRequest)
    }

    /// What requests call it.
    package let name: String
    package let place: Place

    /// The path that was named; nil for a model of the hub.
    var directory: String? { if case .directory(let path) = place { path } else { nil } }

    /// Reads a model's name and place.
    ///
    /// - Parameter exists: whether there is such a path.
    package init(
        _ text: String,
        exists: (String) -> Bool = { FileManager.default.fileExists(atPath: $0) }
    ) throws(CommandFailure) {
        guard FileName.isText(text) else {
            throw CommandFailure(
                "The model '\(text.printable)' is not UTF-8; rename its directory, or name a link to it."
            )
        }
        var place = text
        var given: String?
        // A path may hold the sign, too, and so may an address.
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

    /// Whether a place can be nothing but a path.
    private static func isPath(_ place: String) -> Bool {
        place.isEmpty || place == "." || place == ".." || place == "~"
            || ["/", "./", "../", "~/"].contains { place.hasPrefix($0) }
            || place.hasSuffix("/") || place.hasSuffix(".safetensors")
    }

    /// The last part of a path; of a file, without its ending or, where all are called so, the folder that it is in.
    private static func name(ofDirectory path: String) -> String {
        let url = URL(fileURLWithPath: path).standardizedFileURL
        guard url.pathExtension == "safetensors" else { return url.lastPathComponent }
        let name = url.deletingPathExtension().lastPathComponent
        return ["model", "open_clip_model", "open_clip_pytorch_model", "model.fp16"].contains(name)
            ? url.deletingLastPathComponent().lastPathComponent : name
    }
}
