/// How stored pixels have to be turned to stand upright: the EXIF orientation tag, by its numbers.
package enum Orientation: Int, CaseIterable, Sendable {
    case upright = 1
    case mirrored = 2
    case upsideDown = 3
    case flipped = 4
    case transposed = 5
    case turnedLeft = 6
    case transversed = 7
    case turnedRight = 8

    /// An orientation that the standard does not know means upright, as every reader takes it.
    init(tag: Int) {
        self = Orientation(rawValue: tag) ?? .upright
    }

    /// Whether stored rows are upright columns.
    package var swapsSides: Bool { rawValue >= 5 }

    /// Whether upright columns (stored columns, or stored rows when sides are swapped) run backwards.
    package var reversesColumns: Bool {
        switch self {
        case .mirrored, .upsideDown, .turnedLeft, .transversed: true
        case .upright, .flipped, .transposed, .turnedRight: false
        }
    }

    /// Whether upright rows (stored rows, or stored columns when sides are swapped) run backwards.
    package var reversesRows: Bool {
        switch self {
        case .upsideDown, .flipped, .transversed, .turnedRight: true
        case .upright, .mirrored, .transposed, .turnedLeft: false
        }
    }
}
