/// The fraction of its size at which a JPEG is decoded.
///
/// The decoder leaves out the high frequencies of its blocks, which costs less than computing and averaging them.
package enum JPEGShrink: Int32, CaseIterable, Sendable {
    case none = 1
    case half = 2
    case quarter = 4
    case eighth = 8

    /// The smallest size at which the side that is reduced less is still at least twice as long as after resizing.
    ///
    /// The filter then weighs four pixels or more for each resized one, so it still decides how the result looks.
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
