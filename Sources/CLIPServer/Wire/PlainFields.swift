internal import CLIPEngine
internal import CLIPJSON

/// The fields of a body's object, for shapes that report the first mistake in a sentence.
///
/// A field that is null counts as absent.
package struct PlainFields {
    private let object: JSONObject
    /// Whether nobody waits for the fields any more.
    var isUnwanted: @Sendable () -> Bool = { false }

    /// Reads a body.
    ///
    /// - Throws: 400 if it is no JSON object.
    init(of bytes: [UInt8]) throws(APIError) {
        let value: JSONValue
        do {
            value = try JSONDocument.read(bytes)
        } catch {
            guard case .syntax(let reason, let position) = error else { throw .unreadableBody(error) }
            throw .invalidField(
                FieldFault(nil, "The body is no JSON: \(reason), at character \(position).")
            )
        }
        guard case .object(let object) = value else {
            throw .invalidField(FieldFault(nil, "The body has to be a JSON object."))
        }
        self.object = object
    }

    subscript(_ name: String) -> JSONValue? {
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    /// A field that is a string, without checking it.
    func string(_ name: String) -> JSONText? {
        if case .string(let text) = self[name] { text } else { nil }
    }

    func text(_ name: String) throws(APIError) -> JSONText? {
        switch self[name] {
        case nil: return nil
        case .string(let text): return text
        default: throw Self.fault(name, "has to be a string")
        }
    }

    func boolean(_ name: String) throws(APIError) -> Bool? {
        switch self[name] {
        case nil: return nil
        case .boolean(let value): return value
        default: throw Self.fault(name, "has to be true or false")
        }
    }

    func wholeNumber(_ name: String) throws(APIError) -> Int? {
        guard let value = self[name] else { return nil }
        guard let number = value.wholeNumber else { throw Self.fault(name, "has to be a whole number") }
        return number
    }

    /// How many numbers of each embedding are wanted; nil for all, which Infinity's client asks for by zero.
    func dimensions() throws(APIError) -> Int? {
        guard let number = try wholeNumber("dimensions"), number != 0 else { return nil }
        guard number > 0 else { throw Self.fault("dimensions", "has to be above zero, or zero for all") }
        return number
    }

    /// A string, or a list of them; nil where it is absent.
    package func texts(_ name: String) throws(APIError) -> [String]? {
        switch self[name] {
        case nil: return nil
        case .string(let text): return [text.string]
        case .array(let elements):
            var texts: [String] = []
            texts.reserveCapacity(elements.count)
            for element in elements {
                try goOn()
                guard case .string(let text) = element else {
                    throw Self.fault(name, "has to be a string or a list of strings")
                }
                texts.append(text.string)
            }
            return texts
        default: throw Self.fault(name, "has to be a string or a list of strings")
        }
    }

    /// To be called for each element of a list, which may have a quarter of a million.
    ///
    /// - Throws: `cancelled` where nobody waits for it any more.
    func goOn() throws(APIError) {
        if isUnwanted() { throw .embedding(.cancelled, place: nil) }
    }

    /// - Parameter wrong: what follows the field's name, such as `has to be a string`.
    package static func fault(_ name: String, _ wrong: String) -> APIError {
        .invalidField(FieldFault(name, "'\(name)' \(wrong)."))
    }
}
