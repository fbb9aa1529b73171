/// Why a JSON text was refused.
public enum JSONError: Error, Equatable, Sendable {
    /// Not JSON; `reason` and `position` are those of Python's `JSONDecodeError`, the position in code points.
    case syntax(reason: String, position: Int)
    /// Not UTF-8.
    case notUTF8
    /// Arrays and objects are nested more deeply than the limit.
    case tooDeep(limit: Int)
    /// The text has more values than the limit.
    case tooManyValues(limit: Int)
    /// An integer has more digits than the limit.
    case numberTooLong(limit: Int)
}
