/// Bounds on a JSON text beside its length in bytes.
public struct JSONLimits: Equatable, Sendable {
    /// Deepest nesting of arrays and objects.
    ///
    /// No request needs more than 4; Python stops near 1,000.
    public var depth = 128
    /// Most values.
    ///
    /// A value takes up to 20 times the memory of its shortest spelling, so bytes alone do not bound it.
    public var values = 250_000
    /// Most characters of a number.
    ///
    /// Python's own limit for integers.
    public var digits = 4300

    /// The bounds of a request.
    public init() {}
}
