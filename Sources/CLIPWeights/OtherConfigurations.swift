#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The list of modules in a folder of sentence-transformers.
enum SentenceTransformers {
    private struct Module: Decodable {
        let path: String?
        let type: String?
    }

    private static let file = "modules.json"

    /// The folder of a CLIP that sentence-transformers saved, below the directory or empty for the directory itself; nil where
    /// nothing there is of sentence-transformers.
    ///
    /// Refuses a first module that is no CLIP: its later ones change what comes out of it.
    static func modelFolder(in listing: Listing) throws(WeightError) -> String? {
        guard listing.contains(file) else { return nil }
        let limit = ModelDirectory.maximumConfigurationByteCount
        let json = try OpenFile.contents(of: listing.path(of: file), limit: limit)
        guard let first = (try? JSONDecoder().decode([Module].self, from: Data(json)))?.first else {
            throw .otherModules(path: listing.path(of: file), found: "no list of modules")
        }
        let type = first.type ?? ""
        guard type.hasPrefix("sentence_transformers."), type.split(separator: ".").last == "CLIPModel" else {
            throw .otherModules(path: listing.path(of: file), found: type)
        }
        let folder = first.path ?? ""
        guard !folder.hasPrefix("."), folder.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "/") }) else {
            throw .otherModules(path: listing.path(of: file), found: folder)
        }
        return folder
    }
}

/// The `config.json` that timm writes beside a tower for pictures, also in repositories of OpenCLIP's models.
enum TimmConfiguration {
    private struct Members: Decodable {
        let architecture: String?
        let model_type: String?
    }

    /// Whether the file is there, and timm's.
    static func isPresent(at path: String) -> Bool {
        guard
            let json = try? OpenFile.contents(
                of: path,
                limit: ModelDirectory.maximumConfigurationByteCount
            ),
            let members = try? JSONDecoder().decode(Members.self, from: Data(json))
        else { return false }
        return members.architecture != nil && members.model_type == nil
    }
}
