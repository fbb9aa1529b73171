internal import CSimd

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Musl)
internal import Musl
#else
internal import Glibc
#endif

/// Rotary positions of the patches of a square image.
///
/// Pairs of neighbouring numbers in a head are rotated by angles that grow with the patch's column, in the first half
/// of the head, and with its row, in the second half. Only queries and keys are rotated, before attention, so that
/// their products depend on the distance between patches. The reference is `RotaryEmbeddingCat` of timm 1.0.31
/// (`layers/pos_embed_sincos.py`) with `grid_indexing="xy"`.
public struct RotaryPositions: Sendable {
    private let headWidth: Int
    /// The cosine of each pair, twice, (positions, headWidth).
    private let cosines: Tensor
    /// The sine of each pair, negated and then as it is, (positions, headWidth).
    private let sines: Tensor

    /// - Parameters:
    ///   - grid: the number of patches in a row, and of rows.
    ///   - leading: the number of tokens before the patches, which are not rotated.
    ///   - offset: the number that is added to column and row, which count from 0.
    ///   - temperature: about how many times slower the slowest pair turns than the fastest.
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

    /// Rotates floats or bf16, (rows, any number of heads x headWidth), in place.
    ///
    /// - Parameter first: the number of the first row in the pass; sequences follow each other, each with all
    ///   positions.
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
