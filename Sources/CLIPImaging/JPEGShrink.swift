/// How much smaller than it is a JPEG is decoded: by leaving out the high frequencies of its blocks, which
/// costs less than computing and averaging them.
package enum JPEGShrink: Int32, CaseIterable, Sendable {
    case none = 1
    case half = 2
    case quarter = 4
    case eighth = 8

    /// The most that leaves both sides at least twice as long as what they will be resized to, by the one that is reduced
    /// less.
    ///
    /// The filter then has four pixels and more to weigh for each one, and decides how the result looks.
    package init(of size: PixelSize, to resized: PixelSize) {
        let isWidth = size.width * resized.height <= size.height * resized.width
        let (source, target) = isWidth ? (size.width, resized.width) : (size.height, resized.height)
        self =
            Self.allCases.last { shrink in
                let divisor = Int(shrink.rawValue)
                return (source + divisor - 1) / divisor >= 2 * target
            } ?? .none
    }
}
