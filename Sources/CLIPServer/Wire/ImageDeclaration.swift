package import CLIPEngine
package import CLIPJSON

/// An image as a request declares it: `{"type": ..., "value": ...}`.
///
/// The type, and whether the value suits it, are checked only when the image is about to be used, as on Roboflow's
/// server.
package struct ImageDeclaration: Sendable {
    /// The declared type; nil if it was not a string.
    package let type: JSONText?
    package let value: JSONValue

    static let className = "InferenceRequestImage"

    /// One image: `InferenceRequestImage`.
    static func read(
        _ value: JSONValue,
        at location: [FieldProblem.Step],
        _ problems: inout FieldProblems
    ) -> ImageDeclaration? {
        guard case .object(let object) = value else {
            problems.add(.notAModel(className: className), at: location)
            return nil
        }
        switch object["type"] {
        case .string(let type): return ImageDeclaration(type: type, value: object["value"] ?? .null)
        case nil: problems.add(.missing, at: location + ["type"])
        default: problems.add(.notAString, at: location + ["type"])
        }
        return nil
    }

    /// Images: `list[InferenceRequestImage]`, whose location is the field's.
    static func list(
        _ value: JSONValue,
        at field: [FieldProblem.Step],
        _ problems: inout FieldProblems
    ) -> [ImageDeclaration]? {
        let location = field + ["list[InferenceRequestImage]"]
        guard case .array(let elements) = value else {
            problems.add(.notAList, at: location)
            return nil
        }
        let images = elements.enumerated().compactMap { index, element in
            read(element, at: location + [.index(index)], &problems)
        }
        return images.count == elements.count ? images : nil
    }

    /// The image for the engine.
    ///
    /// - Throws: a 400 for a type that is unknown or not served, and for a value that is missing or not a string.
    package func source() throws(APIError) -> ImageSource {
        // The longest known type has 12 letters, so a longer one is unknown without being lowercased.
        let name = type.map { $0.utf8.count <= 16 ? $0.string.lowercased() : "" } ?? ""
        switch name {
        case "base64": return .base64(try text(for: name).utf8)
        case "url": return .url(try text(for: name).string)
        case "numpy", "numpy_object": throw .imageRefused(.numpyNotSupported)
        case "file": throw .imageRefused(.filesNotSupported)
        case "pil", "multipart": throw .imageRefused(.notSentOverHTTP(type: name))
        default: throw .imageRefused(.unknownType)
        }
    }

    private func text(for type: String) throws(APIError) -> JSONText {
        switch value {
        case .string(let text): return text
        case .null: throw .imageRefused(.noValue(type: type))
        default: throw .imageRefused(.valueNotAString(type: type))
        }
    }
}
