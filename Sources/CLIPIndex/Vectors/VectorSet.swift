/// Rows that a search goes through, as they are at one moment.
///
/// Rows are only ever added, so a copy of it stays what it was while another has more.
package struct VectorSet: Sendable {
    package let code: VectorCode
    package private(set) var blocks: [VectorBlock] = []
    package private(set) var terms: [VectorCode.Terms] = []
    /// Which time of putting the index's vectors together they are of.
    package let generation: Int
    /// The contents of the rows, ascending; empty as long as each is the row's number and one.
    private var ids: [UInt32] = []

    package init(code: VectorCode, generation: Int = 0) {
        (self.code, self.generation) = (code, generation)
    }

    package var count: Int { terms.count }

    /// The content whose vector a row is.
    package func content(ofRow row: Int) -> Int { ids.isEmpty ? row + 1 : Int(ids[row]) }

    /// Where the vector of a content is; nil where it is not among these.
    package func row(ofContent content: Int) -> Int? {
        if ids.isEmpty { return content >= 1 && content <= count ? content - 1 : nil }
        var (low, high) = (0, ids.count)
        while low < high {
            let middle = (low + high) / 2
            if Int(ids[middle]) < content { low = middle + 1 } else { high = middle }
        }
        return low < ids.count && Int(ids[low]) == content ? low : nil
    }

    /// The last content; 0 where there is none.
    var lastID: Int { count > 0 ? content(ofRow: count - 1) : 0 }

    /// Adds rows.
    ///
    /// - Parameters:
    ///   - high: their high bytes, one row after the other.
    ///   - terms: one for each.
    ///   - contents: the number of each, greater than those before it; nil where they go on from row to row.
    package mutating func append(
        high: UnsafeRawBufferPointer,
        terms new: some Collection<VectorCode.Terms>,
        ids contents: ArraySlice<Int>? = nil
    ) throws(IndexError) {
        precondition(high.count == new.count * code.rowBytes, "Every row has its terms.")
        precondition(contents == nil || contents?.count == new.count, "Every row has its content.")
        guard !new.isEmpty else { return }
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
        if let contents, !ids.isEmpty || contents.first != count + 1 || contents.last != count + new.count {
            if ids.isEmpty { ids = (0..<count).map { UInt32($0 + 1) } }
            ids += contents.map { UInt32($0) }
        } else if !ids.isEmpty {
            ids += (0..<new.count).map { UInt32(lastID + 1 + $0) }
        }
        terms += new
    }

    /// The high bytes of a row.
    func high(ofRow row: Int) -> UnsafePointer<UInt8> {
        blocks[row / VectorBlock.capacity].rows(from: row % VectorBlock.capacity)
    }
}
