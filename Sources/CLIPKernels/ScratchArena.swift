/// The working memory of forward passes: handed out in order, taken back in reverse, never freed in between.
///
/// The first pass of a size finds out how much is needed and may take several pieces of memory from the system; the
/// next `reset()` puts them together into one, and from then on a pass of that size allocates nothing. It grows with
/// the largest pass and does not shrink: whoever runs passes bounds their size (`CLIPModel` does, by working in
/// chunks).
public final class ScratchArena {
    /// A place in the arena to go back to.
    struct Mark {
        fileprivate let block: Int
        fileprivate let offset: Int
    }

    private var blocks: [AlignedMemory] = []
    private var block = 0
    private var offset = 0

    init() {}

    /// How many bytes the arena holds, used or not.
    public var byteCount: Int { blocks.reduce(0) { $0 + $1.byteCount } }

    /// Takes everything back, before a new pass.
    public func reset() throws(KernelError) {
        block = 0
        offset = 0
        guard blocks.count > 1 else { return }
        let total = byteCount
        blocks = []  // first, so that old and new memory never exist together
        blocks = [try AlignedMemory(byteCount: total)]
    }

    /// Memory for a dense matrix of undefined content, until the surrounding scope ends.
    public func matrix(rows: Int, width: Int, format: NumberFormat = .f32) throws(KernelError) -> Matrix {
        let size = AlignedMemory.byteCount(rows: rows, width: width, of: format.byteCount)
        let scales = format == .int8 ? AlignedMemory.byteCount(rows: rows, width: 1) : 0
        guard max(size, scales) < 1 << 46 else { throw .outOfMemory(byteCount: max(size, scales)) }
        let bytes = try memory(byteCount: AlignedMemory.whole(size) + scales)
        return Matrix(memory: bytes, rows: rows, width: width, format: format)
    }

    /// Takes back, when `body` ends, everything that it asked for.
    public func scope<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result
    {
        let mark = Mark(block: block, offset: offset)
        defer {
            block = mark.block
            offset = mark.offset
        }
        return try body()
    }

    func memory(byteCount: Int) throws(KernelError) -> UnsafeMutableRawPointer {
        guard byteCount < 1 << 46 else { throw .outOfMemory(byteCount: byteCount) }
        let needed = AlignedMemory.whole(byteCount)
        while block < blocks.count {
            if blocks[block].byteCount - offset >= needed {
                defer { offset += needed }
                return blocks[block].bytes + offset
            }
            block += 1
            offset = 0
        }
        let fresh = try AlignedMemory(byteCount: needed)
        blocks.append(fresh)
        offset = needed
        return fresh.bytes
    }
}
