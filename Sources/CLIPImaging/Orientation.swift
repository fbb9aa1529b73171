/// How stored pixels have to be turned to stand upright: the EXIF orientation tag, with its numbers.
package enum Orientation: Int, CaseIterable, Sendable {
    case upright = 1
    case mirrored = 2
    case upsideDown = 3
    case flipped = 4
    case transposed = 5
    case turnedLeft = 6
    case transversed = 7
    case turnedRight = 8

    /// Reads the tag; a number that the standard does not define means upright, as to every other reader.
    init(tag: Int) {
        self = Orientation(rawValue: tag) ?? .upright
    }

    /// Whether the stored rows become columns of the upright picture.
    package var swapsSides: Bool { rawValue >= 5 }

    /// Whether the upright columns run backwards: stored columns, or stored rows if sides are swapped.
    package var reversesColumns: Bool {
        switch self {
        case .mirrored, .upsideDown, .turnedLeft, .transversed: true
        case .upright, .flipped, .transposed, .turnedRight: false
        }
    }

    /// Whether the upright rows run backwards: stored rows, or stored columns if sides are swapped.
    package var reversesRows: Bool {
        switch self {
        case .upsideDown, .flipped, .transversed, .turnedRight: true
        case .upright, .mirrored, .transposed, .turnedLeft: false
        }
    }
}
