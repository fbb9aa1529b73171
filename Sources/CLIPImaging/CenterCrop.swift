/// The square that the recipe keeps from the middle of the resized picture.
package struct CenterCrop: Equatable, Sendable {
    /// The kept columns of the resized picture.
    package let columns: Range<Int>
    /// The kept rows of the resized picture.
    package let rows: Range<Int>

    /// The middle of a picture that is at least `side` wide and high.
    package init(of size: PixelSize, side: Int) {
        precondition(min(size.width, size.height) >= side, "A crop fits into the picture.")
        columns = Self.middle(of: size.width, length: side)
        rows = Self.middle(of: size.height, length: side)
    }

    /// torchvision's `int(round((dim - crop) / 2.0))`: a half goes to the even neighbour (functional.py,
    /// 0.29.2).
    private static func middle(of dimension: Int, length: Int) -> Range<Int> {
        let margin = dimension - length
        let half = margin / 2
        let start = margin % 2 == 1 && half % 2 == 1 ? half + 1 : half
        return start..<start + length
    }
}
