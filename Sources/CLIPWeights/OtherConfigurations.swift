internal import CLIPJSON

/// Reads the list of modules in a folder made by sentence-transformers.
enum SentenceTransformers {
    private static let file = "modules.json"

    /// The folder of a CLIP that sentence-transformers saved, relative to the directory.
    ///
    /// It is empty for the directory itself, and nil if nothing there is from sentence-transformers. Refuses a first
    /// module that is not a CLIP, because later modules change its result.
    static func modelFolder(in listing: Listing) throws(WeightError) -> String? {
        guard listing.contains(file) else { return nil }
        let limit = ModelDirectory.maximumConfigurationByteCount
        let json = try OpenFile.contents(of: listing.path(of: file), limit: limit)
        guard let first = (try? JSONDocument.read(json))?.elements?.first?.object else {
            throw .otherModules(path: listing.path(of: file), found: "no list of modules")
        }
        let type = first["type"]?.text ?? ""
        guard type.hasPrefix("sentence_transformers."), type.split(separator: ".").last == "CLIPModel" else {
            throw .otherModules(path: listing.path(of: file), found: type)
        }
        let folder = first["path"]?.text ?? ""
        guard !folder.hasPrefix("."), folder.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "/") }) else {
            throw .otherModules(path: listing.path(of: file), found: folder)
        }
        return folder
    }
}

/// Recognizes the `config.json` that timm writes beside an image tower, also in repositories of OpenCLIP's models.
enum TimmConfiguration {
    /// Whether the file exists and is timm's.
    static func isPresent(at path: String) -> Bool {
        guard
            let json = try? OpenFile.contents(
                of: path,
                limit: ModelDirectory.maximumConfigurationByteCount
            ),
            let members = (try? JSONDocument.read(json))?.object
        else { return false }
        return members["architecture"]?.text != nil && members["model_type"]?.text == nil
    }
}
