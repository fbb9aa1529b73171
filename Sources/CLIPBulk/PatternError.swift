/// Why a pattern of names is not taken.
package enum PatternError: Error, Equatable, Sendable {
    /// It stands for more names than anybody has shards, or for longer ones.
    case tooMany(pattern: String, limit: Int)
    /// Braces within braces, more than anybody writes.
    case tooDeep(pattern: String, limit: Int)
}
