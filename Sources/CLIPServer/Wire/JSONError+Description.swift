internal import CLIPJSON

extension JSONError: CustomStringConvertible {
    /// A sentence for the log and for tests; senders get `APIError`'s sentences.
    package var description: String {
        switch self {
        case .syntax(let reason, let position): "The body is not JSON: \(reason), at character \(position)."
        case .notUTF8: "The body is not UTF-8."
        case .tooDeep(let limit): "The body is nested deeper than \(limit) levels."
        case .tooManyValues(let limit): "The body has more than \(limit) values."
        case .numberTooLong(let limit): "A number of the body has more than \(limit) digits."
        }
    }
}
