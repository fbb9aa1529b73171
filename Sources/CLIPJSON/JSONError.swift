/// Why a JSON text was refused.
public enum JSONError: Error, Equatable, Sendable {
    /// Not JSON; `reason` and `position` are those of Python's `JSONDecodeError`, the position in code points.
    case syntax(reason: String, position: Int)
    /// Not UTF-8.
    case notUTF8
    /// Arrays and objects nested deeper than the limit.
    case tooDeep(limit: Int)
    /// More values than the limit.
    case tooManyValues(limit: Int)
    /// An integer of more digits than the limit.
    case numberTooLong(limit: Int)
}
