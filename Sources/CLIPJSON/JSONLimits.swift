/// Limits on a JSON text, in addition to its length in bytes.
public struct JSONLimits: Equatable, Sendable {
    /// The deepest nesting of arrays and objects.
    ///
    /// No request needs more than 4; Python stops near 1,000.
    public var depth = 128
    /// The most values in one text.
    ///
    /// A value takes up to 20 times the memory of its shortest spelling, so a limit on bytes alone is not enough.
    public var values = 250_000
    /// The most characters of a number, which is Python's own limit for integers.
    public var digits = 4300

    /// The limits for a request.
    public init() {}
}
