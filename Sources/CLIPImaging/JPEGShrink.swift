/// How much smaller than it is a JPEG is decoded: by leaving out the high frequencies of its blocks, which
/// costs less than computing and averaging them.
package enum JPEGShrink: Int32, CaseIterable, Sendable {
    case none = 1
    case half = 2
    case quarter = 4
    case eighth = 8

    /// The most that leaves the short side at least twice as long as what it will be resized to.
    ///
    /// The filter then has four pixels and more to weigh for each one, and decides how the result looks.
    package init(of size: PixelSize, toShortSide target: Int) {
        let short = min(size.width, size.height)
        self =
            Self.allCases.last { shrink in
                let divisor = Int(shrink.rawValue)
                return (short + divisor - 1) / divisor >= 2 * target
            } ?? .none
    }
}
