/// Rows that a search goes through, as they are at one moment.
///
/// Rows are only ever added, so a copy of it stays what it was while another has more.
package struct VectorSet: Sendable {
    package let code: VectorCode
    package private(set) var blocks: [VectorBlock] = []
    package private(set) var terms: [VectorCode.Terms] = []
    /// How many rows are none's.
    package private(set) var deadCount = 0

    package init(code: VectorCode) {
        self.code = code
    }

    package var count: Int { terms.count }
    /// Rows that a search can find.
    package var liveCount: Int { count - deadCount }

    /// Adds rows.
    ///
    /// - Parameters:
    ///   - high: their high bytes, one row after the other.
    ///   - terms: one for each.
    package mutating func append(
        high: UnsafeRawBufferPointer,
        terms new: some Collection<VectorCode.Terms>
    ) throws(IndexError) {
        precondition(high.count == new.count * code.rowBytes, "Every row has its terms.")
        var taken = 0
        while taken < new.count {
            let place = (terms.count + taken) % VectorBlock.capacity
            if place == 0 { blocks.append(try VectorBlock(rowBytes: code.rowBytes)) }
            let count = min(new.count - taken, VectorBlock.capacity - place)
            let piece = taken * code.rowBytes..<(taken + count) * code.rowBytes
            blocks[(terms.count + taken) / VectorBlock.capacity]
                .store(UnsafeRawBufferPointer(rebasing: high[piece]), at: place)
            taken += count
        }
        terms += new
    }

    /// Has a row found no more.
    package mutating func remove(_ row: Int) {
        guard terms[row] != .dead else { return }
        terms[row] = .dead
        deadCount += 1
    }
}

extension VectorCode.Terms {
    /// Those of a row that is none's: no score reaches above its bound.
    package static let dead = VectorCode.Terms(scale: 0, error: -.infinity)
}
