/// The part of a resized picture that is kept, and its place in the square that the network sees.
///
/// The rest of the square has the recipe's fill colour.
package struct PictureFrame: Equatable, Sendable {
    /// The size of the whole resized picture.
    package let resized: PixelSize
    /// The kept columns of the resized picture.
    package let columns: Range<Int>
    /// The kept rows of the resized picture.
    package let rows: Range<Int>
    /// The column of the square at which the kept columns begin.
    package let left: Int
    /// The row of the square at which the kept rows begin.
    package let top: Int
    /// The side of the square.
    package let side: Int

    /// Puts the middle of a resized picture into the middle of a square.
    package init(of resized: PixelSize, side: Int, library: PreparingLibrary = .openCLIP) {
        self.resized = resized
        self.side = side
        (columns, left) = Self.middle(of: resized.width, in: side, library)
        (rows, top) = Self.middle(of: resized.height, in: side, library)
    }

    /// The kept range along one side and its place in the square, with each library's rounding.
    ///
    /// For an odd margin, open_clip crops `int(round(margin / 2.0))`, where a half goes to the even neighbour
    /// (torchvision's functional.py, 0.29.2), and transformers `int(margin / 2.0)`. Both pad `margin // 2` in front.
    private static func middle(
        of dimension: Int,
        in side: Int,
        _ library: PreparingLibrary
    ) -> (kept: Range<Int>, offset: Int) {
        guard dimension >= side else { return (0..<dimension, (side - dimension) / 2) }
        let margin = dimension - side
        let half = margin / 2
        let roundsUp = library == .openCLIP && margin % 2 == 1 && half % 2 == 1
        let start = roundsUp ? half + 1 : half
        return (start..<start + side, 0)
    }
}
