internal import CSimd

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Musl)
internal import Musl
#else
internal import Glibc
#endif

/// Rotary positions of the patches of a square image: pairs of neighbours in a head are turned by angles that grow with the
/// patch's column, in the first half of the head, and with its row, in the second.
///
/// Only queries and keys are turned, before attention, so that their products depend on how far patches are apart. The
/// reference is `RotaryEmbeddingCat` of timm 1.0.31 (`layers/pos_embed_sincos.py`) with `grid_indexing="xy"`.
public struct RotaryPositions: Sendable {
    private let headWidth: Int
    /// (positions, headWidth), each pair's cosine twice.
    private let cosines: Tensor
    /// (positions, headWidth), each pair's sine, negated and as it is.
    private let sines: Tensor

    /// - Parameters:
    ///   - grid: patches in a row, and rows.
    ///   - leading: tokens before the patches, which are not turned.
    ///   - offset: what is added to column and row, which count from 0.
    ///   - temperature: the slowest pair turns by about a `temperature`th of the quickest.
    public init(
        grid: Int,
        leading: Int,
        headWidth: Int,
        offset: Float,
        temperature: Float
    ) throws(KernelError) {
        precondition(headWidth % 4 == 0, "A head has pairs for columns and as many for rows.")
        let bands = headWidth / 4
        let positions = leading + grid * grid
        self.headWidth = headWidth
        cosines = try Tensor(rows: positions, width: headWidth)
        sines = try Tensor(rows: positions, width: headWidth)
        for position in 0..<positions {
            let (cosine, sine) = (cosines.matrix.row(position), sines.matrix.row(position))
            let (row, column) = max(position - leading, 0).quotientAndRemainder(dividingBy: grid)
            for pair in 0..<2 * bands {
                let place = Float(pair < bands ? column : row) + offset
                let frequency = 1 / powf(temperature, Float(pair % bands) / Float(bands))
                let angle = position < leading ? 0 : place * frequency
                (cosine[2 * pair], cosine[2 * pair + 1]) = (cosf(angle), cosf(angle))
                (sine[2 * pair], sine[2 * pair + 1]) = (-sinf(angle), sinf(angle))
            }
        }
    }

    /// Turns (rows, any number of heads x headWidth) floats or bf16 in place.
    ///
    /// - Parameter first: which row of the pass is the first; sequences follow each other, each with all positions.
    public func rotate(_ rows: Matrix, first: Int) {
        precondition(
            rows.format != .int8 && rows.width % headWidth == 0,
            "Whole heads of floats are rotated."
        )
        csimd_rotate(
            Int64(rows.rows),
            Int64(rows.width),
            Int64(headWidth),
            rows.simd,
            cosines.matrix.base,
            sines.matrix.base,
            Int64(cosines.rows),
            Int64(first)
        )
    }
}
